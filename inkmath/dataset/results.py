"""What stages and reports leave for people and for DVC to compare: figures as JSON, tables as CSV."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from inkmath.dataset.atomic import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def write_json(path: str | Path, content: Mapping[str, Any] | Sequence[Any], indent: int | None = 2) -> None:
    """Write what JSON can say, a line for each entry unless ``indent`` is None."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")


def write_table(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table with its columns' names in the first line."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def write_unseen(path: str | Path, unseen: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Write how many samples of each split have which label without a class; returns how many each split has."""
    rows = [(split, label, count) for split, labels in unseen.items() for label, count in labels.items()]
    write_table(path, ("split", "label", "samples"), rows)
    return {split: sum(labels.values()) for split, labels in unseen.items()}


def write_history(path: str | Path, history: Mapping[int, Mapping[str, float]]) -> None:
    """Write figures of epochs, the same of each, to six digits: what draws a table takes an empty cell for 0."""
    names = list(next(iter(history.values()), {}))
    write_table(
        path, ["epoch", *names], [[epoch, *(f"{row[name]:.6g}" for name in names)] for epoch, row in history.items()]
    )
