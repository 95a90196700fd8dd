"""Read a trained model that is handed in: a safetensors file of known tensors, and nothing else."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

MOST_BYTES = 5_000_000


def read_weights(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Return the tensors of a file.

    Raises:
        ValueError: what is wrong with it, for the learner.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ValueError(
                f"{path.name} has {size / 1e6:.1f} MB; {MOST_BYTES / 1e6:g} MB at most."
            )
        weights: dict[str, Tensor] = load(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(f"There is no file {path.name} beside the notebook.") from None
    except SafetensorError:
        raise ValueError(f"{path.name} is no safetensors file: write it with save_file.") from None
    problem = refuse_weights(weights, shapes)
    if problem is not None:
        raise ValueError(problem)
    return weights


def refuse_weights(
    weights: Mapping[str, Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> str | None:
    """Say what sets tensors apart from those that are due, or return None."""
    missing = [name for name in shapes if name not in weights]
    extra = [name for name in weights if name not in shapes]
    said = [f"lacks {name}" for name in missing[:1]]
    said += [f"has {name!r:.60} too much" for name in extra[:1]]
    if said:
        return f"The file {' and '.join(said)}: it holds the state dict of the class as asked for."
    for name, shape in shapes.items():
        tensor = weights[name]
        if tuple(tensor.shape) != tuple(shape):
            return f"{name} should have shape {tuple(shape)}; yours has {tuple(tensor.shape)}."
        if tensor.dtype != torch.float32:
            return f"{name} should be float32; yours is {str(tensor.dtype).removeprefix('torch.')}."
        if not bool(tensor.isfinite().all()):
            return f"{name} holds numbers that are not finite: training has diverged."
    return None
