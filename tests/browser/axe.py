"""Ask axe-core, in the copy that axe-playwright-python carries, what is inaccessible."""

from functools import cache
from importlib.resources import files
from typing import Any

_RUN = """async (where) => {
  const found = await window.axe.run({ include: [[where]] });
  const count = (results) => results
    .filter(({ id }) => id === "color-contrast")
    .reduce((sum, { nodes }) => sum + nodes.length, 0);
  return {
    contrasts: count(found.passes) + count(found.violations),
    violations: found.violations.map(({ id, impact, help, nodes }) => ({
      id, impact, help,
      nodes: nodes.map((node) => `${node.html.slice(0, 160)} — ${node.failureSummary}`),
    })),
  };
}"""


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Any, where: str) -> list[dict[str, Any]]:
    """Return axe-core's serious and critical violations inside everything that `where` selects.

    axe leaves out what it takes for clipped, so the page must be unfolded (`Lab.unfold`); that it
    did look at the contrast of texts is asserted, lest an empty list mean nothing.
    """
    # A page with an AMD loader would make axe define itself there instead of on `window`.
    page.evaluate("(source) => { const define = undefined; (0, eval)(source); }", _source())
    found = page.evaluate(_RUN, where)
    texts = page.locator(f"{where}:visible").count()
    assert found["contrasts"] >= texts / 2, f"{found['contrasts']} contrasts in {texts} places"
    return [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
