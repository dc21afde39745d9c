"""What the rows of the tables promise, beyond the types of their columns."""

from __future__ import annotations

from pandera.pandas import Check, Column, DataFrameSchema

from inkmath.dataset.splits import Role, Split

_TEXT = Check.str_length(min_value=1)

INK = DataFrameSchema(
    {
        "id": Column(str, [_TEXT, Check.str_matches(rf"^({'|'.join(Role)})/[\s\S]")], unique=True),
        "split": Column(str, Check.isin(list(map(str, Split)))),
        "source": Column(str, _TEXT),
        "writer": Column(str, _TEXT, nullable=True),
        "latex": Column(str, Check.str_matches(r"^\S+( \S+)*$"), nullable=True),
        "strokes": Column(int, Check.ge(1), description="how many strokes there are"),
        "symbols": Column(float, Check.ge(1), nullable=True, description="how many symbols there are, if any"),
    },
    strict=True,
)

REASONS = DataFrameSchema({"file": Column(str, _TEXT), "reason": Column(str, _TEXT)}, strict=True)
