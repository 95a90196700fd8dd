"""Follow a row through a block: what each of its parts received and gave."""

from typing import Any

_PARTS = ("norm1", "attn", "norm2", "ff")


def stages_of(block: Any, x: Any, at: int = -1, **more: Any) -> dict[str, Any]:
    """Call a block and return one row behind each of its stages, as `block` draws them.

    Args:
        block: a module with parts norm1, attn, norm2 and ff, each called once, pre-norm or
            post-norm; it is left as it was.
        x: (B, T, d_model); the first sequence is followed.
        at: which row of it.
        more: passed on to the block, a mask for instance.

    Returns:
        A row (d_model,) for each of norm1, attn, add1, norm2, ff and add2.

    Raises:
        ValueError: when the block lacks a part, or one was not called exactly once.
    """
    missing = [name for name in _PARTS if not hasattr(block, name)]
    if missing:
        raise ValueError(f"a block has the parts {', '.join(_PARTS)}; this lacks {missing}")
    came: dict[str, list[Any]] = {name: [] for name in _PARTS}
    gave: dict[str, list[Any]] = {name: [] for name in _PARTS}
    hooks = [getattr(block, name).register_forward_hook(_note(came, gave, name)) for name in _PARTS]
    try:
        out = block(x, **more)
    finally:
        for hook in hooks:
            hook.remove()
    wrong = {name: len(calls) for name, calls in gave.items() if len(calls) != 1}
    if wrong:
        raise ValueError(f"every part is called once in a block; calls that came: {wrong}")
    found = {name: gave[name][0] for name in _PARTS}
    # In a pre-norm block a norm reads the stream; in a post-norm block it reads a sum.
    if next(iter(came["order"])) == "norm1":
        found |= {"add1": came["norm2"][0], "add2": out}
    else:
        found |= {"add1": came["norm1"][0], "add2": came["norm2"][0]}
    return {name: value.detach()[0, at] for name, value in found.items()}


def _note(came: dict[str, list[Any]], gave: dict[str, list[Any]], name: str) -> Any:
    def note(_module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        came[name].append(inputs[0])
        gave[name].append(output)
        came.setdefault("order", []).append(name)

    return note
