"""How `fit` trains: settings, and what came of them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from course_lib.errors import CourseError
from course_lib.training.live_loss import describe, picture
from course_lib.training.schedules import constant, inverse_sqrt, warmup_cosine

Schedule = Literal["cosine", "constant", "inverse_sqrt"]
Precision = Literal["no", "bf16", "fp16"]
#: What may differ between a training and its continuation: it changes no number.
_FREE = {"checkpoints", "every", "tensorboard", "name", "compile", "evaluate_every", "patience"}


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of one training.

    Args:
        steps: updates of the weights.
        rate: the highest learning rate.
        warmup: steps in which the rate rises from almost nothing.
        schedule: of the rate after that.
        final_rate: where the cosine ends.
        weight_decay: of AdamW, on matrices alone.
        betas: of AdamW.
        clip: the greatest norm of all gradients together; None clips nothing.
        precision: "no" computes in float32; "bf16" and "fp16" by autocast, fp16 on a GPU only.
        accumulate: parts in which a batch goes through, one after another; same gradients, less
            memory.
        compile: whether torch.compile compiles the model; pays on a GPU, in long trainings.
        checkpoints: folder to write to and to continue from; None keeps nothing.
        every: steps between checkpoints.
        evaluate_every: steps between evaluations; None evaluates at the end alone.
        patience: evaluations in a row without a better one that end the training; the weights of
            the best come back. None trains to the end and keeps the last weights.
        best: the evaluation's number that decides.
        highest: whether the best is the highest; else the lowest.
        tensorboard: folder for TensorBoard; None writes none.
        name: shown beside the progress bar.
        seed: of dropout and whatever else draws from torch in a step.
    """

    steps: int
    rate: float = 3e-4
    warmup: int = 0
    schedule: Schedule = "cosine"
    final_rate: float = 0.0
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float | None = 1.0
    precision: Precision = "no"
    accumulate: int = 1
    compile: bool = False
    checkpoints: str | Path | None = None
    every: int = 100
    evaluate_every: int | None = None
    patience: int | None = None
    best: str = "loss"
    highest: bool = False
    tensorboard: str | Path | None = None
    name: str = "training"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "accumulate", "every", "evaluate_every", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise CourseError(f"{name}={value}: it is 1 or more")
        if self.patience and not self.evaluate_every:
            raise CourseError(f"patience={self.patience} needs evaluate_every: steps between tries")
        if self.warmup < 0 or self.warmup > self.steps:
            raise CourseError(f"warmup={self.warmup} is not between 0 and steps={self.steps}")
        if not 0 <= self.final_rate <= self.rate:
            raise CourseError(f"final_rate={self.final_rate} is not between 0 and rate={self.rate}")
        for name, known in (("schedule", Schedule), ("precision", Precision)):
            if getattr(self, name) not in get_args(known):
                told = ", ".join(get_args(known))
                raise CourseError(f"{name}={getattr(self, name)!r} is not one of {told}")

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0.

        >>> FitConfig(steps=10, rate=0.5, warmup=2).rate_at(0)
        0.25
        """
        if self.schedule == "constant":
            return self.rate * constant(step, warmup=self.warmup)
        if self.schedule == "inverse_sqrt":
            return self.rate * inverse_sqrt(step, warmup=self.warmup)
        final = self.final_rate / self.rate if self.rate else 0.0
        share = warmup_cosine(step, steps=self.steps, warmup=self.warmup, final=final)
        return self.rate * share

    def decides(self) -> dict[str, Any]:
        """Return the settings that change numbers, as a checkpoint keeps them."""
        # Only the cosine's rate depends on where the training ends: the others may go on.
        free = _FREE if self.schedule == "cosine" else _FREE | {"steps"}
        kept = {name: value for name, value in vars(self).items() if name not in free}
        return {**kept, "betas": list(self.betas)}


@dataclass
class History:
    """What came of a training.

    Args:
        losses: one a step, before its update.
        rates: the learning rate of each step.
        evaluations: what `evaluate` returned, each with its "step": updates done by then.
        stopped_at: updates done.
        resumed_at: updates that a checkpoint held; None for a new training.
        best_step: updates done when the evaluation was best; None without one.
        interrupted: whether Ctrl-C ended it.
        seconds: of all runs together.
        notes: what else happened, in sentences.
    """

    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    evaluations: list[dict[str, int | float]] = field(default_factory=list)
    stopped_at: int = 0
    resumed_at: int | None = None
    best_step: int | None = None
    interrupted: bool = False
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"History({describe(self.losses)})"

    def _repr_html_(self) -> str:
        """Return the losses as a picture with alternative text, for a notebook."""
        return picture(self.losses)
