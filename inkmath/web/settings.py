"""What a server may be told, and the limits of one request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from inkmath.dataset.workers import usable_cores

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """The most that one request may ask for; each refusal names its limit.

    Attributes:
        body_bytes: size of a request's body.
        strokes: of one formula, or of all formulas beneath each other that are sent together.
        points: of all these strokes together.
        sheet_bytes, sheet_strokes, sheet_points: the same three of a whole sheet, which is told from a file or written
            as one, but not read at once. To a tenth of a unit, so many points take so many bytes at most.
        pixels: of a picture, width times height.
        seconds: time to receive a request, and again to answer it.
        waiting: recognitions running or waiting before further ones are turned away with 503.
    """

    body_bytes: int = 2 * 2**20
    strokes: int = 300
    points: int = 50_000
    sheet_bytes: int = 4 * 2**20
    sheet_strokes: int = 5_000
    sheet_points: int = 250_000
    pixels: int = 20_000_000
    seconds: float = 10.0
    waiting: int = 32

    @property
    def of_sheet(self) -> Limits:
        """The limits of requests that bring or ask for a whole sheet."""
        return replace(self, body_bytes=self.sheet_bytes, strokes=self.sheet_strokes, points=self.sheet_points)


@dataclass(frozen=True)
class Settings:
    """How the application runs.

    Attributes:
        token: what clients must send as ``Authorization: Bearer TOKEN``; None asks for nothing.
        hosts: names by which clients may call the server, or None for any. Checked because a hostile web page can
            make a name of its own lead to 127.0.0.1 (DNS rebinding).
        workers: recognitions that run at once; one for each core that the process may run on, unless told.
        corrections: directory for confirmed formulas, as the user wrote it; None saves nothing.
    """

    token: str | None = None
    hosts: tuple[str, ...] | None = ("127.0.0.1", "localhost", "[::1]")
    workers: int = field(default_factory=usable_cores)
    corrections: Path | None = None
    limits: Limits = field(default_factory=Limits)
