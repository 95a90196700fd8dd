"""Lesson 15: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_15_text_to_text.exercises import (
    answer_scores,
    best_span,
    bucket_bias,
    corrupt,
    draw_spans,
    relative_buckets,
    rouge_l,
    shift_right,
    unscaled_attention,
)

PREDICTIONS = (
    Prediction(
        id="shorter",
        question="A text of 100 tokens; 15 are taken out in 5 spans. How many tokens does the decoder have to write?",
        options=("15", "21", "100"),
        answer="21",
        because="The 15 tokens, a sentinel before each of the 5 spans, and the last sentinel. BART, which writes the whole text, has "
        "100 to write.",
    ),
    Prediction(
        id="far",
        question="T5 reads both ways with 32 buckets. A key stands 60 tokens before a query, another 63. Same bucket?",
        options=("yes", "no"),
        answer="yes",
        because="Distances from 46 to 63 share a bucket. Exact are only the distances 0 to 7.",
    ),
    Prediction(
        id="scaled",
        question="You load T5's pretrained weights into attention that divides by √64 = 8. What becomes of the attention?",
        options=("flatter", "sharper", "the same, softmax evens it out"),
        answer="flatter",
        because="Scores an eighth as large are closer to each other, so the softmax spreads its weight: as at a temperature of 8.",
    ),
    Prediction(
        id="winner",
        question="Summary lines of docstrings, 1,500 pairs to learn from, half a minute of one core. Which of these three has the highest ROUGE-L?",
        options=(
            "the first sentence of what is to be summed up",
            "the same line for every docstring",
            "the small T5",
        ),
        answer="the first sentence of what is to be summed up",
        because="1,500 pairs are far too few to learn what words mean. Copying needs no learning: the first sentence has "
        "0.148, the same line for all 0.144, the T5 about 0.08.",
    ),
)


QUIZ = (
    Question(
        text="The target of span corruption ends with a sentinel that stands for no span. What for?",
        options=(
            Option(
                text="It says where the last span is over.",
                why="The next sentinel closes every other span; this one closes the last in the same way.",
                right=True,
            ),
            Option(
                text="It pads the target to a fixed length.",
                why="Padding has a token of its own, and the loss leaves it out.",
            ),
            Option(
                text="It stands for what follows the text.",
                why="Nothing is taken out there: the text's end is read as it is.",
            ),
        ),
    ),
    Question(
        text="Why may T5 leave out √d?",
        options=(
            Option(
                text="Its heads are so narrow that √d is nearly 1.",
                why="They are 64 wide or wider: √d is 8 at least.",
            ),
            Option(
                text="The bias takes care of it.",
                why="The bias is added and knows only distances; it does not make scores smaller.",
            ),
            Option(
                text="Its first query weights are smaller by √d.",
                why="A factor in front of the softmax can as well stand in the weights, where training changes it.",
                right=True,
            ),
        ),
    ),
    Question(
        text="A model answers every question with the whole passage. Which score is high?",
        options=(
            Option(text="Exact match.", why="It is 0: the passage is not the answer."),
            Option(
                text="Recall over words.",
                why="Every word of the truth was said. Precision is low, and so is F1, which weighs both.",
                right=True,
            ),
            Option(
                text="F1.", why="It is low: most words that were said are none of the answer's."
            ),
        ),
    ),
    Question(
        text="Two summaries have the same words, one in a senseless order. Which score tells them apart?",
        options=(
            Option(
                text="Common words, counted (ROUGE-1).",
                why="It forgets order: both score the same.",
            ),
            Option(
                text="The longest common subsequence (ROUGE-L).",
                why="Its words have to come in the order of the target.",
                right=True,
            ),
            Option(text="Sets of words.", why="They forget order and repetition."),
        ),
    ),
)


LESSON = LessonSpec(
    number="15",
    slug="text_to_text",
    title="Text to text",
    minutes=100,
    sittings=(50, 50),
    needs=("13", "14"),
    exercises=(
        corrupt.EXERCISE,
        draw_spans.EXERCISE,
        relative_buckets.EXERCISE,
        bucket_bias.EXERCISE,
        unscaled_attention.EXERCISE,
        shift_right.EXERCISE,
        rouge_l.EXERCISE,
        best_span.EXERCISE,
        answer_scores.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
