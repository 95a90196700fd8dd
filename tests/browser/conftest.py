"""A real JupyterLab in headless Chromium, with nothing of the user's and nothing of the network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .lab import CHROMIUM_ARGUMENTS, Lab, chromium
from .server import jupyterlab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything here; skip it, with the reason, where there is no browser."""
    here = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    for item in here:
        item.add_marker(pytest.mark.browser)
        if chromium() is None:
            reason = "Chromium is not installed (Debian: apt-get install chromium)"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows; tests put notebooks into it."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def lab_url(lab_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that runs as long as the tests do."""
    with jupyterlab(lab_folder, tmp_path_factory.mktemp("home")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One headless Chromium for the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        yield one
        one.close()


@pytest.fixture
def lab(lab_url: str, lab_folder: Path, browser: Any) -> Iterator[Lab]:
    """A fresh browser window on JupyterLab; at the end, no request may have left or failed."""
    with Lab(lab_url, lab_folder, browser) as one:
        yield one
        one.assert_stayed_home()
