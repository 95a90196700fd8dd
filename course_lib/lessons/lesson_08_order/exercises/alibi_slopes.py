"""“ALiBi's slopes”: its cases, its oracle, its hints."""

from course_lib.checking.case import Case
from course_lib.checking.exercise import Exercise
from course_lib.checking.noise import pick
from course_lib.lessons.lesson_08_order.common import POSITIONS, slope_oracle
from course_lib.lessons.lesson_08_order.mistakes.alibi_slopes import MISTAKES

EXERCISE = Exercise(
    name="alibi_slopes",
    title="ALiBi's slopes",
    minutes=8,
    difficulty=2,
    proves="slopes are geometric for a power of two, and filled up by the authors' rule for other numbers of heads",
    passed="Right for 1 to 20 heads, powers of two or not.",
    cases=lambda: [
        *(Case(label=f"{n} heads", args=(n,)) for n in (4, 8, 16, 6, 3, 12, 20)),
        Case(label="two heads", args=(2,), edge=True),
        Case(label="one head", args=(1,), edge=True),
    ],
    sample=lambda rng: Case(label="random", args=(pick(rng, range(1, 70)),)),
    oracle=slope_oracle,
    kinds=("whole_numbers",),
    reference=f"{POSITIONS}.alibi_slopes",
    hints=(
        "Begin with powers of two: the exponents of 2 run from −8/H to −8 in equal steps. For another H, call your own "
        "function for the two powers around it.",
        "power = the largest power of two that is at most n_heads\n"
        "if power is n_heads: 2 to the power −8h/n_heads for h = 1 … n_heads\n"
        "else: all slopes of power heads, then every second one of 2·power heads, as many as are missing",
        "power = 2 ** int(math.log2(n_heads)). A list is sliced by steps: alibi_slopes(2 * power)[::2][:n_heads - power], "
        "and lists are joined by +.",
    ),
    wrong_answers=MISTAKES,
)
