"""Drive JupyterLab in a browser: open a notebook, run it, read what is on the page."""

import shutil
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlparse

import nbformat

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LOOPBACK = ("127.0.0.1", "localhost", "::1", None)

_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session?.kernel?.info;
}"""


def chromium() -> str | None:
    """Return the path of the system's Chromium, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Lab:
    """One browser window on a running JupyterLab.

    Args:
        url: of the server.
        folder: that the server shows.
        browser: of playwright.
        dark: use JupyterLab's dark theme.
    """

    def __init__(self, url: str, folder: Path, browser: Any, *, dark: bool = False) -> None:
        self.url, self.folder = url, folder
        self.context = browser.new_context(viewport={"width": 1200, "height": 900})
        self.page = self.context.new_page()
        self.outside: list[str] = []
        self.failed: list[str] = []
        self.context.on("request", self._note_request)
        self.context.on("requestfailed", self._note_failure)
        self.context.on("response", self._note_status)
        self.dark = dark

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    # What went over the wire.

    def _note_request(self, request: Any) -> None:
        place = urlparse(request.url)
        if place.scheme in ("http", "https", "ws", "wss") and place.hostname not in _LOOPBACK:
            self.outside.append(request.url)

    def _note_failure(self, request: Any) -> None:
        # A request that the page itself gave up, such as a poll at the end, has not failed.
        if request.failure != "net::ERR_ABORTED":
            self.failed.append(f"{request.url}: {request.failure}")

    def _note_status(self, response: Any) -> None:
        # JupyterLab asks for a workspace and for settings that may not exist yet.
        expected = "/lab/api/" in response.url or "/api/contents" in response.url
        if response.status >= 400 and not expected:
            self.failed.append(f"{response.url}: {response.status}")

    def assert_stayed_home(self) -> None:
        """Assert that nothing was asked of another machine, and that nothing failed."""
        assert self.outside == [], f"requests left this machine: {self.outside}"
        assert self.failed == [], f"requests failed: {self.failed}"

    # Notebooks.

    def write(self, name: str, *cells: str) -> str:
        """Write a notebook of code cells (Markdown when a cell starts with #) into the folder."""
        book = nbformat.v4.new_notebook()
        for i, source in enumerate(cells):
            make = (
                nbformat.v4.new_markdown_cell
                if source.startswith("# ")
                else nbformat.v4.new_code_cell
            )
            book.cells.append(make(source, id=f"cell-{i}"))
        book.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(book, self.folder / name)
        return name

    def open(self, name: str) -> None:
        """Open a notebook and wait until its kernel answers."""
        self.page.goto(f"{self.url}/lab/tree/{name}?reset")
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.sessionContext !== undefined", timeout=60_000
        )
        self.page.evaluate(_READY)
        if self.dark:
            self.theme("JupyterLab Dark")

    def run_all(self, timeout: float = 120) -> None:
        """Run every cell and wait until all have run."""
        self.page.set_default_timeout(timeout * 1000)
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.set_default_timeout(30_000)

    def run_cell(self, index: int) -> None:
        """Run one cell, counted over all cells, and wait for it."""
        self.page.evaluate(
            """async (index) => {
                const app = window.jupyterapp;
                app.shell.currentWidget.content.activeCellIndex = index;
                await app.commands.execute('notebook:run-cell');
            }""",
            index,
        )

    def type_into(self, index: int, source: str) -> None:
        """Replace the source of one cell, as typing would."""
        self.page.evaluate(
            """([index, source]) => {
                const cells = window.jupyterapp.shell.currentWidget.content.widgets;
                cells[index].model.sharedModel.setSource(source);
            }""",
            [index, source],
        )

    def save(self) -> None:
        """Save the open notebook."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")

    def shut_down(self) -> None:
        """Save, then end the kernel of the open notebook."""
        self.save()
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def theme(self, name: str) -> None:
        """Switch JupyterLab's theme and wait for it."""
        light = str("Dark" not in name).lower()
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        self.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
        self.page.wait_for_timeout(300)

    def unfold(self) -> None:
        """Make the window as tall as the notebook, so that nothing is clipped.

        JupyterLab's body has no height of its own; axe would take everything in it for hidden.
        """
        tall = "Math.ceil(document.querySelector('.jp-WindowedPanel-inner').scrollHeight) + 400"
        self.page.set_viewport_size({"width": 1200, "height": self.page.evaluate(tall)})
        self.page.add_style_tag(content="body { height: 100vh; }")
        self.page.wait_for_timeout(500)

    # What is on the page.

    def cell(self, index: int) -> Any:
        """Return the place of one cell on the page."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def outputs(self, index: int) -> str:
        """Return the text of a cell's outputs."""
        texts = self.cell(index).locator(".jp-OutputArea-output").all_inner_texts()
        return "\n".join(texts)

    def explorer(self, index: int) -> Any:
        """Return the live explorer in a cell's output, once it is there."""
        found = self.cell(index).locator(".course-explorer-live")
        found.wait_for(timeout=30_000)
        return found

    def errors(self) -> list[str]:
        """Return what notebook cells wrote to stderr or raised."""
        kinds = ("stderr", "error")
        where = ",".join(f'[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in kinds)
        return list(self.page.locator(where).all_inner_texts())

    def screenshot(self, path: Path) -> None:
        """Save a picture of the whole notebook area."""
        self.page.screenshot(path=str(path))
