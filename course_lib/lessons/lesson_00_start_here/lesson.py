"""Lesson 00: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_00_start_here.exercises import weighted_mean, weighted_means

LESSON = LessonSpec(
    number="00",
    slug="start_here",
    title="Start here",
    minutes=20,
    exercises=(weighted_mean.EXERCISE, weighted_means.EXERCISE),
    predictions=(
        Prediction(
            id="mean",
            question="Weights ½, ¼, ¼ and values 8, 4, 0: what is the weighted mean?",
            options=("4", "5", "12"),
            answer="5",
            because="½ · 8 + ¼ · 4 + ¼ · 0 = 4 + 1 + 0.",
        ),
    ),
    quiz=(
        Question(
            text="Your check fails. What do later cells use?",
            options=(
                Option(
                    text="Your function, as it is.",
                    why="They would fail too. The check hands out the course's version so that you can read on.",
                ),
                Option(
                    text="The course's version, until yours passes.",
                    why="Nobody is stuck: the line reads f = lesson.check(f), and f is then the course's function.",
                    right=True,
                ),
                Option(
                    text="Nothing: the notebook stops.",
                    why="Every notebook runs to its end, solved or not.",
                ),
            ),
        ),
        Question(
            text="You take all three hints of an exercise. What does it cost?",
            options=(
                Option(
                    text="A point for each.",
                    why="No points are taken: a hint is there to be used.",
                ),
                Option(
                    text="Nothing.",
                    why="Your progress shows how many you took, so that you know what to come back to.",
                    right=True,
                ),
                Option(
                    text="The exercise counts as failed.",
                    why="It counts as passed once it passes.",
                ),
            ),
        ),
        Question(
            text="Why guess before you run a cell?",
            options=(
                Option(text="To be graded.", why="Guesses are kept for you alone."),
                Option(
                    text="Because a guess that proves wrong shows you what to look at.",
                    why="A number that surprises you is worth more than a number that you read.",
                    right=True,
                ),
                Option(text="To save time.", why="It takes time, and is worth it."),
            ),
        ),
    ),
)
