"""The one Accelerator of this process.

Accelerate keeps the precision in a state that all Accelerators of a process share, and refuses to
change it: `fit` owns that state. Loaded only when something trains.

Several processes on one CPU, to try things out (`--cpu` alone starts one process):
ACCELERATE_USE_CPU=true accelerate launch --multi_gpu --num_processes 2 train.py
"""

from typing import TYPE_CHECKING

from course_lib.errors import CourseError

if TYPE_CHECKING:
    from accelerate import Accelerator


def accelerator(precision: str) -> "Accelerator":
    """Return a fresh Accelerator on the state that this process has, or starts now.

    Raises:
        CourseError: when this process computes in another precision already, when fp16 has no GPU,
            or when `accelerate launch` asked for a way to train that `fit` does not offer.
    """
    import torch
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState, DistributedType, PartialState

    # Processes are counted first: a refusal must not leave a half-made state behind.
    if precision == "fp16" and (device := PartialState().device).type == "cpu":
        raise CourseError(
            f"precision='fp16' needs a GPU, this is {device.type}: take 'bf16' or 'no'"
        )
    state = AcceleratorState._shared_state
    if state and (running := AcceleratorState().mixed_precision) != precision:
        raise CourseError(
            f"this process trains with precision={running!r} already, and Accelerate cannot change "
            f"to {precision!r}: restart the kernel (or the program), or use {running!r}."
        )
    found = Accelerator(mixed_precision=precision)
    offered = {DistributedType.NO, DistributedType.MULTI_CPU, DistributedType.MULTI_GPU}
    if found.distributed_type not in offered:
        raise CourseError(
            f"fit copies the model to every process; accelerate launch asked for "
            f"{found.distributed_type.value}: launch with --multi_gpu instead."
        )
    if found.device.type == "cuda":
        torch.cuda.set_device(found.device)
    return found
