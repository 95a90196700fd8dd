"""Mistakes in “Self-attention that knows places”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import attend

MISTAKES = (
    WrongAnswer(
        id="after_the_projection",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q + p, x @ w_k + p, x @ w_v + p),
        says="Your positions are added after the projections.",
        why="The projections are where a head learns what to do with a position: w_q turns it into “I look at the place "
        "before mine”. Added later, places meet only as they are, and the widths fit only by chance.",
    ),
    WrongAnswer(
        id="after_in_two",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q + p, x @ w_k + p, x @ w_v),
        says="Your positions are added to queries and keys after the projections.",
        why="The projections are where a head learns what to do with a position. Added later, places meet only as they "
        "are, and the widths fit only by chance.",
    ),
    WrongAnswer(
        id="values_without",
        code=lambda x, p, w_q, w_k, w_v: attend((x + p) @ w_q, (x + p) @ w_k, x @ w_v),
        says="Your values are made from x without its positions.",
        why="The sum is made once and all three projections read it: a value may carry along where it stood, which the "
        "next layer may need.",
    ),
    WrongAnswer(
        id="keys_without",
        code=lambda x, p, w_q, w_k, w_v: attend((x + p) @ w_q, x @ w_k, (x + p) @ w_v),
        says="Your keys are made of x alone; positions are missing there.",
        why="A query that asks for a place finds it by the keys. All three projections read x + p.",
    ),
    WrongAnswer(
        id="queries_without",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q, (x + p) @ w_k, (x + p) @ w_v),
        says="Your queries are made of x alone; positions are missing there.",
        why="A token that does not know its own place cannot ask for the one before it. All three projections read x + p.",
    ),
    WrongAnswer(
        id="queries_only",
        code=lambda x, p, w_q, w_k, w_v: attend((x + p) @ w_q, x @ w_k, x @ w_v),
        says="Only your queries know their positions.",
        why="A query that asks for “the place before mine” needs keys that say where they are.",
    ),
    WrongAnswer(
        id="keys_only",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q, (x + p) @ w_k, x @ w_v),
        says="Only your keys know their positions.",
        why="Then every query could look at place 3, but none at the place before its own.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q, x @ w_k, x @ w_v),
        says="Your positions are not used.",
        why="Without them a shuffled input gives the same outputs, shuffled alike.",
    ),
    WrongAnswer(
        id="positions_alone",
        code=lambda x, p, w_q, w_k, w_v: attend(
            (p + 0 * x) @ w_q, (p + 0 * x) @ w_k, (x + p) @ w_v
        ),
        says="Your queries and keys know only their positions, not their tokens.",
        why="The weights would then be the same for every text.",
    ),
    WrongAnswer(
        id="multiplied",
        code=lambda x, p, w_q, w_k, w_v: attend((x * p) @ w_q, (x * p) @ w_k, (x * p) @ w_v),
        says="Your positions are multiplied with the tokens.",
        why="They are added: a position near 0 would wipe its token out.",
    ),
    WrongAnswer(
        id="after_attention",
        code=lambda x, p, w_q, w_k, w_v: attend(x @ w_q, x @ w_k, x @ w_v) + p @ w_v,
        says="Your positions come after the attention.",
        why="Then the weights know nothing of order: each query still mixes a bag of values.",
    ),
    WrongAnswer(
        id="softmax_over_queries",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT / math.sqrt(w_q.shape[-1])).softmax(-2)
            @ ((x + p) @ w_v)
        ),
        says="Your softmax runs over the queries.",
        why="Each query shares out a total of 1 over the keys: the softmax runs along the last axis.",
    ),
    WrongAnswer(
        id="root_of_input",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT / math.sqrt(x.shape[-1])).softmax(-1)
            @ ((x + p) @ w_v)
        ),
        says="Your scores are divided by the root of the input's width, not of the queries'.",
        why="A score adds up as many products as a query is wide, after its projection.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda x, p, w_q, w_k, w_v: (
            ((x + p) @ w_q @ ((x + p) @ w_k).mT).softmax(-1) @ ((x + p) @ w_v)
        ),
        says="Your scores are not divided by √d.",
        why="Lesson 04 measured what that does to the gradient. d is the width of the queries.",
    ),
)
