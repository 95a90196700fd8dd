"""Questions and answers, found in whatever documentation there is."""

import pytest

from course_lib.data import questions as module
from course_lib.data.questions import located, plain, questions
from course_lib.errors import CourseError


def rows(n: int) -> list[dict[str, str]]:
    one = {"topic": "t", "begins": "The *word* is", "question": "Which?", "answer": '"here"'}
    return [dict(one) for _ in range(n)]


TOPICS = {"t": 'Not this one.\n\nThe "word" is\n   here, and here.\n\nThe end.'}


def test_an_answer_is_found_where_it_first_stands():
    found = located(rows(40), TOPICS).asked[0]
    assert found.passage == "The word is here, and here."
    assert (found.start, found.end, found.answer) == (12, 16, "here")


def test_what_another_version_lacks_is_left_out_and_said():
    lost = [{**rows(1)[0], "topic": "gone"}, {**rows(1)[0], "answer": "nowhere"}]
    found = located(rows(40) + lost, TOPICS)
    assert len(found.asked) == 40 and found.left_out == ("Which?", "Which?")
    assert "2 of 42 questions are left out" in found.note


def test_too_few_are_refused_with_a_way_out():
    with pytest.raises(CourseError, match=r"39 of 39 questions fit.*3\.11"):
        located(rows(39), TOPICS)


def test_all_fit_the_documentation_they_were_written_with():
    found = questions()
    assert len(found.asked) >= 40
    assert found.note == "" or "left out" in found.note
    for one in found.asked:
        assert one.question.endswith("?") and 1 <= len(one.answer.split()) <= 8
        assert one.passage[one.start : one.end] == one.answer
        assert len(one.passage.split()) <= 130


def test_no_question_is_asked_twice():
    asked = [one.question for one in questions().asked]
    assert len(asked) == len(set(asked))


def test_a_missing_file_says_what_brings_it_back(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    with pytest.raises(CourseError, match="comes with the course"):
        module._written()


def test_marks_and_lines_go():
    assert plain('a  "b"\n *c* d’s') == "a b c d's"
