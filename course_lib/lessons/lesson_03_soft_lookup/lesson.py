"""Lesson 03: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_03_soft_lookup.exercises import (
    dot_product_scores,
    fill_gaps,
    fit_bandwidth,
    gaussian_scores,
    hard_lookup,
    leave_one_out_error,
    nadaraya_watson,
    weighted_mean,
)

PREDICTIONS = (
    Prediction(
        id="between",
        question="A dictionary holds sunspots for 1956 and 1957. What does it answer for 1956.5?",
        options=("the mean of the two", "the value of 1956", "nothing: a KeyError"),
        answer="nothing: a KeyError",
        because="A dictionary compares for equality. 1956.5 lies between two keys and equals neither.",
    ),
    Prediction(
        id="wide",
        question="The bandwidth grows to a million years. What does the soft lookup answer for 1957?",
        options=("0", "the mean of all values", "the value of 1957", "NaN"),
        answer="the mean of all values",
        because="All scores shrink to 0, equal scores give equal weights, and equal weights give the mean.",
    ),
    Prediction(
        id="far_away",
        question="The last known year is 2004, the bandwidth one year. What does your function answer for 2100?",
        options=("0", "NaN", "the mean of all values", "the value of 2004"),
        answer="the value of 2004",
        because="2004 lies 96 bandwidths away: exp(−4608) is 0 in float64. But the softmax first subtracts the "
        "largest score, that of 2004, and every other year is far behind it.",
    ),
    Prediction(
        id="left_in",
        question="Each point stays among its own keys. Which bandwidth has the smallest error?",
        options=("one near 0", "one near 1 year", "a very large one"),
        answer="one near 0",
        because="At h near 0 every point answers itself and the error is 0. It says nothing about new years.",
    ),
    Prediction(
        id="start_at_ten",
        question="Gradient descent on the curve above starts at h = 10. Where does it end?",
        options=("near 1.26", "near 12.5", "near 0", "it does not move"),
        answer="near 12.5",
        because="Between 1.26 and 10 lies a hill, with its top between 4 and 5. Descent goes down on its own "
        "side, into a shallower valley.",
    ),
    Prediction(
        id="equal_norms",
        question="For which keys does q·k/h² alone, without another term, give the Gaussian weights?",
        options=("for all keys", "for keys of equal norm", "for keys of small norm", "for none"),
        answer="for keys of equal norm",
        because="−‖k‖²/2h² is then the same number for every key, and a softmax does not feel a number that "
        "is added to all scores.",
    ),
)


QUIZ = (
    Question(
        text="What do query, key and value stand for when sunspots are looked up softly?",
        options=(
            Option(
                text="query: the year asked about; keys: the known years; values: their sunspots",
                why="The query is compared with the keys; the values are what is averaged.",
                right=True,
            ),
            Option(
                text="query: the year asked about; keys: the sunspots; values: the known years",
                why="Keys are what a query is compared with, so they are years like the query.",
            ),
            Option(
                text="query: the bandwidth; keys: the known years; values: their sunspots",
                why="The bandwidth sets how fast weights fall with distance. It is not looked up.",
            ),
        ),
    ),
    Question(
        text="The bandwidth shrinks towards 0. What becomes of a soft lookup?",
        options=(
            Option(
                text="It answers with the value of the nearest key.",
                why="Scores differ by more and more, and the softmax puts all weight on the highest.",
                right=True,
            ),
            Option(
                text="It becomes Python's dictionary.",
                why="Nearly: where a key fits exactly the answers agree. Where none fits the dictionary has "
                "no answer, and the soft lookup gives the nearest key's.",
            ),
            Option(
                text="It answers with the mean of all values.",
                why="That is the other end, a bandwidth without bounds.",
            ),
        ),
    ),
    Question(
        text="Why is a key's own score set to −inf and not its weight to 0, when it is left out?",
        options=(
            Option(
                text="The remaining weights then still sum to 1.",
                why="The softmax shares out the total among those that are left.",
                right=True,
            ),
            Option(
                text="Setting a weight to 0 has no gradient.",
                why="It has one: the other weights depend on the bandwidth all the same. The total is wrong.",
            ),
            Option(
                text="−inf is faster than 0.",
                why="Both cost a mask. What counts is on which side of the softmax it stands.",
            ),
        ),
    ),
    Question(
        text="On the full yearly grid, descent that starts at h = 0.2 does not move. Why?",
        options=(
            Option(
                text="Both neighbours of a year have all the weight, at any such h; the error is flat.",
                why="The next years lie twice as far, and their weights, below exp(−37), are too small to "
                "change the error. Where nothing changes there is no slope.",
                right=True,
            ),
            Option(
                text="The step is too large.",
                why="A step is rate × slope, and the slope is 0: no rate makes it move.",
            ),
            Option(
                text="0.2 is the best bandwidth.",
                why="Every smaller bandwidth is as good: the curve has no single lowest point there.",
            ),
        ),
    ),
    Question(
        text="Scaled dot-product attention uses q·k/√d. When is it a Gaussian soft lookup?",
        options=(
            Option(
                text="When all keys have equal norm; its bandwidth is then the fourth root of d.",
                why="q·k/√d = q·k/h² with h² = √d, and equal norms make −‖k‖²/2h² one number for all keys.",
                right=True,
            ),
            Option(
                text="Always.",
                why="A long key has large dot products wherever it lies. Without −‖k‖²/2h² it draws weight.",
            ),
            Option(
                text="Never: a dot product is no distance.",
                why="‖q − k‖² holds −2 q·k. What is left is the same for all keys when their norms are equal.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="03",
    slug="soft_lookup",
    title="Soft lookup",
    minutes=70,
    way="short",
    side_sections="§ 5",
    needs=("02",),
    exercises=(
        hard_lookup.EXERCISE,
        weighted_mean.EXERCISE,
        gaussian_scores.EXERCISE,
        nadaraya_watson.EXERCISE,
        leave_one_out_error.EXERCISE,
        fit_bandwidth.EXERCISE,
        fill_gaps.EXERCISE,
        dot_product_scores.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
