"""Lesson 04: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_04_scaled_dot_product.exercises import (
    attend,
    attention_gradient,
    attention_numpy,
    causal_mask,
    decoder_mask,
    is_attention,
    padding_mask,
    scaled_dot_product_attention,
    scaled_scores,
    softmax_jacobian,
)

PREDICTIONS = (
    Prediction(
        id="jacobian",
        question="Scores are dot products of random vectors of width d, not scaled. How does the norm of the softmax's "
        "Jacobian change from d = 2 to d = 512?",
        options=("it grows", "it stays about the same", "it shrinks by more than half"),
        answer="it shrinks by more than half",
        because="The spread of the scores grows like √d, so one weight comes close to 1 and the others to 0, and "
        "diag(w) − w wᵀ is zero there. Divided by √d, the scores keep their spread, and the norm its size.",
    ),
    Prediction(
        id="causal_corner",
        question="Which corner of a causal mask is False?",
        options=("upper right", "lower left", "the diagonal"),
        answer="upper right",
        because="Rows are queries, columns are keys: entry [t, s] with s > t lies to the right of the diagonal.",
    ),
    Prediction(
        id="mask_after",
        question="Three equal scores; the third key is forbidden. If its weight is set to 0 after the softmax, what do "
        "the two others sum to?",
        options=("1", "2/3", "1/3"),
        answer="2/3",
        because="The softmax gave 1/3 to each, the forbidden key included; removing its third leaves 2/3.",
    ),
    Prediction(
        id="leaks",
        question="Five tokens, causal attention, and by mistake query 0 may see key 3. After one layer a single output "
        "has seen a later input. How many pairs (output, later input) leak after two layers?",
        options=("1", "2", "5"),
        answer="5",
        because="Outputs 1 and 2 look at place 0, which carries token 3 by now; and output 0 looks at place 3, which has "
        "seen tokens 1 and 2. A leak spreads to whoever may look at the leaking place.",
    ),
    Prediction(
        id="memory",
        question="Eight heads, 2,048 queries and keys, float32: how much memory do the weights of one sequence take?",
        options=("about 1 MB", "about 17 MB", "about 134 MB"),
        answer="about 134 MB",
        because="8 × 2,048 × 2,048 × 4 bytes = 134 million bytes. The fused call need not write that matrix down.",
    ),
)


QUIZ = (
    Question(
        text="Why are scores divided by √d?",
        options=(
            Option(
                text="So that they sum to 1.",
                why="That is the work of the softmax, whatever the scores.",
            ),
            Option(
                text="So that their spread does not grow with d.",
                why="A sum of d independent products with variance 1 has variance d, so dividing by √d brings it back to 1.",
                right=True,
            ),
            Option(
                text="So that they are positive.",
                why="Scores stay negative or positive as they were: √d is positive and only rescales.",
            ),
        ),
    ),
    Question(
        text="A mask is applied to the weights, after the softmax. What is wrong?",
        options=(
            Option(
                text="Nothing: forbidden keys get the weight 0 either way.",
                why="They do, but their share is lost: the row no longer sums to 1.",
            ),
            Option(
                text="The rest of each row sums to less than 1.",
                why="The forbidden keys took part in the division. Masked before, they count as exp(−∞) = 0.",
                right=True,
            ),
            Option(
                text="Gradients become NaN.",
                why="They stay finite; it is the proportions that are wrong.",
            ),
        ),
    ),
    Question(
        text="A row of the mask is all False. What does this course's attention return for that query?",
        options=(
            Option(
                text="NaN",
                why="That is what softmax alone makes of −∞ everywhere: 0/0. It would spoil the whole batch.",
            ),
            Option(
                text="The mean of all values",
                why="That is what a large finite number such as −1e9 leads to.",
            ),
            Option(
                text="Zeros",
                why="As PyTorch's fused call does. nn.MultiheadAttention may give NaN there: ask every library.",
                right=True,
            ),
        ),
    ),
    Question(
        text="Queries have shape (2, 3, 5, 11), keys (2, 3, 7, 11), values (2, 3, 7, 13). What is the shape of the output?",
        options=(
            Option(
                text="(2, 3, 5, 11)",
                why="The output mixes values, so it is as wide as they are: 13.",
            ),
            Option(
                text="(2, 3, 5, 13)",
                why="One row for each query, as wide as the values.",
                right=True,
            ),
            Option(
                text="(2, 3, 7, 13)",
                why="There is one output for each query (5), not for each key (7).",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="04",
    slug="scaled_dot_product",
    title="Scaled dot-product attention",
    minutes=85,
    sittings=(50, 35),
    way="short",
    needs=("02", "03"),
    exercises=(
        scaled_scores.EXERCISE,
        softmax_jacobian.EXERCISE,
        attend.EXERCISE,
        padding_mask.EXERCISE,
        causal_mask.EXERCISE,
        scaled_dot_product_attention.EXERCISE,
        decoder_mask.EXERCISE,
        attention_numpy.EXERCISE,
        attention_gradient.EXERCISE,
        is_attention.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
