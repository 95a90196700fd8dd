"""Checkpoints that a killed training leaves whole.

A checkpoint is a folder: weights.safetensors, state.pt (plain values and tensors, read with
weights_only=True) and manifest.json with the hash of both. It is written under another name, pushed
to the disk, and renamed: at any moment the folder holds whole checkpoints only. The last two and
the best are kept; one that is damaged all the same is passed over, and the one before it is used.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from torch import nn

from course_lib.errors import CourseError

KEPT = 2
_FORMAT = 1
_FILES = ("weights.safetensors", "state.pt")


def signature(model: nn.Module, settings: dict[str, Any]) -> dict[str, Any]:
    """Return what must agree before a checkpoint continues: model, its config, shapes, settings."""
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    return {
        "model": type(model).__name__,
        "config": repr(getattr(model, "config", None)),
        "shapes": shapes,
        "settings": settings,
    }


@dataclass
class Checkpoints:
    """The checkpoints of one training.

    Args:
        folder: made when missing.
        signature: of the model and the settings at hand.
        notes: what had to be passed over, in sentences.
    """

    folder: Path
    signature: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.lock = FileLock(self.folder / ".lock")

    def __enter__(self) -> "Checkpoints":
        try:
            self.lock.acquire(timeout=0)
        except Timeout:
            raise CourseError(
                f"another process trains into {self.folder}: wait for it, or give this training "
                "another folder"
            ) from None
        for left in self.folder.glob(".writing-*"):
            shutil.rmtree(left)
        return self

    def __exit__(self, *_: object) -> None:
        self.lock.release()

    def save(self, step: int, model: nn.Module, state: dict[str, Any]) -> None:
        """Write the checkpoint of `step` and forget what is no longer needed."""
        self._write(f"step-{step:08d}", model, state)
        last = self._steps()[:KEPT]
        best = {self._best_of(folder) for folder in last}
        self._forget({folder.name for folder in last} | {f"best-{step:08d}" for step in best})

    def save_best(self, step: int, model: nn.Module) -> None:
        """Write the weights of `step` as the best so far; the former best stays until `save`."""
        self._write(f"best-{step:08d}", model, {})

    def load(self, model: nn.Module) -> dict[str, Any] | None:
        """Copy the newest whole checkpoint's weights into the model and return its state.

        Raises:
            CourseError: when it is of another model, config or setting; both are named.
        """
        for folder in self._steps():
            try:
                state = self._read(folder, model)
            except (OSError, ValueError, KeyError) as problem:
                self.notes.append(f"Checkpoint {folder.name} is damaged ({problem}): passed over.")
            else:
                return state
        if self.notes:
            self.notes.append("No whole checkpoint is left: training starts at the beginning.")
        return None

    def load_best(self, step: int, model: nn.Module) -> None:
        """Copy the best weights, those of `step`, into the model."""
        self._read(self.folder / f"best-{step:08d}", model)

    def _write(self, name: str, model: nn.Module, state: dict[str, Any]) -> None:
        from safetensors.torch import save_model

        writing = self.folder / f".writing-{os.getpid()}"
        writing.mkdir()
        save_model(model, str(writing / _FILES[0]))
        torch.save(state, writing / _FILES[1])
        hashes = {file: _hash(writing / file) for file in _FILES}
        manifest = {"format": _FORMAT, "hashes": hashes, "best_step": state.get("best_step")}
        text = json.dumps({**manifest, "signature": self.signature})
        (writing / "manifest.json").write_text(text, encoding="utf-8")
        _push(writing / file for file in [*_FILES, "manifest.json", ""])
        target = self.folder / name
        if target.exists():  # damaged, and passed over: a whole one would have been continued
            shutil.rmtree(target)
        writing.rename(target)
        _push([self.folder])

    def _read(self, folder: Path, model: nn.Module) -> dict[str, Any]:
        from safetensors.torch import load_model

        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if manifest["format"] != _FORMAT:
            raise CourseError(f"{folder} was written by another version of the course: move it")
        for file, due in manifest["hashes"].items():
            if _hash(folder / file) != due:
                raise ValueError(f"{file} is not what was written")
        self._compare(folder, manifest["signature"])
        load_model(model, str(folder / _FILES[0]))
        return torch.load(folder / _FILES[1], map_location="cpu", weights_only=True)

    def _compare(self, folder: Path, theirs: dict[str, Any]) -> None:
        """Raise, naming both sides of the first difference."""
        ours = json.loads(json.dumps(self.signature))
        for name in ("model", "config", "shapes", "settings"):
            if ours[name] == theirs[name]:
                continue
            mine, found = ours[name], theirs[name]
            if isinstance(mine, dict):
                keys = sorted(set(mine) | set(found))
                key = next(key for key in keys if mine.get(key) != found.get(key))
                name, mine, found = f"{name}: {key}", mine.get(key), found.get(key)
            raise CourseError(
                f"{folder} belongs to another training ({name}): {found} there, {mine} here. "
                "Continue with what it was written with, or give this training another folder."
            )

    def _steps(self) -> list[Path]:
        """Return the checkpoints' folders, newest first."""
        return sorted(self.folder.glob("step-*"), reverse=True)

    def _best_of(self, folder: Path) -> int:
        try:
            text = (folder / "manifest.json").read_text(encoding="utf-8")
            return json.loads(text)["best_step"] or 0
        except (OSError, ValueError, KeyError):
            return 0

    def _forget(self, kept: set[str]) -> None:
        for folder in [*self._steps(), *self.folder.glob("best-*")]:
            if folder.name not in kept:
                # Renamed first: a kill half-way through must not leave half a checkpoint.
                shutil.rmtree(folder.rename(self.folder / f".writing-old-{folder.name}"))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _push(paths: Iterable[Path]) -> None:
    """Make sure that files and folders are on the disk; Windows has no such thing for folders."""
    for path in paths:
        if path.is_dir() and os.name == "nt":
            continue
        handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
