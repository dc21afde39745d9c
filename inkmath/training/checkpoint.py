"""Checkpoints: everything a training needs to go on as if it had never stopped, in one file that is whole or absent.

A checkpoint is an npz of the model's variables and the optimizer's in their order (the seed states of dropout are among
the model's), of further arrays, and of a JSON state. Randomness outside the model should be drawn from generators
seeded by (seed, epoch, step), so that no generator needs to be saved.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inkmath.dataset.arrays import ArraysError, read_arrays, write_arrays
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import keras

    from inkmath.dataset.arrays import Array

NETWORKS = Path(__file__).parents[1] / "models"

SECONDS_BETWEEN = 300.0
"""Within an epoch a checkpoint is written when the last one is so old."""


class CheckpointError(TrainingError):
    """A checkpoint is damaged or belongs to another model; the message names the file and what to do."""


class Restored(NamedTuple):
    """What a checkpoint has beside the variables that it set: a state, and lists of arrays by name, none empty."""

    state: dict[str, Any]
    parts: dict[str, list[Array]]


class Checkpoint:
    """The file that a training goes on from, and the one beside it, as ``-trunk``, that its branches begin from.

    Args:
        path: an ``.npz`` file.
        model: all its variables are kept, trained or not.
        optimizer: all its variables are kept, the step count among them.
        fingerprint: what a file must have been made with to be gone on from; see :func:`fingerprint`.
        say: takes lines for the user.
    """

    def __init__(
        self,
        path: Path,
        model: keras.Model,
        optimizer: keras.Optimizer,
        fingerprint: str,
        say: Callable[[str], None],
    ) -> None:
        self.path, self._trunk = path, path.with_stem(f"{path.stem}-trunk")
        self._model, self._optimizer, self._fingerprint, self._say = model, optimizer, fingerprint, say
        self._saved = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether another is wanted, even within an epoch."""
        return time.monotonic() - self._saved > SECONDS_BETWEEN

    def save(self, state: Mapping[str, Any], parts: Mapping[str, Sequence[Array]]) -> None:
        """Write a checkpoint over the one before.

        Args:
            state: anything JSON can say: epoch, history, best figure so far.
            parts: further arrays, such as averaged or best weights.
        """
        self._write(self.path, state, parts)
        self._saved = time.monotonic()

    def save_trunk(self, state: Mapping[str, Any], parts: Mapping[str, Sequence[Array]]) -> None:
        """Write what branches begin from; see :meth:`save`."""
        self._write(self._trunk, state, parts)

    def resume(self) -> Restored | None:
        """Set model and optimizer to the checkpoint; None where there is none, or another training's, which is said.

        Raises:
            CheckpointError: the file is damaged, or the model or the optimizer has other variables.
        """
        if not self.path.exists():
            return None
        content, state = _read(self.path)
        if state.get("fingerprint") != self._fingerprint:
            self._say(f"{self.path} is of another training (data, seed, parameters or network differ): starting anew")
            return None
        return self._restored(self.path, content, state)

    def require_trunk(self, instead: str = "") -> None:
        """Make sure that a branch can begin.

        Args:
            instead: what can be done where it cannot, other than to start anew.

        Raises:
            CheckpointError: the file is gone, damaged or of another training.
        """
        self._read_trunk(instead)

    def branch_off(self, branch: int, instead: str = "") -> Restored:
        """Set model and optimizer to the trunk, and give a branch, counted from 0, dropout of its own.

        Its generators are those of the trunk, moved on by its number.

        Raises:
            CheckpointError: as for :meth:`require_trunk`.
        """
        restored = self._restored(self._trunk, *self._read_trunk(instead))
        for variable in self._model.variables:
            if variable.name == "seed_generator_state":
                seed, drawn = variable.numpy().tolist()
                variable.assign([seed + branch, drawn])
        return restored

    def drop_trunk(self) -> None:
        """Remove what no further branch begins from."""
        self._trunk.unlink(missing_ok=True)

    def _read_trunk(self, instead: str) -> tuple[dict[str, Array], dict[str, Any]]:
        content, state = _read(self._trunk) if self._trunk.exists() else ({}, {})
        if state.get("fingerprint") != self._fingerprint:
            remedy = f"{instead}, or delete" if instead else "delete"
            raise CheckpointError(
                f"{self._trunk}: not there, or of another training, so that no branch can be begun; "
                f"{remedy} {self.path} to start anew"
            )
        return content, state

    def _restored(self, path: Path, content: Mapping[str, Array], state: dict[str, Any]) -> Restored:
        if not self._optimizer.built:
            self._optimizer.build(self._model.trainable_variables)
        assign(
            [*self._model.variables, *self._optimizer.variables],
            [*_part(content, "model", path), *_part(content, "optimizer", path)],
            path,
        )
        names = dict.fromkeys(name.split("/")[1] for name in content if name.startswith("array/"))
        return Restored(state, {name: _part(content, f"array/{name}", path) for name in names})

    def _write(self, path: Path, state: Mapping[str, Any], parts: Mapping[str, Sequence[Array]]) -> None:
        variables = {"model": self._model.variables, "optimizer": self._optimizer.variables}
        lists = {f"array/{name}": arrays for name, arrays in parts.items()}
        lists |= {name: [one.value.numpy() for one in those] for name, those in variables.items()}
        content = {f"{name}/{index}": array for name, arrays in lists.items() for index, array in enumerate(arrays)}
        told = json.dumps({"fingerprint": self._fingerprint, **state})
        write_arrays(path, content | {"state": np.frombuffer(told.encode(), np.uint8)})


