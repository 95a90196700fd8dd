"""The recorded training on Tiny Shakespeare: what lesson 12 says of it is in the log."""

from course_lib.lessons.lesson_12_language_model.language_log import shakespeare_log


def test_the_log_says_how_it_came_about_and_keeps_its_bar():
    log = shakespeare_log()
    (run,) = log["runs"]
    assert log["command"] == "python bench/shakespeare.py --recipe hour"
    assert log["hardware"]["device"] == "cpu" and log["hardware"]["threads"] == 2
    assert list(run["losses"]) == list(run["training_losses"])
    assert run["best_loss"] == min(run["losses"].values()) < 1.45
    assert run["steps"] * 32 * run["sizes"]["max_len"] == run["tokens_seen"]
    assert len(run["sample"]) == run["sizes"]["max_len"]
