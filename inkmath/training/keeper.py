"""What a training of symbols keeps as it goes: history, best weights, a checkpoint, where branches ended."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING, Any

import keras

from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from inkmath.dataset.arrays import Array
    from inkmath.params import Train
    from inkmath.training.checkpoint import Checkpoint


SECONDS_BETWEEN_LINES = 60.0
"""Where there is no terminal, a long epoch says how far it is so often."""


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps the best weights and a checkpoint, says how it goes, and stops when it is time.

    Checkpoints are written after each epoch and, in long ones, every few minutes. Which epoch comes next is told by the
    length of the history and the number of branches that have ended.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        settings: Train,
        on_epoch: Callable[[int, Mapping[str, float]], None] | None,
        say: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._checkpoint, self._settings, self._on_epoch, self._say = checkpoint, settings, on_epoch, say
        self._fork = settings.epochs // 2
        self._branch_length = settings.epochs - self._fork
        self._wanted = settings.epochs + (settings.branches - 1) * self._branch_length  # rows of history, in the end
        self._started = time.monotonic()
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_weights: list[Array] = []
        self.ended: list[list[Array]] = []  # the weights at the end of each branch before this one
        self.step = 0  # how many steps of the epoch that comes next are done
        self._sums: list[Array] = []  # what the figures of that epoch are made of, where it was interrupted
        self.began_at = 0
        self.finished = True

    @property
    def done(self) -> bool:
        """Whether no further epoch is wanted."""
        waited = len(self.history) - 1 - self.best_epoch
        return len(self.history) >= self._wanted or waited >= self._settings.patience

    @property
    def _branch(self) -> int:
        """The branch that is trained, counted from 0."""
        return len(self.ended)

    @property
    def _epoch(self) -> int:
        """The epoch of the branch that comes next or is under way, counted from 0."""
        return len(self.history) - self._branch * self._branch_length

    def _named(self, epoch: int) -> str:
        branches = self._settings.branches
        part = f", branch {self._branch + 1}/{branches}" if branches > 1 and epoch >= self._fork else ""
        return f"epoch {epoch + 1}/{self._settings.epochs}{part}"

    def next_epoch(self) -> int:
        """The epoch that comes next, counted from 0; where a branch has ended, the first one of another branch.

        Raises:
            CheckpointError: the file of the trunk is gone or of another training.
        """
        if self._epoch < self._settings.epochs:
            return self._epoch
        self.ended.append([variable.numpy() for variable in self.model.weights])
        self._checkpoint.branch_off(self._branch)
        return self._fork

    def resume(self) -> None:
        """Go on from the checkpoint, if it is of this very training.

        Raises:
            CheckpointError: it is damaged, or the trunk of a branch to come is gone.
        """
        restored = self._checkpoint.resume()
        if restored is None:
            return
        state, parts = restored
        self.history, self.best_epoch = state["history"], state["best_epoch"]
        # Older checkpoints were written between epochs only.
        self.step, self._sums = state.get("step", 0), parts.pop("sums", [])
        self.best_weights, self.ended = parts.pop("best", []), list(parts.values())
        self.began_at = len(self.history)
        if len(self.history) >= self._fork and self._branch + 1 < self._settings.branches:
            self._checkpoint.require_trunk()
        if self._on_epoch is not None:
            for epoch, row in enumerate(self.history):
                self._on_epoch(epoch, row)
        done = f"epoch {self.began_at} of {self._wanted}" + (f" and {self.step} steps" if self.step else "")
        self._say(f"resuming after {done}, from {self._checkpoint.path}")

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._last = self._told = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        if self._sums:  # of the steps before the interruption; only now Keras has variables to add them to
            for variable, earlier in zip(self.model.metrics_variables, self._sums, strict=True):
                variable.assign(variable.value.numpy() + earlier)
            self._sums = []
        self.step += 1
        left = self.params["steps"] - batch - 1
        if not left:  # what the epoch itself says and saves comes next
            return
        if self._checkpoint.due:
            self._checkpoint.save(*self._kept())
        if time.monotonic() - self._told > SECONDS_BETWEEN_LINES and not sys.stdout.isatty():
            self._say(f"{self._named(self._epoch)}: {self.step} of {self.step + left} steps")
            self._told = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        row = {name.replace("val_", "valid_", 1): float(value) for name, value in (logs or {}).items()}
        # On several devices a constant rate is a variable of each of them, which is no number.
        row["learning_rate"] = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        if not math.isfinite(row["loss"] + row["valid_loss"]):
            raise TrainingError(f"epoch {epoch + 1}: the loss is infinite or no number; lower train.learning_rate")
        self.history.append(row)
        self.step = 0
        better = not self.best_weights or _merit(row) > _merit(self.history[self.best_epoch])
        if better or self._settings.keep == "last":
            self.best_epoch = len(self.history) - 1
            self.best_weights = [variable.value.numpy() for variable in self.model.variables]
        now = self._told = time.monotonic()
        if self._settings.branches > 1 and len(self.history) == self._fork:
            self._checkpoint.save_trunk(*self._kept())  # before the checkpoint, which asks for it from here on
        self._checkpoint.save(*self._kept())
        if self._on_epoch is not None:
            self._on_epoch(len(self.history) - 1, row)
        if not sys.stdout.isatty():
            figures = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
            self._say(f"{self._named(epoch)}  {now - self._last:.1f} s  {figures}")
        duration, self._last = now - self._last, now
        if self.done:
            self.model.stop_training = True
            self._checkpoint.drop_trunk()
        elif self._settings.max_minutes and now - self._started + duration > 60 * self._settings.max_minutes:
            self.model.stop_training = True
            self.finished = False
            self._say(f"stopped after epoch {epoch + 1}: another would pass max_minutes")
            self._say("it goes on with: dvc repro -f -s train")

    def _kept(self) -> tuple[dict[str, Any], dict[str, Sequence[Array]]]:
        """What a checkpoint has beside model and optimizer."""
        sums = [variable.value.numpy() for variable in self.model.metrics_variables] if self.step else []
        ended = {f"ended{branch}": values for branch, values in enumerate(self.ended)}
        state = {"history": self.history, "step": self.step, "best_epoch": self.best_epoch}
        return state, {"best": self.best_weights, "sums": sums, **ended}


def _merit(row: Mapping[str, float]) -> tuple[float, float]:
    return row["valid_accuracy"], -row["valid_loss"]
