"""Lesson 09: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_09_many_heads.exercises import (
    ablate,
    blocked_mask,
    fused_projection,
    head_contributions,
    merge_heads,
    multi_head_attention,
    multi_head_self_attention,
    referent_shift,
    split_heads,
    weighted_norms,
)

PREDICTIONS = (
    Prediction(
        id="cost",
        question="A layer has d_model = 512. You go from 1 head to 8. How many parameters does it have then?",
        options=("8 times as many", "as many as before", "an eighth"),
        answer="as many as before",
        because="The projections stay 512 × 512. Heads cut what comes out into slices; only the number of softmaxes "
        "grows.",
    ),
    Prediction(
        id="one_head",
        question="Each token has to name its left and its right neighbour. One head, as wide as two heads together, "
        "trained to the end: how often are both right?",
        options=("always", "about half the time", "about one time in five"),
        answer="about one time in five",
        because="One softmax makes one mixture. In the trials the head heard one neighbour well and guessed the other, or "
        "blurred the two.",
    ),
    Prediction(
        id="link",
        question="In layer 5, head 11, “it” gives “cat” the weight 0.71. Now the last word changes: the mat is soft, so “it” is the "
        "mat. What becomes of the 0.71?",
        options=("it falls below 0.2", "it falls to about 0.4", "it stays near 0.7"),
        answer="it stays near 0.7",
        because="It goes from 0.71 to 0.68. In this head nearly every token looks at “cat”, whatever “it” means.",
    ),
    Prediction(
        id="sink",
        question="Which token of a sentence gets the largest share of all attention in MiniLM?",
        options=("the subject", "the verb", "[CLS]", "the last word"),
        answer="[CLS]",
        because="Between 25 and 62 per cent of each layer's weight goes to [CLS], a token that is the same in every sentence.",
    ),
    Prediction(
        id="silence",
        question="You silence one of MiniLM's 72 heads. What is the cosine between a sentence's vector before and after, "
        "for the head that matters most?",
        options=("above 0.9", "between 0.5 and 0.9", "below 0.5"),
        answer="above 0.9",
        because="No single head of the 72 turns them by more than 22 degrees on average, and cos 22° is 0.93. Others do "
        "similar work, and every head adds to a sum.",
    ),
)


QUIZ = (
    Question(
        text="x has shape (2, 5, 12). What does x.view(2, 3, 5, 4) hold at [0, 0], meant as head 0 of sentence 0?",
        options=(
            Option(
                text="columns 0 to 3 of every token",
                why="That needs a transpose: view(2, 5, 3, 4).transpose(1, 2). A view moves nothing.",
            ),
            Option(
                text="token 0, and parts of token 1",
                why="The first 20 numbers in memory: all 12 of token 0 and 8 of token 1, cut into rows of four.",
                right=True,
            ),
            Option(
                text="every third column of every token",
                why="That would be the interleaved layout, view(2, 5, 4, 3); it needs a transpose as well.",
            ),
        ),
    ),
    Question(
        text="d_model = 384, 12 heads. By what are a head's scores divided?",
        options=(
            Option(
                text="√384 ≈ 19.6",
                why="That is √d_model: larger by √12, so that every head would be too flat.",
            ),
            Option(
                text="√32 ≈ 5.7",
                why="A head is 384 / 12 = 32 wide, and 32 terms are what its dot products sum.",
                right=True,
            ),
            Option(
                text="√12 ≈ 3.5", why="How many heads there are does not enter a head's scores."
            ),
        ),
    ),
    Question(
        text="nn.MultiheadAttention gets attn_mask = causal_mask(5), our mask. What happens?",
        options=(
            Option(
                text="what was meant",
                why="Its boolean masks say True = blocked: the meaning is the opposite.",
            ),
            Option(text="it raises", why="Shape and dtype are right, so nothing can notice."),
            Option(
                text="every query attends to later tokens only, and the last to none",
                why="True on and below the diagonal blocks exactly the past. The last row is all blocked.",
                right=True,
            ),
        ),
    ),
    Question(
        text="How does a layer's output follow from its heads?",
        options=(
            Option(
                text="It is the sum of what each head adds through its columns of W_o, plus the bias.",
                why="Merging and projecting is that sum, written as one product.",
                right=True,
            ),
            Option(
                text="It is the mean of the heads.",
                why="Nothing divides by H. A mean would let eight heads whisper where one spoke.",
            ),
            Option(
                text="It holds head h's findings in slice h.",
                why="That is so before W_o. After it every output number is made from all heads.",
            ),
        ),
    ),
    Question(
        text="A paper shows a head with weight 0.7 from “it” to “cat” as evidence that it resolves pronouns. What do you ask first?",
        options=(
            Option(
                text="How many layers has the model?",
                why="It may matter for other questions, but says nothing about this head.",
            ),
            Option(
                text="What do other words give “cat” there, and does the 0.7 move when “it” means something else?",
                why="Without a base rate and a minimal pair, 0.7 may be what every word gives.",
                right=True,
            ),
            Option(
                text="Was the softmax computed in float64?",
                why="Rounding changes the seventh digit, not the story.",
            ),
            Option(
                text="Is the weight above 0.5?",
                why="A high weight is what made the picture; it is not evidence by itself.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="09",
    slug="many_heads",
    title="Many heads",
    minutes=80,
    sittings=(35, 45),
    way="short",
    needs=("04", "07"),
    exercises=(
        split_heads.EXERCISE,
        merge_heads.EXERCISE,
        multi_head_self_attention.EXERCISE,
        multi_head_attention.EXERCISE,
        blocked_mask.EXERCISE,
        fused_projection.EXERCISE,
        head_contributions.EXERCISE,
        ablate.EXERCISE,
        weighted_norms.EXERCISE,
        referent_shift.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
