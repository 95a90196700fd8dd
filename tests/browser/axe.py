"""Ask axe-core, from the copy that the package axe-playwright-python carries, what is inaccessible."""

from functools import cache
from importlib.resources import files
from typing import Any

_RUN = """async (where) => {
  const found = await window.axe.run({ include: [[where]] }, {
    resultTypes: ["violations"],
    // Whether a page has a main heading is JupyterLab's to say, not an output's.
    rules: { "page-has-heading-one": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, nodes: nodes.map((node) => `${node.html.slice(0, 160)} — ${node.failureSummary}`),
  }));
}"""


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Any, where: str) -> list[dict[str, Any]]:
    """Return axe-core's serious and critical violations inside everything that `where` selects."""
    # A page with an AMD loader would make axe define itself there instead of on `window`.
    page.evaluate("(source) => { const define = undefined; (0, eval)(source); }", _source())
    found = page.evaluate(_RUN, where)
    return [one for one in found if one["impact"] in ("serious", "critical")]
