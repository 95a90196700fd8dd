"""Write down what each test proved and what it cost, for the summary and `bench/test_time.py`.

A test that proves more than one fact says how many: `record_property("facts", 12)`.
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

CPU = "cpu"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--proof", type=Path, help="file that gets a line of JSON for every test")
    parser.addoption("--lesson", metavar="NN", help="only tests of this lesson's, or named by it")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--proof")
    if path is not None and not hasattr(config, "workerinput"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
        config.pluginmanager.register(Record(path))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep a lesson's own tests and those cases of others that are named by its number."""
    number = config.getoption("--lesson")
    if number is None:
        return
    named = re.compile(rf"lesson_{number}|\[(?:[^\]]*-)?{number}[-_\]]")
    kept = [item for item in items if named.search(item.nodeid)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


class Record:
    """One line for every phase of every test, in the process that sees them all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        properties = dict(report.user_properties)
        line = {
            "test": report.nodeid,
            "when": report.when,
            "outcome": report.outcome,
            "facts": properties.get("facts", 1),
            "seconds": round(report.duration, 3),
            "cpu": round(properties.get(CPU, 0.0), 3),
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            line = {"test": report.nodeid, "when": "collect", "outcome": "failed", "facts": 0}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({**line, "seconds": 0.0, "cpu": 0.0}) + "\n")


def _cpu() -> float:
    """Seconds of processor time of this process and of children that have ended."""
    return sum(os.times()[:4])


def _measured(item: pytest.Item) -> Iterator[None]:
    start = _cpu()
    yield
    kept = [pair for pair in item.user_properties if pair[0] != CPU]
    item.user_properties[:] = [*kept, (CPU, _cpu() - start)]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    return (yield from _measured(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    return (yield from _measured(item))