def fingerprint(knobs: Any, network: Path, given: Iterable[bytes | memoryview]) -> str:
    """What makes a training this one, in a few letters.

    Args:
        knobs: anything JSON can say. network: the module that builds it.
        given: all else that decides what comes out, data and weights begun from among it, as bytes.
    """
    digest = hashlib.blake2b(json.dumps(knobs, sort_keys=True).encode(), digest_size=16)
    digest.update(network_code(network))
    for one in given:
        digest.update(one)
    return digest.hexdigest()


def network_code(file: Path) -> bytes:
    """The source of the module that builds a network, and of those of `inkmath.models` that it imports.

    Weights that a network learned mean nothing to another of the same shapes: it belongs to a training's fingerprint.
    """
    pending, code = [file], dict[Path, bytes]()
    while pending:
        module = pending.pop()
        if module not in code:
            code[module] = module.read_bytes()
            imported = re.findall(r"^from inkmath\.models\.(\w+) import", code[module].decode(), re.MULTILINE)
            pending += [NETWORKS / f"{name}.py" for name in imported]
    return b"".join(code[module] for module in sorted(code))


def assign(variables: Sequence[keras.Variable], values: Sequence[Array], path: str | Path) -> None:
    """Set variables to values of the same shapes, or none of them.

    Raises:
        CheckpointError: the shapes differ; ``path`` is named as where the values come from.
    """
    wanted, given = [tuple(variable.shape) for variable in variables], [value.shape for value in values]
    if wanted != given:
        raise CheckpointError(
            f"{path}: belongs to another model ({len(given)} variables of other shapes than the {len(wanted)} here); "
            "remove it, or set the parameters it was made with"
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _read(path: str | Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays of a checkpoint and its state."""
    try:
        content = read_arrays(path)
    except ArraysError as error:
        raise CheckpointError(f"{error}; a training without it starts anew") from error
    try:
        state = json.loads(content["state"].tobytes())
    except (KeyError, ValueError):
        state = None
    if not isinstance(state, dict):
        raise CheckpointError(f"{path}: is no checkpoint; remove it, and the training starts anew")
    return content, state


def _part(content: Mapping[str, Array], part: str, path: str | Path) -> list[Array]:
    count = sum(name.startswith(f"{part}/") for name in content)
    try:
        return [content[f"{part}/{index}"] for index in range(count)]
    except KeyError as error:
        raise CheckpointError(f"{path}: is damaged ({error} is missing); remove it") from None
