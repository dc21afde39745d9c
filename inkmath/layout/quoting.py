"""How what somebody wrote is named in a message."""

from __future__ import annotations


def quoted(text: str) -> str:
    """The text in quotes as it was written, ``\\alpha`` with one backslash; only what cannot be shown is escaped."""
    return "'" + "".join(one if one.isprintable() else repr(one)[1:-1] for one in text) + "'"
