"""Lesson 06: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_06_soft_and_hard_attention.exercises import (
    draw_places,
    estimator_variance,
    expected_gradient,
    gumbel_softmax,
    others_mean,
    reinforce_loss,
    score_function_loss,
    squeeze_excite,
    straight_through,
)

PREDICTIONS = (
    Prediction(
        id="through_a_choice",
        question="Place 7 was drawn, and its window brought a reward. What is the derivative of the "
        "number 7 with respect to the scores?",
        options=("1 for place 7, 0 elsewhere", "the weight of place 7", "there is none that helps"),
        answer="there is none that helps",
        because="Move a score a little, with the same noise: the draw is still 7, until it jumps to another "
        "place. The derivative is 0 wherever it exists.",
    ),
    Prediction(
        id="add_a_hundred",
        question="Rewards of 10 and 11 become 110 and 111. What becomes of the exact gradient, and of the variance "
        "of its one-sample estimate?",
        options=(
            "both stay",
            "the gradient stays, the variance grows",
            "the gradient grows, the variance stays",
            "both grow",
        ),
        answer="the gradient stays, the variance grows",
        because="Raising every reward alike makes no place better than another, so the truth stays. But each "
        "single estimate grows by 100 × (onehot − w), in a direction of its own.",
    ),
    Prediction(
        id="own_reward",
        question="Four tries an image, and the baseline is the mean of all four. What does the average "
        "estimate become?",
        options=("still the exact gradient", "3/4 of it", "0", "noise without direction"),
        answer="3/4 of it",
        because="A quarter of each reward is taken off itself. The direction is right, the length is "
        "(K − 1)/K of the truth.",
    ),
    Prediction(
        id="cold_gumbel",
        question="The temperature of a Gumbel-softmax goes down from 1 to 0.1, with the same noise. Which place has "
        "the largest entry?",
        options=(
            "the same as before",
            "another one, by chance",
            "always the one with the top score",
        ),
        answer="the same as before",
        because="Scores and noise are divided together, so their order stays. The temperature sets how much "
        "of the total the winner takes.",
    ),
    Prediction(
        id="a_third_of_the_image",
        question="Five glimpses of 8 × 8 show at most 320 of 576 pixels. Who names more digits: a model that "
        "chooses them, or one that gets them by chance?",
        options=("both the same", "chosen, by about 5 in 100", "chosen, by about 20 in 100"),
        answer="chosen, by about 20 in 100",
        because="83 against 64 in 100, measured. Five chosen windows showed 73 % of the digit, five by chance 51 %, "
        "although the chosen ones covered less of the canvas.",
    ),
)


QUIZ = (
    Question(
        text="Why does the score function work although a draw has no useful derivative?",
        options=(
            Option(
                text="It differentiates the probability of the draw, not the draw.",
                why="log w[place] is smooth in the scores, and the reward only weighs it.",
                right=True,
            ),
            Option(
                text="It differentiates the reward by the place.",
                why="The reward may be any number, even from a game. Its derivative is never asked for.",
            ),
            Option(
                text="It replaces the draw by the mean of all places.",
                why="That is soft attention. Here one place alone is looked at.",
            ),
        ),
    ),
    Question(
        text="Which baseline leaves the expected gradient as it is?",
        options=(
            Option(
                text="Any number that does not depend on the place drawn.",
                why="E[b (onehot − w)] = b (w − w) = 0: what is taken off has mean 0.",
                right=True,
            ),
            Option(
                text="The reward of the place drawn.",
                why="Then R − b is 0 and nothing is learned.",
            ),
            Option(
                text="Only the exact mean reward.",
                why="Any constant is right on average. A good one makes the variance small.",
            ),
        ),
    ),
    Question(
        text="In straight-through, what is not true to the mathematics?",
        options=(
            Option(
                text="The backward pass: it pretends that the soft weights were used.",
                why="The one-hot row has derivative 0. The gradient that is passed on belongs to the soft "
                "weights, which were not used, so it is biased.",
                right=True,
            ),
            Option(
                text="The forward pass: it mixes several places.",
                why="Forward, one place alone counts: that is what makes it hard.",
            ),
            Option(
                text="Nothing: the gradient is exact.",
                why="It is a useful guess. The score function is right on average, straight-through is not.",
            ),
        ),
    ),
    Question(
        text="Soft attention reads all 25 windows and hard attention one. Why use soft attention at all?",
        options=(
            Option(
                text="Its gradient is exact, without draws and without variance.",
                why="Every place takes part, so backpropagation tells each what it contributed.",
                right=True,
            ),
            Option(
                text="It is cheaper.",
                why="It computes a code for every place. Hard attention computes one.",
            ),
            Option(
                text="It sees sharper.",
                why="It returns a mixture; only weights near 1 leave one place unmixed.",
            ),
        ),
    ),
    Question(
        text="Why do squeeze-and-excitation's gates use a sigmoid and not a softmax?",
        options=(
            Option(
                text="Several channels may be needed at once, or none.",
                why="Gates are independent. A softmax would make every channel pay for another.",
                right=True,
            ),
            Option(
                text="A sigmoid has no parameters.",
                why="Neither has a softmax.",
            ),
            Option(
                text="A softmax has no gradient.",
                why="It has one: lesson 04 wrote its Jacobian.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="06",
    slug="soft_and_hard_attention",
    title="Soft and hard attention",
    minutes=80,
    sittings=(25, 55),
    way="side",
    needs=("02", "03", "04"),
    exercises=(
        draw_places.EXERCISE,
        score_function_loss.EXERCISE,
        expected_gradient.EXERCISE,
        estimator_variance.EXERCISE,
        others_mean.EXERCISE,
        reinforce_loss.EXERCISE,
        gumbel_softmax.EXERCISE,
        straight_through.EXERCISE,
        squeeze_excite.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
