"""Show a training while it runs: a bar on stdout, and in a notebook a picture of the loss.

The picture is one SVG that is replaced in place, with its numbers as alternative text; a front end
without HTML shows that text. COURSE_QUIET=1 switches the bar off; COURSE_STATIC=1, set while
notebooks are executed to be committed or compared, switches the picture off as well.
"""

import html
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from tqdm import tqdm

_WIDTH, _HEIGHT, _LEFT, _EDGE = 480, 200, 56, 24
_POINTS = 240
_SECONDS = 0.5


def describe(losses: Sequence[float], name: str = "") -> str:
    """Say in words where the loss began, where it is and how low it was.

    >>> describe([3.0, 1.5, 2.0], "letters")
    'letters: loss 3.000 at step 1, 2.000 at step 3, lowest 1.500'
    """
    whose = _whose(name)
    if not losses:
        return f"{whose}: no step yet"
    now = f"{losses[-1]:.3f} at step {len(losses)}"
    return f"{whose} {losses[0]:.3f} at step 1, {now}, lowest {min(losses):.3f}"


def thinned(losses: Sequence[float], points: int = _POINTS) -> list[tuple[float, float]]:
    """Return at most so many points, each the mean of its neighbours: (step, loss).

    >>> thinned([4.0, 2.0, 1.0, 1.0], points=2)
    [(1.5, 3.0), (3.5, 1.0)]
    """
    group = max(1, -(-len(losses) // points))
    parts = ((at, losses[at : at + group]) for at in range(0, len(losses), group))
    return [(at + (len(part) + 1) / 2, sum(part) / len(part)) for at, part in parts]


def picture(losses: Sequence[float], name: str = "") -> str:
    """Return the losses as one SVG: steps to the right, the loss upward, alternative text.

    The breaks between its elements keep their words apart where a front end takes the SVG away and
    leaves the text, as JupyterLab does in a notebook that it does not trust.
    """
    alt = html.escape(describe(losses, name), quote=True)
    points = thinned(losses)
    low, high = min((y for _, y in points), default=0.0), max((y for _, y in points), default=1.0)
    tall, wide = (high - low) or 1.0, max(1, len(losses) - 1)
    line = " ".join(
        f"{_LEFT + (x - 1) / wide * (_WIDTH - _LEFT - _EDGE):.1f},"
        f"{_HEIGHT - _EDGE - (y - low) / tall * (_HEIGHT - 2 * _EDGE):.1f}"
        for x, y in points
    )
    text = 'font-size="12" fill="currentColor"'
    return (
        f'<svg role="img" aria-label="{alt}" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'style="max-width:100%;height:auto;font-family:sans-serif"><title>{alt}.</title>\n'
        f'<polyline points="{line}" fill="none" stroke="#0072B2" stroke-width="2"/>'
        f'<text x="4" y="{_EDGE + 4}" {text}>{high:.3g}</text>\n'
        f'<text x="4" y="{_HEIGHT - _EDGE}" {text}>{low:.3g}</text>\n'
        f'<text x="{_LEFT}" y="14" {text}>{html.escape(_whose(name))}</text>\n'
        f'<text x="{_WIDTH - 4}" y="{_HEIGHT - 6}" {text} text-anchor="end">'
        f"step {len(losses)}</text></svg>"
    )


class LiveLoss:
    """The bar and the picture of one training.

    Args:
        name: shown beside both.
        steps: of the whole training.
        losses: grows while it trains; read, never changed.
        shown: False on every process but the first.
    """

    def __init__(self, name: str, steps: int, losses: Sequence[float], shown: bool = True) -> None:
        self.name, self.losses, self.shown, self.drawn = name, losses, shown, time.monotonic()
        quiet = not shown or os.environ.get("COURSE_QUIET") == "1"
        still = quiet or os.environ.get("COURSE_STATIC") == "1"
        # The picture first: a bar that is above it stays there as it was, at 0 %.
        self.handle: Any = None if still or not _in_notebook() else _handle(self._page())
        self.bar = tqdm(
            total=steps,
            initial=len(losses),
            desc=name,
            file=sys.stdout,
            # Taken away, it would leave an empty line below the picture.
            leave=self.handle is not None,
            disable=quiet,
        )

    def step(self) -> None:
        """Move the bar on, and twice a second write the loss beside it and draw it."""
        self.bar.update()
        if time.monotonic() - self.drawn > _SECONDS:
            self.draw()

    def draw(self) -> None:
        """Write and draw the loss now."""
        self.drawn = time.monotonic()
        if self.losses:
            self.bar.set_postfix_str(f"loss {self.losses[-1]:.3f}")
        if self.handle is not None:
            self.handle.update(self._page(), raw=True)

    def close(self) -> None:
        """Draw once more; in a terminal take the bar away."""
        self.draw()
        self.bar.close()

    def say(self, sentence: str, urgent: bool = False) -> None:
        """Print a sentence, on the first process alone; COURSE_QUIET=1 lets urgent ones through."""
        if self.shown and (urgent or os.environ.get("COURSE_QUIET") != "1"):
            tqdm.write(sentence, file=sys.stdout)

    def _page(self) -> dict[str, str]:
        words = describe(self.losses, self.name)
        return {"text/html": picture(self.losses, self.name), "text/plain": words}


def _whose(name: str) -> str:
    return f"{name}: loss" if name else "loss"


def _in_notebook() -> bool:
    """Tell whether a kernel runs this; IPython is asked only where it is loaded already."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    return getattr(shell, "kernel", None) is not None


def _handle(page: dict[str, str]) -> Any:
    from IPython.display import display

    return display(page, raw=True, display_id=True)
