"""Measure how long explorers take from a key press to the redrawn page, in a real JupyterLab.

    python bench/redraw.py [--presses 60]

Each press is a real key event in headless Chromium. The clock runs from the event to the end of the
frame that shows the new numbers. Exits 1 when a median is over its bar.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser import explorers
from browser.lab import CHROMIUM_ARGUMENTS, Lab, chromium
from browser.server import jupyterlab

WITH_PYTHON, WITHOUT = 60.0, 25.0
SLIDER, CELL = "input[type=range] >> nth=0", "[role=gridcell][tabindex='0']"

#: What is measured: a name, the cell, where the focus goes, which keys are pressed in turn.
LIVE = (
    ("vector playground", explorers.PLAYGROUND, "[role=slider] >> nth=0", ("ArrowUp", "ArrowDown")),
    ("temperature", explorers.TEMPERATURE, SLIDER, ("ArrowRight", "ArrowLeft")),
    ("soft lookup", explorers.LOOKUP, "input >> nth=1", ("ArrowRight", "ArrowLeft")),
    ("mask painter, paint", explorers.PAINTER, CELL, (" ",)),
)
MOVE = ("mask painter, move", explorers.PAINTER, CELL, ("ArrowRight", "ArrowLeft"))
ALONE = LIVE[:3]

_WATCH = """(root) => {
  window.courseTimes = [];
  let start = null;
  root.addEventListener("keydown", (event) => { start = event.timeStamp; }, true);
  const changed = () => {
    if (start === null) return;
    const from = start;
    start = null;
    // The message runs after the frame has been painted.
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => window.courseTimes.push(performance.now() - from);
      port2.postMessage(0);
    });
  };
  // The sentence read out holds the numbers: it changes when they do, not when a slider moves.
  const says = root.querySelector("[role=status]");
  const all = { childList: true, subtree: true, characterData: true };
  new MutationObserver(changed).observe(says, all);
}"""


def measure(lab: Lab, root: Any, focus: str, keys: tuple[str, ...], presses: int) -> list[float]:
    """Return the milliseconds from key press to redraw, one for each press."""
    root.scroll_into_view_if_needed()
    root.evaluate(_WATCH)
    root.locator(focus).focus()
    for i in range(presses + 5):
        lab.page.keyboard.press(keys[i % len(keys)])
        lab.page.wait_for_timeout(120)
    times = lab.page.evaluate("window.courseTimes")
    if len(times) < presses:
        raise SystemExit(f"only {len(times)} of {presses + 5} presses changed the page")
    # The first presses warm up.
    return [float(time) for time in times[5:]]


def run(lab: Lab, presses: int) -> list[tuple[str, str, float, list[float]]]:
    """Measure every explorer with Python behind it, then reopened without."""
    rows = []
    name = lab.write("redraw.ipynb", *explorers.CELLS)
    lab.open(name)
    lab.run_all()
    for what, index, focus, keys in LIVE:
        times = measure(lab, lab.explorer(index), focus, keys, presses)
        rows.append((what, "Python asked", WITH_PYTHON, times))
    what, index, focus, keys = MOVE
    moved = measure(lab, lab.explorer(index), focus, keys, presses)
    rows.append((what, "Python told", WITHOUT, moved))
    lab.shut_down()
    lab.page.goto("about:blank")
    lab.open(name)
    for what, index, focus, keys in ALONE:
        root = lab.cell(index).locator(".course-explorer-standin .course-explorer")
        root.wait_for()
        rows.append((what, "no kernel", WITHOUT, measure(lab, root, focus, keys, presses)))
    return rows


def table(rows: list[tuple[str, str, float, list[float]]]) -> bool:
    """Print one line for each explorer; return whether all are within their bars."""
    print(f"{'explorer':22}{'':14}{'median ms':>10}{'90 % ms':>10}{'bar':>8}")
    good = True
    for what, how, bar, times in rows:
        median, ninety = statistics.median(times), statistics.quantiles(times, n=10)[-1]
        good &= median <= bar
        mark = "✓" if median <= bar else "✗ over"
        print(f"{what:22}{how:14}{median:10.1f}{ninety:10.1f}{bar:8.0f}  {mark}")
    print(f"key press to painted frame, JupyterLab in headless Chromium; {_machine()}")
    return good


def _machine() -> str:
    cpus, load = os.cpu_count(), os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    python = platform.python_version()
    return (
        f"{platform.system()} {platform.machine()}, {cpus} cores, load {load:.1f}, Python {python}"
    )


def main() -> int:
    """Run the benchmark; 0 within the bars, 1 over them, 2 where there is no browser."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Time from key press to redraw, in JupyterLab.")
    parser.add_argument("--presses", type=int, default=60, help="for each explorer")
    presses = parser.parse_args().presses
    if chromium() is None:
        print("Chromium is not installed (Debian: apt-get install chromium)")
        return 2
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, home = Path(place, "work"), Path(place, "home")
        folder.mkdir()
        home.mkdir()
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS)
        )
        with jupyterlab(folder, home) as url, Lab(url, folder, browser) as lab:
            rows = run(lab, presses)
        browser.close()
    return 0 if table(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
