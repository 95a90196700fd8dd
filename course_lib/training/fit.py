"""One training loop for the whole course, on Hugging Face Accelerate.

The same call trains on one CPU, on one GPU, and on several processes under `accelerate launch`. All
that a step does is a function of (weights, optimizer, seed, step): a training that was stopped and
continued gives the losses of one that was not.
"""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.training.accelerator import accelerator
from course_lib.training.checkpoints import Checkpoints, signature
from course_lib.training.config import FitConfig, History
from course_lib.training.interrupt import Interrupt
from course_lib.training.live_loss import LiveLoss
from course_lib.training.objective import Loss, Objective, scalar
from course_lib.training.optimizer import adamw
from course_lib.training.parts import moved, part, rows

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["FitConfig", "History", "fit"]

Batches = Callable[[int], Any]
Evaluate = Callable[[nn.Module], dict[str, float]]
After = Callable[[Any, int], None]
#: Steps between looks at the losses on a GPU: each look waits for it.
_LOOK = 20


def fit(
    model: nn.Module,
    batches: Batches,
    loss: Loss,
    config: FitConfig,
    *,
    evaluate: Evaluate | None = None,
    after: After | None = None,
) -> History:
    """Train a model in place and return its losses; it is left in evaluation mode.

    The model moves to the GPU where there is one, and so does every batch. Several processes, and
    `accumulate`, share out the rows of each batch: the result is that of one process.

    Args:
        model: its attributes and methods are at the loss's disposal.
        batches: `batches(step)`, the batch of a step from 0; the same at every call.
        loss: `loss(model, batch)`, the mean over the batch's rows; or, when it is a mean over
            something else, such as tokens that are no padding, the pair (total, count).
        config: how long, how fast, and what is kept.
        evaluate: `evaluate(model)`, numbers by name; called without gradients.
        after: `after(model, done)`, called behind every update, such as an average of weights; what
            it keeps in the model's buffers or parameters, checkpoints keep.

    Raises:
        CourseError: for a model, a batch or a loss that cannot be trained with, a loss that is not
            finite, or a checkpoint of another training.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices), ExitStack() as stack:
        run = _Run(model, batches, loss, config, evaluate, after)
        return run.train(stack)


class _Run:
    """The state of one call of `fit`."""

    def __init__(
        self,
        model: nn.Module,
        batches: Batches,
        loss: Loss,
        config: FitConfig,
        evaluate: Evaluate | None,
        after: After | None,
    ) -> None:
        if not callable(batches):
            raise CourseError("batches is a function of the step: batches(0) is the first batch")
        if config.patience and evaluate is None:
            raise CourseError(
                f"patience={config.patience} needs evaluate=: a function of the model"
            )
        self.config, self.batches, self.evaluate, self.after = config, batches, evaluate, after
        optimizer = adamw(model, config.rate, config.weight_decay, config.betas)
        self.acc: Accelerator = accelerator(config.precision)
        self.model = model.to(self.acc.device)
        self.optimizer = self.acc.prepare_optimizer(optimizer)
        called: Any = torch.compile(model) if config.compile else model
        self.objective: Any = Objective(called, loss)
        if self.acc.num_processes > 1:
            self.objective = self.acc.prepare_model(self.objective)
        self.history, self.waiting = History(), 0
        self.pending: list[Tensor] = []
        self.best_weights: dict[str, Tensor] | None = None
        self.store: Checkpoints | None = None
        self.saved_at: int | None = None

    def train(self, stack: ExitStack) -> History:
        """Continue where a checkpoint stands, take the steps, and put things in order."""
        start = time.perf_counter()
        self._open(stack)
        self.before = self.history.seconds
        self.start = start
        config, history = self.config, self.history
        self.live = LiveLoss(config.name, config.steps, history.losses, self.acc.is_main_process)
        stack.callback(self.live.close)
        self._say_notes()
        board = self._board(stack)
        interrupt = stack.enter_context(Interrupt())
        while history.stopped_at < config.steps and not self._enough():
            asked = self._step(history.stopped_at, interrupt)
            history.stopped_at += 1
            if self.after is not None:
                self.after(self.model, history.stopped_at)
            self._after(history.stopped_at, board)
            if asked:
                self._interrupted()
                break
        return self._finish()

    def _step(self, step: int, interrupt: Interrupt) -> bool:
        """Take one step; return whether any process was asked to stop."""
        config, acc = self.config, self.acc
        self._seed(step)
        if not self.model.training:
            self.model.train()
        rate = config.rate_at(step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total, weight, share = self._gradients(step)
        asked = interrupt.asked
        if acc.num_processes > 1:
            told = torch.stack([total.double(), weight.double(), weight.new_tensor(asked).double()])
            total, weight, stop = acc.reduce(told, "sum").unbind()
            asked = bool(stop > 0)
        mean = total / weight
        self.pending.append(mean)
        self.history.rates.append(rate)
        if mean.device.type == "cpu" or len(self.pending) >= _LOOK:
            self._look()
        if share is not None:
            self._rescale(share / weight)
        if config.clip is not None:
            acc.clip_grad_norm_(self.model.parameters(), config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return asked

    def _gradients(self, step: int) -> tuple[Tensor, Tensor, float | None]:
        """Go through this process's parts of a batch, forward and backward.

        Returns the sum of losses, what to divide it by, and, when the gradients were divided by
        something else, by what.
        """
        acc, accumulate = self.acc, self.config.accumulate
        n_parts = accumulate * acc.num_processes
        batch = self._batch(step)
        n_rows = rows(batch) if n_parts > 1 else 1
        total = weight = torch.zeros((), device=acc.device)
        counted = False
        for index in range(accumulate):
            mine = batch
            if n_parts > 1:
                mine = part(batch, acc.process_index * accumulate + index, n_parts)
            last = index == accumulate - 1
            with nullcontext() if last else acc.no_sync(self.objective):
                with acc.autocast():
                    found = self.objective(moved(mine, acc.device))
                counted = isinstance(found, tuple)
                value, count = found if counted else (found, rows(mine) if n_parts > 1 else 1)
                value = scalar(value, step)
                whole = value if counted else value * count
                # Processes are averaged, not summed, when their gradients meet.
                acc.backward(whole * (acc.num_processes / (n_rows or 1)))
            total = total + whole.detach()
            weight = weight + torch.as_tensor(count, device=acc.device)
        return total, weight, float(n_rows or 1) if counted else None

    def _batch(self, step: int) -> Any:
        batch = self.batches(step)
        if batch is None or rows(batch) == 0:
            what = "nothing" if batch is None else "a batch of no rows"
            raise CourseError(
                f"batches({step}) returned {what}: return tensors with a row for each example"
            )
        return batch

    def _rescale(self, factor: Tensor) -> None:
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]
        torch._foreach_mul_(gradients, factor.to(gradients[0].dtype))

    def _seed(self, step: int) -> None:
        """Seed torch by (seed, step, process): what a step draws depends on nothing before it."""
        seed = (self.config.seed * 1_000_003 + step) * 4096 + self.acc.process_index
        torch.default_generator.manual_seed(seed)
        if self.acc.device.type == "cuda":
            torch.cuda.manual_seed(seed)
        elif self.acc.device.type == "mps":
            torch.mps.manual_seed(seed)

    def _look(self) -> None:
        """Bring losses over from the device and stop at the first that is no number."""
        if not self.pending:
            return
        found = torch.stack(self.pending).tolist()
        self.pending.clear()
        for value in found:
            if not math.isfinite(value):
                self._not_finite(value)
            self.history.losses.append(value)
            self.live.step()

    def _not_finite(self, value: float) -> None:
        step, config = len(self.history.losses), self.config
        raise CourseError(
            f"the loss is {value} at step {step}, at a learning rate of {config.rate_at(step):.2g}."
            f" Try a lower rate (now {config.rate:g}), a longer warm-up (now {config.warmup}), "
            f"a smaller clip (now {config.clip}) or precision='no' (now {config.precision!r}); "
            f"look at batches({step}) for empty rows, and at masks that let nothing through."
        )

    def _after(self, done: int, board: Any) -> None:
        """Evaluate, keep and report where the step asks for it."""
        config, last = self.config, done == self.config.steps
        due = done % config.evaluate_every == 0 if config.evaluate_every else False
        if self.evaluate is not None and (due or last):
            self._evaluate(self.evaluate, done)
        if board is not None:
            self._look()
            board.add_scalar("loss", self.history.losses[-1], done)
            board.add_scalar("rate", self.history.rates[-1], done)
            if self.evaluate is not None and (due or last):
                for name, value in self.history.evaluations[-1].items():
                    board.add_scalar(f"evaluation/{name}", value, done)
        if done % config.every == 0 or last or self._enough():
            self._save()

    def _evaluate(self, evaluate: Evaluate, done: int) -> None:
        """Ask the first process's evaluation and tell all, so that they stop together."""
        self._look()
        found: list[Any] = [None]
        if self.acc.is_main_process:
            self.model.eval()
            with torch.no_grad():
                found = [evaluate(self.model)]
        if self.acc.num_processes > 1:
            torch.distributed.broadcast_object_list(found)
        history, key = self.history, self.config.best
        numbers = {name: float(value) for name, value in found[0].items()}
        history.evaluations.append({"step": done, **numbers})
        if key not in numbers:
            if self.config.patience or key != "loss":
                named = ", ".join(numbers) or "nothing"
                raise CourseError(f"best={key!r} is not in what evaluate returned: {named}")
            return
        if self._is_best(numbers[key]):
            history.best_step, self.waiting = done, 0
            self._keep_best(done)
        else:
            self.waiting += 1

    def _is_best(self, value: float) -> bool:
        sign = -1 if self.config.highest else 1
        before = [e[self.config.best] for e in self.history.evaluations[:-1]]
        return math.isfinite(value) and all(sign * value < sign * b for b in before if b == b)

    def _keep_best(self, done: int) -> None:
        if self.config.patience:
            weights = self.model.state_dict().items()
            self.best_weights = {name: value.detach().clone() for name, value in weights}
        if self.store is not None and self.acc.is_main_process:
            self.store.save_best(done, self.model)

    def _enough(self) -> bool:
        return self.config.patience is not None and self.waiting >= self.config.patience

    def _open(self, stack: ExitStack) -> None:
        """Continue from the newest whole checkpoint, if there is one."""
        if self.config.checkpoints is None:
            return
        marks = signature(self.model, self.config.decides())
        store = Checkpoints(Path(self.config.checkpoints), marks)
        if self.acc.is_main_process:
            stack.enter_context(store)
        self.acc.wait_for_everyone()
        self.store = store
        state = store.load(self.model)
        self.history.notes += store.notes
        if state is None:
            return
        self.optimizer.load_state_dict(state["optimizer"])
        if self.acc.scaler is not None and state["scaler"]:
            self.acc.scaler.load_state_dict(state["scaler"])
        notes, self.waiting = self.history.notes, state["waiting"]
        self.history = History(**state["history"])
        self.history.notes = notes
        self.history.resumed_at, self.history.interrupted = self.history.stopped_at, False
        done = self.history.stopped_at
        notes.append(f"Continues after step {done} of {self.config.steps}.")
        if self.config.patience and self.history.best_step:
            self._recall_best(self.history.best_step)

    def _recall_best(self, step: int) -> None:
        """Read the best weights into memory, around those of the checkpoint."""
        now = {name: value.clone() for name, value in self.model.state_dict().items()}
        try:
            self.store.load_best(step, self.model)
        except (OSError, ValueError, KeyError) as problem:
            self.history.notes.append(f"The best weights are damaged ({problem}): passed over.")
        else:
            weights = self.model.state_dict().items()
            self.best_weights = {name: value.clone() for name, value in weights}
        self.model.load_state_dict(now)

    def _save(self) -> None:
        """Write a checkpoint on the first process; never after a loss that is no number."""
        self._look()
        history = self.history
        history.seconds = self.before + time.perf_counter() - self.start
        if self.store is None or not self.acc.is_main_process:
            return
        state = {
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.acc.scaler.state_dict() if self.acc.scaler is not None else None,
            "history": {**vars(history), "notes": []},
            "waiting": self.waiting,
            "best_step": history.best_step,
        }
        self.store.save(history.stopped_at, self.model, state)
        self.saved_at = history.stopped_at

    def _interrupted(self) -> None:
        self.history.interrupted = True
        if self.saved_at != self.history.stopped_at:
            self._save()
        kept = f"; {self.config.checkpoints} holds it" if self.store else ""
        self._note(
            f"Interrupted after step {self.history.stopped_at} of {self.config.steps}{kept}. "
            "What follows uses the model as it is."
        )

    def _finish(self) -> History:
        """Put the best weights back where asked, and leave the model ready to use."""
        self._look()
        history = self.history
        history.seconds = self.before + time.perf_counter() - self.start
        if self.best_weights is not None and not history.interrupted:
            self.model.load_state_dict(self.best_weights)
            why = f"Stopped after step {history.stopped_at}: " if self._enough() else ""
            self._note(f"{why}best {self.config.best} after step {history.best_step}, restored.")
        self.acc.wait_for_everyone()
        self.model.eval()
        return history

    def _note(self, sentence: str) -> None:
        self.history.notes.append(sentence)
        self.live.say(sentence)

    def _say_notes(self) -> None:
        for sentence in self.history.notes:
            self.live.say(sentence, urgent=not sentence.startswith("Continues"))

    def _board(self, stack: ExitStack) -> Any:
        """Open TensorBoard's writer, on the first process, when asked for."""
        if self.config.tensorboard is None or not self.acc.is_main_process:
            return None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise CourseError(
                "tensorboard=… needs the package tensorboard, which is not installed: "
                "pip install tensorboard, or leave tensorboard out"
            ) from None
        folder, done = str(self.config.tensorboard), self.history.stopped_at
        return stack.enter_context(SummaryWriter(folder, purge_step=done or None))
