"""Mistakes in “Who asks, who is asked”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_07_self_attention.mistakes.common import scores_of

MISTAKES = (
    WrongAnswer(
        id="queries_twice",
        code=lambda x, w_q, w_k: scores_of(x @ w_q, x @ w_q),
        says="You use w_q for both sides, so queries meet queries.",
        why="With one projection the scores are symmetric: what i asks of j, j must ask of i. A verb "
        "could not look for its subject without the subject looking for a verb as hard.",
    ),
    WrongAnswer(
        id="keys_twice",
        code=lambda x, w_q, w_k: scores_of(x @ w_k, x @ w_k),
        says="You use w_k for both sides, so keys meet keys.",
        why="With one projection the scores are symmetric: what i asks of j, j must ask of i. The side "
        "that asks needs w_q.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda x, w_q, w_k: scores_of(x @ w_k, x @ w_q),
        says="Your scores are transposed: keys run down, queries across.",
        why="Row t belongs to token t as it asks. Both sides are as long here, so no shape gives the "
        "slip away; the softmax along the last axis would run over the queries.",
    ),
    WrongAnswer(
        id="no_projection",
        code=lambda x, w_q, w_k: scores_of(x, x),
        says="Your tokens meet as they are: neither w_q nor w_k is used.",
        why="Each token would then score highest with itself and its likes. The projections let a token "
        "ask for something that it is not.",
    ),
    WrongAnswer(
        id="no_scale",
        code=lambda x, w_q, w_k: scores_of(x @ w_q, x @ w_k, 1.0),
        says="Your scores are not scaled: the division by √d_head is missing.",
        why="A dot product of d_head random terms spreads like √d_head, and the softmax would put nearly "
        "everything on one key.",
    ),
    WrongAnswer(
        id="scale_by_model",
        code=lambda x, w_q, w_k: scores_of(x @ w_q, x @ w_k, math.sqrt(x.shape[-1])),
        says="Your scores are divided by √d_model, the width of the tokens.",
        why="The dot product runs over queries and keys, which are d_head wide: d_head terms are added, "
        "so √d_head is their spread.",
    ),
    WrongAnswer(
        id="divides_by_d",
        code=lambda x, w_q, w_k: scores_of(x @ w_q, x @ w_k, w_q.shape[-1]),
        says="Your scores are divided by d_head, not by √d_head.",
        why="The spread of a dot product grows like √d_head. Dividing by d_head makes every key look alike "
        "when the head is wide.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda x, w_q, w_k: scores_of(x @ w_q, x @ w_k).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="The scores are asked for here. They may be negative, and their rows sum to anything.",
    ),
)
