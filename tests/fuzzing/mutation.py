"""Damage, drawn from a seed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fuzzing.seeds import TOKENS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

LONGEST = 60_000  # bytes

_LEXEME = re.compile(rb"<[^<>]*>|\\[A-Za-z]+|[-+.\w]+|\s+|.", re.DOTALL)
_NUMBER = re.compile(rb"[-+.\deE]*\d[-+.\deE]*")
_NUMBERS = (b"0", b"-0", b"1", b"-1", b"1e308", b"3.4e38", b"1e-45", b"NaN", b"inf", b"16777217", b"7" * 25, b"1.5e5")


def mutate(rng: Random, sound: Sequence[bytes]) -> bytes:
    """One of ``sound``, changed in one to six places, by words (which often leaves it readable) or by bytes."""
    data = rng.choice(sound)[:LONGEST]
    change = _change_words if rng.random() < 0.6 else _change_bytes
    return change(rng, data, rng.choice(sound)[:LONGEST])[:LONGEST]


def _change_words(rng: Random, data: bytes, other: bytes) -> bytes:
    """Words, numbers and tags lost, doubled, exchanged, or taken from another input."""
    words, foreign = _LEXEME.findall(data), _LEXEME.findall(other) or [b""]
    for _ in range(rng.randint(1, 3)):
        if not words:
            break
        at, kind = rng.randrange(len(words)), rng.random()
        if _NUMBER.fullmatch(words[at]) and kind < 0.6:
            words[at] = rng.choice(_NUMBERS)
        elif kind < 0.2:
            words[at] = words[rng.randrange(len(words))]
        elif kind < 0.4:
            words[at] = rng.choice(foreign)
        elif kind < 0.6:
            del words[at : at + rng.choice((1, 1, 2, 5))]
        elif kind < 0.8:
            words[at:at] = words[at : at + rng.choice((1, 2, 8, 30))] * rng.choice((1, 1, 40))
        else:
            words[at] = rng.choice(TOKENS)
    return b"".join(words)


def _change_bytes(rng: Random, data: bytes, other: bytes) -> bytes:
    """Bytes and stretches of them lost, doubled, drawn, or taken from another input; sometimes the end is cut off."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        start = rng.randint(0, len(changed))
        stretch = bytes(changed[start : start + int(rng.expovariate(0.05))])
        place = rng.randint(0, len(other))
        changed[start : start + len(stretch)] = rng.choice(
            (
                b"",
                stretch * rng.choice((2, 3, 50)),
                rng.randbytes(rng.randint(1, 4)),
                rng.choice(TOKENS),
                stretch + rng.choice(TOKENS) * rng.choice((1, 1, 300)),
                other[place : place + int(rng.expovariate(0.01))],
            )
        )
    if rng.random() < 0.15:
        del changed[rng.randint(0, len(changed)) :]
    return bytes(changed)
