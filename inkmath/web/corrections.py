"""Formulas that a person confirmed or corrected, kept as InkML for the next training."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from inkmath.dataset.atomic import replacing
from inkmath.inkml import write_inkml
from inkmath.web.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.ink import Ink

WRITER = "user"
CAPACITY = 20_000
_NAME = re.compile(r"user-\d{8}-\d{6}-[0-9a-f]{6}")


class Corrections:
    """A directory of InkML files with full truth, one a formula, named by the time they were saved.

    Attributes:
        directory: as whoever started the server wrote it; people on the page are told, to know where their ink goes.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __len__(self) -> int:
        return sum(1 for _ in self.directory.glob("*.inkml")) if self.directory.is_dir() else 0

    def save(self, ink: Ink) -> str:
        """Keep ink with its tree; returns the name by which :meth:`delete` forgets it.

        Raises:
            Problem: 507 when the directory is full or cannot be written to.
        """
        if len(self) >= CAPACITY:
            raise Problem(
                507, "full", "No more room", f"There are {CAPACITY:,} saved formulas already: move some away."
            )
        name = f"user-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        try:
            with replacing(self.directory / f"{name}.inkml") as temporary:
                temporary.write_bytes(write_inkml(replace(ink, id=name, source="user", writer=WRITER)))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Problem(507, "not-saved", "Not saved", f"The server cannot write the formula: {reason}.") from error
        return name

    def delete(self, name: str) -> None:
        """Forget a saved formula.

        Raises:
            Problem: 404 when there is none of that name, 507 when the directory cannot be written to.
        """
        missing = Problem(404, "not-found", "Not found", "There is no saved formula of that name.")
        if not _NAME.fullmatch(name):
            raise missing
        try:
            (self.directory / f"{name}.inkml").unlink()
        except FileNotFoundError:
            raise missing from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise Problem(507, "not-deleted", "Not deleted", f"The server cannot delete it: {reason}.") from error
