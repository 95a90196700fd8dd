"""One training loop for the whole course, on Hugging Face Accelerate.

The same call trains on one CPU, on one GPU, and on several processes under `accelerate launch`. All
that a step does is a function of (weights, optimizer, seed, step): a training that was stopped and
continued gives the losses of one that was not.
"""

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from course_lib.errors import CourseError
from course_lib.training.accelerator import accelerator
from course_lib.training.best import Best
from course_lib.training.board import Board
from course_lib.training.checkpoints import Checkpoints, signature
from course_lib.training.config import FitConfig, History
from course_lib.training.gradients import Batches, gradients, rescale, seed_step
from course_lib.training.interrupt import Interrupt
from course_lib.training.live_loss import LiveLoss
from course_lib.training.objective import Loss, Objective
from course_lib.training.optimizer import adamw

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["FitConfig", "History", "fit"]

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
        self.history, self.best = History(), Best(config)
        self.pending: list[Tensor] = []
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
        while history.stopped_at < config.steps and not self.best.enough:
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
        seed_step(config.seed, step, acc.process_index, acc.device)
        if not self.model.training:
            self.model.train()
        rate = config.rate_at(step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        total, weight, share = gradients(self.objective, self.batches, step, config.accumulate, acc)
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
            rescale(self.model, share / weight)
        if config.clip is not None:
            acc.clip_grad_norm_(self.model.parameters(), config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return asked

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

    def _after(self, done: int, board: Board | None) -> None:
        """Evaluate, keep and report where the step asks for it."""
        config, last = self.config, done == self.config.steps
        due = done % config.evaluate_every == 0 if config.evaluate_every else False
        if self.evaluate is not None and (due or last):
            self._evaluate(self.evaluate, done)
        if board is not None:
            self._look()
            numbers = {"loss": self.history.losses[-1], "rate": self.history.rates[-1]}
            if self.evaluate is not None and (due or last):
                found = self.history.evaluations[-1].items()
                numbers |= {f"evaluation/{name}": value for name, value in found}
            board.write(numbers, done)
        if done % config.every == 0 or last or self.best.enough:
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
        if self.best.beats(numbers[key], [e[key] for e in history.evaluations[:-1]]):
            history.best_step, self.best.waiting = done, 0
            self.best.keep(self.model)
            if self.store is not None and self.acc.is_main_process:
                self.store.save_best(done, self.model)
        else:
            self.best.waiting += 1

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
        notes, self.best.waiting = self.history.notes, state["waiting"]
        self.history = History(**state["history"])
        self.history.notes = notes
        self.history.resumed_at, self.history.interrupted = self.history.stopped_at, False
        done = self.history.stopped_at
        notes.append(f"Continues after step {done} of {self.config.steps}.")
        if self.config.patience and self.history.best_step:
            trouble = self.best.recall(store, self.history.best_step, self.model)
            notes += [trouble] if trouble else []

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
            "waiting": self.best.waiting,
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
        if self.best.weights is not None and not history.interrupted:
            self.model.load_state_dict(self.best.weights)
            why = f"Stopped after step {history.stopped_at}: " if self.best.enough else ""
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

    def _board(self, stack: ExitStack) -> Board | None:
        """Open TensorBoard's writer, on the first process, when asked for."""
        if self.config.tensorboard is None or not self.acc.is_main_process:
            return None
        return Board(self.config.tensorboard, self.history.stopped_at, stack)
