"""Checkpoints: everything a training needs to go on as if it had never stopped, in one file that is whole or absent.

A checkpoint is an npz of the model's variables and the optimizer's in their order (the seed states of dropout are among
the model's), of further arrays, and of a JSON state. Randomness outside the model should be drawn from generators
seeded by (seed, epoch, step), so that no generator needs to be saved.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inkmath.dataset.arrays import ArraysError, read_arrays, write_arrays
from inkmath.training import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import keras

    from inkmath.dataset.arrays import Array

NETWORKS = Path(__file__).parents[1] / "models"

SECONDS_BETWEEN = 300.0
"""Within an epoch a checkpoint is written when the last one is so old."""


class CheckpointError(TrainingError):
    """A checkpoint is damaged or belongs to another model; the message names the file and what to do."""


class Restored(NamedTuple):
    """What `restore` gives back beside the variables it has set."""

    state: dict[str, Any]
    arrays: dict[str, Array]


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


def save(
    path: str | Path,
    model: keras.Model,
    optimizer: keras.Optimizer,
    state: Mapping[str, Any],
    arrays: Mapping[str, Array] | None = None,
) -> None:
    """Write a checkpoint over the one before.

    Args:
        path: an ``.npz`` file.
        model: all its variables are kept, trained or not.
        optimizer: all its variables are kept, the step count among them.
        state: anything JSON can say: epoch, history, best figure so far.
        arrays: further arrays, such as averaged or best weights.
    """
    content = {f"array/{name}": np.asarray(array) for name, array in (arrays or {}).items()}
    for part, variables in (("model", model.variables), ("optimizer", optimizer.variables)):
        content |= {f"{part}/{index}": variable.value.numpy() for index, variable in enumerate(variables)}
    content["state"] = np.frombuffer(json.dumps(dict(state)).encode(), np.uint8)
    write_arrays(path, content)


def restore(path: str | Path, model: keras.Model, optimizer: keras.Optimizer) -> Restored | None:
    """Set model and optimizer to a checkpoint, or return None where there is none.

    Raises:
        CheckpointError: the file is damaged, or the model or the optimizer has other variables.
    """
    if not Path(path).exists():
        return None
    content, state = _read(path)
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    assign(
        [*model.variables, *optimizer.variables],
        [*_part(content, "model", path), *_part(content, "optimizer", path)],
        path,
    )
    prefix = "array/"
    return Restored(
        state, {name.removeprefix(prefix): array for name, array in content.items() if name.startswith(prefix)}
    )


def peek(path: str | Path) -> dict[str, Any] | None:
    """The state of a checkpoint without its variables, or None where there is none.

    Raises:
        CheckpointError: the file is damaged.
    """
    if not Path(path).exists():
        return None
    return _read(path)[1]


def require_trunk(path: str | Path, fingerprint: str, remedy: str) -> None:
    """Make sure that a branch can begin.

    Args:
        path: the checkpoint where branches leave the trunk. fingerprint: of the training, as its state has it.
        remedy: what to do where it cannot.

    Raises:
        CheckpointError: the file is gone, damaged or of another training.
    """
    state = peek(path)
    if state is None or state.get("fingerprint") != fingerprint:
        raise CheckpointError(f"{path}: not there, or of another training, so that no branch can be begun; {remedy}")


def draw_anew(model: keras.Model, branch: int) -> None:
    """Give a branch, counted from 0, dropout of its own: the generators of its trunk, moved on by its number."""
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            seed, drawn = variable.numpy().tolist()
            variable.assign([seed + branch, drawn])


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
