"""Mistakes in “Blocks in a row”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer


def _stack(
    forward: Callable[[Any, Tensor, Tensor | None], Tensor],
    make: Callable[[Callable[[], nn.Module], int], Any] = lambda make_block, n: nn.ModuleList(
        make_block() for _ in range(n)
    ),
    norm: bool = True,
) -> type[nn.Module]:
    """Return a class with this `forward`, whose blocks come from `make(make_block, n_layers)`."""

    class Stack(nn.Module):
        def __init__(
            self, make_block: Callable[[], nn.Module], d_model: int, n_layers: int
        ) -> None:
            super().__init__()
            self.blocks = make(make_block, n_layers)
            if norm:
                self.norm = nn.LayerNorm(d_model)

        def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
            return forward(self, x, mask)

    return Stack


def _through(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = block(x, mask)
    return x


def _stacked(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.norm(_through(self, x, mask))
    return out


def _each_from_start(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        out = block(x, mask)
    return self.norm(out)


def _norm_between(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = self.norm(block(x, mask))
    return x


def _summed(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in self.blocks:
        x = x + block(x, mask)
    out: Tensor = self.norm(x)
    return out


def _first_only(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    out: Tensor = self.norm(self.blocks[0](x, mask))
    return out


def _backwards(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for block in reversed(self.blocks):
        x = block(x, mask)
    out: Tensor = self.norm(x)
    return out


def _first_masked(self: Any, x: Tensor, mask: Tensor | None) -> Tensor:
    for place, block in enumerate(self.blocks):
        x = block(x, mask if place == 0 else None)
    out: Tensor = self.norm(x)
    return out


MISTAKES = (
    WrongAnswer(
        id="one_shared_module",
        code=_stack(_stacked, lambda make_block, n: nn.ModuleList([make_block()] * n)),
        says="Your layers are one and the same module, several times in the list.",
        why="[block] * n repeats a reference: there is one set of weights, and all layers learn the same thing. Call "
        "make_block once for each layer.",
    ),
    WrongAnswer(
        id="plain_list",
        code=_stack(_stacked, lambda make_block, n: [make_block() for _ in range(n)]),
        says="Your blocks are kept in a plain Python list.",
        why="PyTorch does not look inside a list: no optimizer would train these weights, no file would hold them. "
        "Wrap the list in nn.ModuleList.",
    ),
    WrongAnswer(
        id="no_last_norm",
        code=_stack(_through, norm=False),
        says="Your stack has no last norm.",
        why="Every pre-norm block has added to the stream and none has normalised it, so it has grown with depth. "
        "One norm after the last block puts it right: self.norm.",
    ),
    WrongAnswer(
        id="last_norm_unused",
        code=_stack(_through),
        says="Your stack makes a last norm and does not use it.",
        why="Every pre-norm block has added to the stream and none has normalised it, so it has grown with depth. "
        "Return self.norm(x).",
    ),
    WrongAnswer(
        id="norm_between",
        code=_stack(_norm_between),
        says="Your norm is applied after every block.",
        why="That turns the stack into a kind of post-norm, and the straight path through it is lost. It comes once, after the loop.",
    ),
    WrongAnswer(
        id="norm_first",
        code=_stack(lambda self, x, mask: _through(self, self.norm(x), mask)),
        says="Your norm comes before the first block.",
        why="The first block normalises for itself what it reads. It is the sum at the end that nobody has normalised.",
    ),
    WrongAnswer(
        id="each_from_start",
        code=_stack(_each_from_start),
        says="Every one of your blocks reads the stack's input; only the last one's answer is used.",
        why="A block reads what the one before it wrote: x = block(x, mask).",
    ),
    WrongAnswer(
        id="result_dropped",
        code=_stack(lambda self, x, mask: self.norm(x)),
        says="Your blocks' answers get lost: what you return is the norm of the input.",
        why="A block changes nothing in place, it returns a new stream. Keep it: x = block(x, mask).",
    ),
    WrongAnswer(
        id="extra_residual",
        code=_stack(_summed),
        says="Your loop adds each block's answer to x.",
        why="A block returns the whole stream, its residuals included. Added again, x counts twice a layer.",
    ),
    WrongAnswer(
        id="first_only",
        code=_stack(_first_only),
        says="Only your first block is used.",
        why="Perhaps a return stands inside the loop. All n_layers blocks come one after the other, then the norm.",
    ),
    WrongAnswer(
        id="backwards",
        code=_stack(_backwards),
        says="Your blocks run from the last to the first.",
        why="Block 0 reads the input. Loaded weights go by these numbers.",
    ),
    WrongAnswer(
        id="mask_ignored",
        code=_stack(lambda self, x, mask: _stacked(self, x, None)),
        says="Your blocks do not get the mask.",
        why="Every block attends, so every block needs it: block(x, mask).",
    ),
    WrongAnswer(
        id="mask_for_the_first",
        code=_stack(_first_masked),
        says="Only your first block gets the mask.",
        why="One layer without it is enough for a leak. Every block needs it: block(x, mask).",
    ),
    WrongAnswer(
        id="one_too_few",
        code=_stack(
            _stacked, lambda make_block, n: nn.ModuleList(make_block() for _ in range(1, n))
        ),
        says="Your stack has one block too few.",
        why="range(1, n) has n − 1 numbers; n_layers calls of make_block are due.",
    ),
)
