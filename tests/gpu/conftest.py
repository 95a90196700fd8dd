"""Tests that need CUDA; COURSE_GPU_TESTS=cpu takes the CPU for it, to try the tests themselves."""

import os
from pathlib import Path

import pytest
import torch

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here; skip it, with the reason, where there is no CUDA."""
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        item.add_marker(pytest.mark.gpu)
        if not (torch.cuda.is_available() or os.environ.get("COURSE_GPU_TESTS")):
            item.add_marker(pytest.mark.skip(reason="no CUDA device is here"))


@pytest.fixture(scope="session")
def device() -> torch.device:
    """The device that is held against the CPU."""
    return torch.device(os.environ.get("COURSE_GPU_TESTS", "cuda"))
