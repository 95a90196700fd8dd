"""Mistakes in “Louder, not nearer”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_02_similarity import given

MISTAKES = (
    WrongAnswer(
        id="zero",
        code=lambda: [0.0, 0.0],
        matches=given.is_zero,
        says="Your vector is zero.",
        why="It has no length, so it cannot win by dot product, and no direction, so it has no "
        "cosine.",
    ),
    WrongAnswer(
        id="points_away",
        code=lambda: [-2.0, 4.0],
        matches=given.points_away,
        says="Your vector does not point cat's way at all: its dot product with cat is not "
        "positive.",
        why="Making it longer will not help, since a length multiplies what is there. Turn it "
        "until it leans "
        "towards cat, less than dog does, and then make it long.",
    ),
    WrongAnswer(
        id="loses_both",
        code=lambda: [1.0, 2.0],
        matches=given.loses_both,
        says="Your vector loses by both measures: its direction will do, and it is too short.",
        why="Doubling both numbers doubles the dot product and leaves the cosine as it is.",
    ),
    WrongAnswer(
        id="wins_both",
        code=lambda: [6.0, 2.5],
        matches=given.wins_both,
        says="Your vector wins by both measures.",
        why="It is long enough, and it points more nearly cat's way than dog does. Turn it away "
        "from cat: "
        "raise its second number.",
    ),
    WrongAnswer(
        id="other_way_round",
        code=lambda: [1.5, 0.5],
        matches=given.other_way_round,
        says="It is the other way round: your vector wins by cosine, and not by dot product.",
        why="It points cat's way and is short. What is asked for is long, and points elsewhere.",
    ),
    WrongAnswer(
        id="same_direction",
        code=lambda: [4.0, 2.0],
        matches=given.same_cosine,
        says="Your vector has exactly dog's cosine, because it makes the same angle with cat.",
        why="A cosine depends on the angle alone, so stretching dog cannot make it lose. Turn your "
        "vector further from cat.",
    ),
    WrongAnswer(
        id="draw",
        code=lambda: [1.0, 4.0],
        matches=given.draws,
        says="Your vector loses by cosine, as it should, but by dot product it only draws with "
        "dog.",
        why="A draw is no win: make it a little longer.",
    ),
)
