"""Work that is alike is pointed out; what anybody would write is not."""

import inspect
import time

from right_answers import RIGHT

from course_lib.grading import assignments
from course_lib.grading.program import Master
from course_lib.grading.similar import groups, prints, tokens

SHORT = "def f(q, k):\n    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])"


def solution(name="attention"):
    master = Master.of_source(assignments.find(name).cells)
    return [cell.source for cell in master.cells if cell.role == "exercise"]


def test_thirty_copies_are_pointed_out_under_other_names_too():
    own = solution()
    renamed = [text.replace("scores", "s").replace("mask", "allowed") + "  # mine" for text in own]
    class_ = {f"p{n}": prints(renamed if n % 2 else own) for n in range(30)}
    (found,) = groups(class_)
    assert len(found["learners"]) == 30 and found["share"] > 0.75


def test_short_right_answers_are_not():
    assert (
        groups({f"p{n}": prints([SHORT, "def g(n):\n    return n + 1"]) for n in range(30)}) == []
    )


def test_what_is_handed_out_is_subtracted():
    given = solution("vision")
    class_ = {f"p{n}": prints([*given, SHORT]) for n in range(4)}
    assert groups(class_) and groups(class_, prints(given)) == []


def test_different_solutions_are_not_alike():
    assert groups({name: prints(solution(name)) for name in ("attention", "transformers")}) == []


def test_tokens_forget_names_comments_and_values():
    assert tokens("a = b.c(1) # x") == tokens("z=y.c( 20 )") != tokens("a = b.d(1)")
    assert tokens("'# no comment'") == ["S"]


def test_right_answers_written_another_way_are_not_alike():
    other = [inspect.getsource(answer) for answer in RIGHT.values()]
    every = [text for name in assignments.names() for text in solution(name)]
    assert groups({"ann": prints(every), "bob": prints(other)}) == []


def test_hostile_code_is_read_in_bounded_time():
    started = time.perf_counter()
    prints(["'" + "\\'" * 50_000, '"""' + '\\"""' * 20_000])
    assert time.perf_counter() - started < 20
