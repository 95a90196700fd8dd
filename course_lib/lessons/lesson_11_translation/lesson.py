"""Lesson 11: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_11_translation.exercises import (
    batches_by_length,
    beam_search,
    bleu,
    embed,
    greedy_translate,
    shift_right,
    smoothed_loss,
    three_masks,
    warmup_rate,
)

PREDICTIONS = (
    Prediction(
        id="drown",
        question="A table has entries of about 1/√d, sinusoidal positions of about 0.7. Width 96, "
        "no factor: how much longer are the positions than the words?",
        options=("about 7 times", "about as long", "about 1/7 as long"),
        answer="about 7 times",
        because="A word's row has length about 1, a position's √(96/2) = 6.9: half of its columns "
        "are sines, half cosines, and sin² + cos² = 1.",
    ),
    Prediction(
        id="leak",
        question="The causal mask is left out. In training, what share of the next words does the "
        "model get right, and what share of whole numbers when it writes by itself?",
        options=(
            "nearly all words, hardly any number",
            "nearly all of both",
            "hardly any of both",
        ),
        answer="nearly all words, hardly any number",
        because="The word to predict is among the inputs, one place on. It learns to read it there, "
        "and when it writes there is nothing to read.",
    ),
    Prediction(
        id="unseen",
        question="Trained on numbers of 1, 2, 3, 4 and 6 digits, and never on one of 5: how many "
        "five-digit numbers does it translate exactly?",
        options=("nearly all", "about half", "hardly any"),
        answer="hardly any",
        because="All their words are known, and so are shorter and longer numbers. It still writes "
        "what it saw: most often a number of four digits, with the tens of the thousands left out.",
    ),
    Prediction(
        id="wider",
        question="A beam of 4 keeps more than a beam of 2. Can its translation have a lower score?",
        options=("yes", "no, it can only be equal or higher"),
        answer="yes",
        because="A beam drops early what looks bad early. One more beginning that looks good can "
        "push out the one that would have won.",
    ),
)


QUIZ = (
    Question(
        text="Which of the three masks differ from each other only by how often a row is repeated?",
        options=(
            Option(
                text="The encoder's and the one from decoder to encoder.",
                why="Both hide the source's padding; one has S queries, the other T.",
                right=True,
            ),
            Option(
                text="The encoder's and the decoder's.",
                why="The decoder's hides another sentence's padding, and the future.",
            ),
            Option(
                text="The decoder's and the one from decoder to encoder.",
                why="One is over the target's words and causal, the other over the source's.",
            ),
        ),
    ),
    Question(
        text="After 150 steps a translator names 96 % of next words right, and translates no number "
        "right. What do you look at first?",
        options=(
            Option(
                text="The decoder's mask and the shift of the target.",
                why="Either leak shows the word that is to be predicted.",
                right=True,
            ),
            Option(
                text="The beam's width.",
                why="It decides little between translations; it does not make all of them wrong.",
            ),
            Option(
                text="Label smoothing.",
                why="It changes the loss a little, not what the inputs give away.",
            ),
        ),
    ),
    Question(
        text="Why is a model trained with label smoothing ε = 0.1 never at a loss of 0?",
        options=(
            Option(
                text="The target itself has entropy.",
                why="The best it can do is the target distribution, whose cross-entropy with itself "
                "is above 0.",
                right=True,
            ),
            Option(
                text="Dropout is on.",
                why="It may be off: the least loss is still above 0.",
            ),
            Option(
                text="The padding class takes some mass.",
                why="It takes ε/V, like every class. With padding left out the least loss would "
                "still be above 0.",
            ),
        ),
    ),
    Question(
        text="Two papers report BLEU on the same test set, 38.1 and 37.5. What do you need before "
        "you compare them?",
        options=(
            Option(
                text="Their tokenisation, case and smoothing: the signature.",
                why="The same output can differ by more than that between tokenisations.",
                right=True,
            ),
            Option(
                text="Nothing: the test set is the same.",
                why="BLEU counts tokens, and what a token is was decided by each.",
            ),
            Option(
                text="The sizes of their models.",
                why="They explain a difference, but first it has to be one.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="11",
    slug="translation",
    title="Translation",
    minutes=90,
    sittings=(55, 35),
    needs=("10",),
    exercises=(
        three_masks.EXERCISE,
        shift_right.EXERCISE,
        embed.EXERCISE,
        smoothed_loss.EXERCISE,
        warmup_rate.EXERCISE,
        batches_by_length.EXERCISE,
        greedy_translate.EXERCISE,
        beam_search.EXERCISE,
        bleu.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
