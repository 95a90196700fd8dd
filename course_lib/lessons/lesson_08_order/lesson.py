"""Lesson 08: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_08_order.exercises import (
    alibi_attention,
    alibi_slopes,
    angles,
    attend_in_order,
    learned_positions,
    pairs_to_halves,
    relative_bias,
    rotary_attention,
    rotate_halves,
    sinusoidal_positions,
)

PREDICTIONS = (
    Prediction(
        id="no_order",
        question="One layer of self-attention without positions is trained to reverse eight different tokens: how many of its "
        "answers are right?",
        options=("nearly all", "about 1 in 2", "about 1 in 7", "about 1 in 16"),
        answer="about 1 in 7",
        because="The layer sees a bag of eight tokens, and the one it stands on. The answer is one of the other seven, and "
        "nothing says which.",
    ),
    Prediction(
        id="shift",
        question="A rotary score of a query at place 5 and a key at place 9 is 1.2; the same two stand at 105 and 109: what is "
        "their score?",
        options=("smaller", "1.2", "larger", "it depends on the vectors"),
        answer="1.2",
        because="Both vectors were turned by the same further angle in each pair, so the angle between them is what it was. "
        "The distance is 4 in both cases.",
    ),
    Prediction(
        id="layouts",
        question="The weights of a model that turns pairs are loaded into one that turns halves: what happens?",
        options=(
            "the same scores",
            "other scores, and no error",
            "an error about shapes",
        ),
        answer="other scores, and no error",
        because="All shapes fit, and each layout keeps lengths and distances. But column 1 now turns with another partner, by "
        "another angle, than the one it was trained for.",
    ),
    Prediction(
        id="rotary_reverse",
        question="How well does one layer of rotary attention reverse eight different tokens?",
        options=(
            "as with a table, nearly 100 %",
            "in between, about 30 %",
            "as without order, about 14 %",
        ),
        answer="in between, about 30 %",
        because="Distances alone do not say where the text ends, except at its ends: only the first token has a key seven "
        "steps after it, and only the last one seven before. A trained layer answers those two, and few of the six between.",
    ),
    Prediction(
        id="slope",
        question="A head has slope 1/2 and all scores are equal: how much weight does a key ten steps back get, for each unit "
        "that the own key gets?",
        options=("about 0.5", "about 0.1", "about 0.007", "exactly 0"),
        answer="about 0.007",
        because="Ten steps cost 10 · 1/2 = 5, and e⁻⁵ = 0.0067. A softmax makes a factor of every difference.",
    ),
    Prediction(
        id="survive",
        question="Trained to copy a text of up to 16 tokens after a mark: which model still copies best at 64 tokens?",
        options=("sinusoidal", "learned", "rotary", "ALiBi", "none of the encodings helps"),
        answer="ALiBi",
        because="88 % in the mean of three seeds; relative bias 55 %, rotary 8 %, both tables below 20 %. On the other task of "
        "the log ALiBi does not even learn the lengths of training.",
    ),
)


QUIZ = (
    Question(
        text="Why do sinusoidal positions hold a sine and a cosine of each angle?",
        options=(
            Option(
                text="So that their values stay between −1 and 1.",
                why="A sine alone does that.",
            ),
            Option(
                text="So that a step of any length is the same rotation everywhere.",
                right=True,
                why="A pair (sin, cos) is a point on a circle, and a step turns it by a fixed angle. A sine alone does not "
                "know which way it is going.",
            ),
            Option(
                text="So that two tokens never get the same row.",
                why="Rows differ with sines alone too, at these lengths; what is lost is that steps look alike.",
            ),
        ),
    ),
    Question(
        text="Which part of attention does rotary encoding leave as it is?",
        options=(
            Option(text="The queries.", why="They are turned by the angles of their places."),
            Option(text="The keys.", why="They are turned by the angles of theirs."),
            Option(
                text="The values.",
                right=True,
                why="Distance goes into the scores. What is found at a place stays what it is, however far it is read from.",
            ),
        ),
    ),
    Question(
        text="Two libraries turn different pairs of columns. Which one is right?",
        options=(
            Option(
                text="The one that follows the paper.",
                why="The paper takes neighbours, but any way to pair columns has the defining property.",
            ),
            Option(
                text="Both, each with weights that were made for it.",
                right=True,
                why="A layout is an order of columns. Reorder those of w_q and w_k, and one gives the scores of the other.",
            ),
            Option(
                text="The one whose scores are larger.",
                why="Turning changes no length; neither layout makes scores larger.",
            ),
        ),
    ),
    Question(
        text="A model with learned positions was trained on 512 tokens. What does it need for 600?",
        options=(
            Option(
                text="Nothing: rows repeat.",
                why="There is no row 512, and repeating row 0 would tell token 512 that it stands at the start.",
            ),
            Option(
                text="A longer table, and training at those places.",
                right=True,
                why="New rows hold whatever they were filled with until training has been there.",
            ),
            Option(
                text="A larger base.",
                why="A base belongs to the angles of sinusoidal and rotary encodings. A learned table has none.",
            ),
        ),
    ),
    Question(
        text="You need a model that answers “which token stood exactly three before?” Which encoding helps least, by the log of "
        "this lesson?",
        options=(
            Option(
                text="ALiBi",
                right=True,
                why="Its price rises steadily: the token one back is always cheaper than the one three back. Fixed slopes "
                "cannot prefer a distance in the middle.",
            ),
            Option(
                text="rotary",
                why="It reaches 100 % in training lengths: a head can tune its queries and keys so that one distance scores "
                "highest.",
            ),
            Option(
                text="relative bias",
                why="It has a number for that very distance.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="08",
    slug="order",
    title="Order",
    minutes=85,
    sittings=(40, 45),
    way="short",
    needs=("07",),
    exercises=(
        angles.EXERCISE,
        sinusoidal_positions.EXERCISE,
        learned_positions.EXERCISE,
        attend_in_order.EXERCISE,
        relative_bias.EXERCISE,
        rotate_halves.EXERCISE,
        pairs_to_halves.EXERCISE,
        rotary_attention.EXERCISE,
        alibi_slopes.EXERCISE,
        alibi_attention.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
