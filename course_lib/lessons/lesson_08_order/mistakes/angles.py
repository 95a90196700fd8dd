"""Mistakes in “A clock for every pair of columns”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_08_order.mistakes.common import BASE, turned

MISTAKES = (
    WrongAnswer(
        id="off_by_one",
        code=lambda p, d, base=BASE: turned(p, d, base, shift=1),
        says="Your frequencies are off by one: your pairs are counted from 1.",
        why="The first pair has i = 0 and the frequency base⁰ = 1, one radian a token. Counted from 1, the fastest "
        "pair is missing and neighbours are harder to tell apart.",
    ),
    WrongAnswer(
        id="no_two",
        code=lambda p, d, base=BASE: turned(p, d, base, two=1),
        says="Your exponent is −i/d; it is −2i/d.",
        why="i counts pairs and ends at d/2 − 1, so 2i runs through nearly all of d. With i alone the slowest pair "
        "turns up to a hundred times too fast at base 10000.",
    ),
    WrongAnswer(
        id="two_twice",
        code=lambda p, d, base=BASE: turned(p, d, base, two=4),
        says="Your exponent is −4i/d: the factor 2 came in twice.",
        why="torch.arange(0, d, 2) already holds 2i. Multiplied once more, half of the pairs hardly turn at all.",
    ),
    WrongAnswer(
        id="faster_and_faster",
        code=lambda p, d, base=BASE: turned(p, d, base, two=-2),
        says="Your frequencies grow: the sign of the exponent is turned round.",
        why="The first pair is the fastest, and each later one turns more slowly. A pair that makes many turns a token "
        "tells nothing about where it is.",
    ),
    WrongAnswer(
        id="ends_at_base",
        code=lambda p, d, base=BASE: (
            p[:, None]
            * base ** (-torch.arange(d // 2, dtype=p.dtype, device=p.device) / max(d // 2 - 1, 1))
        ),
        says="You divide i by d/2 − 1, so that your last frequency is exactly 1/base.",
        why="Some libraries do that, for instance with linspace. The formula here divides 2i by d and stops one step short.",
    ),
    WrongAnswer(
        id="degrees",
        code=lambda p, d, base=BASE: torch.rad2deg(turned(p, d, base)),
        says="Your angles are in degrees.",
        why="sin and cos take radians. 57 radians are nine turns and a bit, where 57 degrees are a sixth of one.",
    ),
    WrongAnswer(
        id="taken_for_degrees",
        code=lambda p, d, base=BASE: torch.deg2rad(turned(p, d, base)),
        says="You converted from degrees; the angles are in radians already.",
        why="Position 1 turns the first pair by one radian, a sixth of a circle. By one degree neighbours would look alike.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=lambda p, d, base=BASE: turned(p + 1, d, base),
        says="You added 1 to the positions.",
        why="They come as an argument, and position 0 is not turned at all. Who calls decides where to start.",
    ),
    WrongAnswer(
        id="places_counted",
        code=lambda p, d, base=BASE: turned(torch.arange(len(p)).to(p), d, base),
        says="You count the rows 0, 1, 2, …; the positions that you were given are not used.",
        why="Positions may begin anywhere, as behind a cache (lesson 13), and lie between whole numbers.",
    ),
    WrongAnswer(
        id="base_left_out",
        code=lambda p, d, base=BASE: turned(p, d),
        says="Your base is always 10000: the argument is not used.",
        why="Models for long texts choose a larger one, so that the slowest pairs take longer for a turn.",
    ),
    WrongAnswer(
        id="whole_numbers_kept",
        code=lambda p, d, base=BASE: turned(p.double(), d, base).to(p.dtype),
        says="Your angles or frequencies take the positions' type, which cuts them to whole numbers.",
        why="Positions may be whole numbers, as torch.arange(3) gives them. Angles are fractions whatever the positions are.",
    ),
    WrongAnswer(
        id="not_a_power",
        code=lambda p, d, base=BASE: (
            p[:, None]
            / (base * 2 * torch.arange(d // 2, dtype=p.dtype, device=p.device) / d).clamp(min=1)
        ),
        says="You divide by base · 2i/d, not by base to the power 2i/d.",
        why="The frequencies form a geometric sequence: each is the one before times a fixed factor.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda p, d, base=BASE: turned(p, d, base).T,
        says="Your table is transposed: positions run across.",
        why="A row belongs to a position, as in every table of this course, so that a row can be added to a token.",
    ),
    WrongAnswer(
        id="each_twice",
        code=lambda p, d, base=BASE: turned(p, d, base).repeat(1, 2),
        says="You have every angle twice, one for each column.",
        why="Two columns share an angle, so there are d/2 of them. Whoever uses them decides which columns those are.",
    ),
    WrongAnswer(
        id="no_positions",
        code=lambda p, d, base=BASE: turned(torch.ones_like(p), d, base),
        says="All your rows are alike: the positions are not used.",
        why="At position p a pair has turned p times its frequency.",
    ),
)
