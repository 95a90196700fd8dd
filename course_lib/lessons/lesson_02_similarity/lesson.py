"""Lesson 02: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_02_similarity.exercises import (
    all_pairs,
    cosine_similarity,
    dot_product,
    entropy,
    loud_vector,
    most_similar,
    score_spread,
    softmax,
    stable_softmax,
)

PREDICTIONS = (
    Prediction(
        id="stretched",
        question="You double car from (1, 2) to (2, 4). What happens to its dot product with cat, "
        "and to its cosine?",
        options=(
            "both double",
            "the dot product doubles, the cosine stays",
            "the dot product stays, the cosine doubles",
            "both stay",
        ),
        answer="the dot product doubles, the cosine stays",
        because="The dot product goes from 5 to 10. The cosine is 0.707 both times: doubling does "
        "not turn a vector.",
    ),
    Prediction(
        id="king",
        question="Of all 30,522 rows of the table, which one has the largest cosine to king − man "
        "+ woman?",
        options=("queen", "king", "woman", "princess"),
        answer="king",
        because="king comes first at 0.666 and queen second at 0.511. The sum starts from king and "
        "does not get far.",
    ),
    Prediction(
        id="shifted",
        question="You add 1000 to each of three scores. What happens to their softmax weights?",
        options=(
            "the largest goes to 1",
            "all go to 1/3",
            "they stay as they are",
            "they become larger than 1",
        ),
        answer="they stay as they are",
        because="exp(s + 1000) = exp(s) · exp(1000): the same factor above and below the line "
        "cancels.",
    ),
    Prediction(
        id="wider",
        question="Vectors grow from 16 to 64 independent numbers. By what factor does the spread "
        "of their dot products grow?",
        options=("1 (it stays)", "2", "4", "16"),
        answer="2",
        because="Variances add up, so four times as many terms give four times the variance and √4 "
        "= 2 times the spread.",
    ),
)


QUIZ = (
    Question(
        text="Two vectors have a cosine of 1. What do you know about their dot product?",
        options=(
            Option(
                text="It is 1.",
                why="Only if both have length 1. (3, 1) and (6, 2) have cosine 1 and dot product "
                "20.",
            ),
            Option(
                text="It is the product of their lengths.",
                right=True,
                why="Cosine is the dot product over both lengths, so at cosine 1 the two are "
                "equal.",
            ),
            Option(
                text="It is the largest in the table.",
                why="A longer vector at a wider angle can have a larger one: your loud vector did.",
            ),
        ),
    ),
    Question(
        text="Why is each row's largest score subtracted before exp?",
        options=(
            Option(
                text="It makes the weights more even.",
                why="It leaves every weight exactly as it was; a temperature above 1 evens them "
                "out.",
            ),
            Option(
                text="It makes every score positive.",
                why="It makes every score 0 or negative; exp makes them positive.",
            ),
            Option(
                text="No exponential can overflow, and no weight changes.",
                right=True,
                why="The largest exponential is exp(0) = 1, and the common factor cancels in the "
                "division.",
            ),
        ),
    ),
    Question(
        text="At which temperature do the weights of the scores 2, 1, 0 have the larger entropy?",
        options=(
            Option(
                text="0.5",
                why="Dividing by 0.5 doubles the gaps, so the largest score takes more: 0.867, and "
                "the entropy falls.",
            ),
            Option(
                text="5",
                right=True,
                why="The gaps shrink to 0.2, the weights to 0.402, 0.329 and 0.269: nearly even, "
                "entropy 1.085 of at most 1.099.",
            ),
            Option(
                text="It is the same at both.",
                why="Temperature changes no ranking, but it does change how unequal the weights "
                "are.",
            ),
        ),
    ),
    Question(
        text="A table answers “king − man + woman” with queen. What do you ask before you believe "
        "it?",
        options=(
            Option(
                text="Whether the vectors have length 1.",
                why="It matters little: with every row brought to length 1, king still comes first.",
            ),
            Option(
                text="Whether the question's own words were left out of the search.",
                right=True,
                why="Here king itself comes first. In 18 of this lesson's 20 questions it was a word of "
                "the question that came back.",
            ),
            Option(
                text="Whether the table is large enough.",
                why="More rows can only add rivals: king would still be ahead of queen.",
            ),
        ),
    ),
    Question(
        text="When is √d the wrong measure of how far dot products spread?",
        options=(
            Option(
                text="When d is large.",
                why="The rule holds for every d, as long as the dimensions are independent.",
            ),
            Option(
                text="When the numbers are not normally distributed.",
                why="Only means and covariances enter the derivation: coin flips of ±1 give √d as "
                "well.",
            ),
            Option(
                text="When dimensions move together.",
                right=True,
                why="Every covariance off the diagonal adds its square. d copies of one number "
                "spread like d.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="02",
    slug="similarity",
    title="Similarity",
    minutes=60,
    way="short",
    needs=("00",),
    exercises=(
        loud_vector.EXERCISE,
        dot_product.EXERCISE,
        cosine_similarity.EXERCISE,
        all_pairs.EXERCISE,
        most_similar.EXERCISE,
        stable_softmax.EXERCISE,
        softmax.EXERCISE,
        entropy.EXERCISE,
        score_spread.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
