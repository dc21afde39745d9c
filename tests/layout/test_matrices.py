"""Matrices among the tokens of a formula."""

from __future__ import annotations

from inkmath.layout.latex import canonical_tokens
from inkmath.layout.matrices import cells_of


def test_cells_are_told_row_by_row_with_the_matrices_in_them() -> None:
    tokens = canonical_tokens(r"2\begin{pmatrix}x_1&y\\1&\begin{vmatrix}a&b\end{vmatrix}\end{pmatrix}+z")
    cells, end = cells_of(tokens, 1)
    assert [["".join(cell) for cell in row] for row in cells] == [
        ["x_{1}", "y"],
        ["1", r"\begin{vmatrix}a&b\end{vmatrix}"],
    ]
    assert tokens[end:] == ["+", "z"]
