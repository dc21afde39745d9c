"""The layout tree as algebra: a SymPy expression. SymPy and Lark are optional (``pip install 'inkmath[sympy]'``)."""

from __future__ import annotations

import itertools
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from inkmath.counting import counted
from inkmath.layout.accents import ACCENTS
from inkmath.layout.latex import canonical_tokens, compact
from inkmath.layout.matrices import cells_of, environment_of
from inkmath.layout.symbols import CHARACTERS, FUNCTIONS, INTEGRALS, PRIME, STACKING
from inkmath.layout.tree import LayoutError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from inkmath.layout.tree import LayoutTree


QUANTITY = "\\d"
"""Token of a ``d`` that is a letter like others: SymPy's grammar takes every ``d x`` for a differential."""

UNREAD = ("\\pi", "\\sigma", "\\Delta", "\\Gamma", "\\Omega", "\\Phi", "\\Psi", "\\hbar", QUANTITY)
"""Letters of the vocabulary that SymPy's grammar has no rule for."""

STAND_INS = ("\\xi", "\\psi", "\\kappa", "\\zeta", "\\eta", "\\nu", "\\rho", "\\tau", "\\upsilon", "\\chi")
"""Letters that it reads, those first that handwriting here has not."""

MATRICES = ("\\begin{pmatrix}", "\\begin{bmatrix}", "\\begin{vmatrix}")
"""Those that SymPy's grammar has a rule for; the last is a determinant."""

CASES = "\\begin{cases}"
"""What it has no rule for; value and condition are read each by itself."""

COMPARISONS = frozenset({"<", ">", "\\leq", "\\geq", "=", "\\neq"})
"""Those that SymPy's grammar reads, one in a formula."""

MOST_SYMBOLS = 150
"""Formulas of more are refused: SymPy's reader finds all meanings, and takes minutes for a few hundred letters."""


def to_sympy(tree: LayoutTree) -> Any:
    """Read a formula's meaning: ``\\frac { a } { b } + 1`` becomes ``a/b + 1``.

    Handwriting leaves out what algebra needs (is ``f ( x )`` a product?). Where SymPy's grammar allows several
    meanings, a function's argument ends at the next ``+`` or ``-`` or function, and application is preferred to a
    product.

    A ``d`` is a differential under an integral and in ``\\frac { d y } { d x }``, else a letter like others. A primed
    letter, which may be a derivative or another quantity, is one that is named so: ``f'``. So is one with an accent:
    ``\\vec { v }`` is ``vvec``, which SymPy prints as it was written. A bar over more is the complex conjugate.
    Numbers of more than some 300 digits, such as ``9 ^ { 9 ^ { 9 } }``, are left as they are written. So are equations
    with matrices, which stand between round or square brackets, and may be transposed by ``^ { T }``. A matrix between
    bars is its ``Determinant``, which ``doit`` works out.

    A function defined case by case is a ``Piecewise``, by itself, after an equals sign or as a part of something. Each
    of its cases is a value and a condition, which compares two things or, as ``0 < x < 1`` does, three.

    Raises:
        ImportError: SymPy or Lark is not installed.
        LayoutError: the formula has no meaning that SymPy knows, other rows than those of `MATRICES` and cases, a
            determinant that is not square, or more than `MOST_SYMBOLS`.
    """
    if len(tree.symbols) > MOST_SYMBOLS:
        raise LayoutError(f"{len(tree.symbols)} symbols are more than the {MOST_SYMBOLS} that SymPy reads in time")
    try:
        import lark  # noqa: F401

        # Its grammar imports this where two factors meet, and there, unevaluated, it could not be initialised.
        import sympy.physics.units  # noqa: F401
    except ImportError as missing:
        raise ImportError("to_sympy needs SymPy and Lark: pip install 'inkmath[sympy]'") from missing

    tokens = canonical_tokens(tree)
    known = (*MATRICES, CASES)
    if other := [token for token in tokens if token.startswith("\\begin") and token not in known]:
        raise LayoutError(f"SymPy reads matrices between round or square brackets, determinants, cases, not {other[0]}")
    for rows in (tree.matrix(bar) for bar in range(len(tree.symbols)) if environment_of(tree, bar) == "vmatrix"):
        if uneven := [len(row) for row in rows if len(row) != len(rows)]:
            raise LayoutError(f"a determinant of {len(rows)} rows has as many columns, not {uneven[0]}")
    return with_cases(tokens)


def with_cases(tokens: Sequence[str]) -> Any:
    """The meaning of tokens that may hold functions defined case by case.

    Such a one is read by itself; while the rest is read, a letter stands for it that the rest has not.

    Raises:
        LayoutError: one of the cases is no value with a condition, or the whole has no meaning with them.
    """
    from sympy import Symbol

    told, pieces = list(tokens), dict[Any, Any]()
    free = [letter for letter in STAND_INS if letter not in tokens]
    while CASES in told:
        begin = told.index(CASES)
        cells, end = cells_of(told, begin)
        if not free:
            raise LayoutError(f"SymPy reads {len(pieces)} functions defined case by case in a formula, not more")
        letter = free.pop()  # the last, as letters that SymPy's grammar lacks take the first
        pieces[Symbol(letter[1:])] = case_by_case(cells)
        applied = told[end : end + 1] == ["("]  # which would make it the name of a function
        told[begin:end] = [letter, "\\cdot"] if applied else [letter]
    if not pieces:
        return meaning(told)
    try:
        return with_pieces(meaning(told), pieces)
    except (LayoutError, ValueError) as unknown:
        raise LayoutError(f"SymPy finds no meaning in {compact(tokens)}") from unknown


def case_by_case(cells: Sequence[Sequence[Sequence[str]]]) -> Any:
    """A function of its cases, each a row of two cells.

    Raises:
        LayoutError: a row is no value with a condition.
    """
    from sympy import Expr, Piecewise

    pieces = []
    for number, row in enumerate(cells, 1):
        if len(row) != 2:
            raise LayoutError(f"case {number} has {counted(len(row), 'cell')}; SymPy reads a value and a condition")
        told, when = row
        value = with_cases(told[:-1] if told[-1] == "," else told)
        if not isinstance(value, Expr):
            raise LayoutError(f"SymPy reads one value in each case, not {compact(told)}")
        pieces.append((value, condition(when)))
    return Piecewise(*pieces)


def with_pieces(expression: Any, pieces: Mapping[Any, Any]) -> Any:
    """An expression with functions defined case by case in the place of symbols.

    Raises:
        ValueError: one of them stands where no function can, such as what is integrated by.
    """
    from sympy import evaluate
    from sympy.core.relational import Relational

    with evaluate(False):
        written = expression.xreplace(pieces)
    if magnitude(written) == math.inf:  # powers of functions are worked out case by case
        return written
    if isinstance(expression, Relational):  # an equation even where SymPy knows it to be true
        return expression.func(*(side.xreplace(pieces) for side in expression.args), evaluate=False)
    return expression.xreplace(pieces)


def condition(tokens: Sequence[str]) -> Any:
    """When a case is the one: a comparison, or a chain of them that all hold.

    Raises:
        LayoutError: it compares nothing, or what needs no comparison.
    """
    from sympy import And
    from sympy.core.relational import Relational

    depths = itertools.accumulate((token == "{") - (token == "}") for token in tokens)
    signs = [place for place, depth in enumerate(depths) if not depth and tokens[place] in COMPARISONS]
    ends = [-1, *signs, len(tokens)]
    links = [tokens[first + 1 : last] for first, last in zip(ends, ends[2:], strict=False)]
    compared = [meaning(link) for link in links]
    if not links or not all(isinstance(one, Relational) for one in compared):
        raise LayoutError(f"SymPy reads comparisons such as x > 0 as conditions, not {compact(tokens)}")
    return And(*compared)


def meaning(tokens: Sequence[str]) -> Any:
    """What tokens without cases mean; see :func:`to_sympy`."""
    from lark import Tree
    from lark.exceptions import LarkError
    from sympy import Add, Function, Mul, evaluate, preorder_traversal

    whole, accented = with_accented_letters(tokens)
    told = with_primed_letters(with_operators(whole))
    free = [letter for letter in STAND_INS if letter not in told]
    unread = [letter for letter in (*UNREAD, *accented) if letter in told]
    if len(free) < len(unread):
        names = ", ".join(accented.get(letter, "d" if letter == QUANTITY else letter) for letter in unread)
        raise LayoutError(f"SymPy does not read {names}, and no letter is left to stand in for them")
    read_as = dict(zip(unread, free, strict=False))
    latex = compact(with_products([read_as.get(token, token) for token in told]))
    try:
        # SymPy works numbers out while it reads, however long they are; so it is looked first whether it may.
        with evaluate(False):
            parsed = parser().doparse(latex)
        unevaluated = parsed.children if isinstance(parsed, Tree) else [parsed]
        short = all(
            magnitude(reading) < math.inf and not equates_matrices(reading)
            for reading in map(as_expression, unevaluated)
            if not isinstance(reading, Tree)
        )
        if short:
            parsed = parser().doparse(latex)
    except (LarkError, ValueError, TypeError, AttributeError) as unknown:
        raise LayoutError(f"SymPy finds no meaning in {compact(tokens) or 'nothing'}") from unknown
    meant = {other[1:]: letter[1:] for letter, other in read_as.items()}

    def strain(expression: Any) -> tuple[int, int, int]:
        calls = [node for node in preorder_traversal(expression) if isinstance(node, Function)]
        within = [node for call in calls for node in preorder_traversal(call)]
        sums, nested = (sum(isinstance(node, kind) for node in within) for kind in (Add, Function))
        return sums, sum(isinstance(node, Mul) for node in preorder_traversal(expression)) - len(calls), nested

    found = parsed.children if isinstance(parsed, Tree) else [parsed]
    readings = [reading for reading in map(as_expression, found) if is_whole(reading)]
    if not readings:
        raise LayoutError(f"SymPy finds no meaning in {compact(tokens) or 'nothing'}")
    try:
        with evaluate(short):
            return renamed(min(readings, key=strain), meant)
    except ValueError as number:
        raise LayoutError(f"{compact(tokens)} takes the number pi for a variable") from number


@cache
def parser() -> Any:
    """SymPy's parser, which would work a determinant out, as one that keeps it as it was written."""
    from sympy import Determinant
    from sympy.parsing.latex.lark import LarkLaTeXParser, TransformToSymPyExpr

    class KeepingDeterminants(TransformToSymPyExpr):  # type: ignore[misc]
        def determinant(self, tokens: Sequence[Any]) -> Any:
            return Determinant(tokens[1] if len(tokens) == 2 else self.matrix(tokens))

    return LarkLaTeXParser(transformer=KeepingDeterminants)


def as_expression(reading: Any) -> Any:
    """A reading, of a matrix the one that does not change: SymPy's other is no expression."""
    from sympy import MatrixBase

    return reading.as_immutable() if isinstance(reading, MatrixBase) else reading


def equates_matrices(reading: Any) -> bool:
    """Whether a reading is an equation of a matrix, which SymPy finds false where the other side is a letter."""
    from sympy.core.relational import Relational

    return isinstance(reading, Relational) and any(getattr(side, "is_Matrix", False) for side in reading.args)


def is_whole(reading: Any) -> bool:
    """Whether a reading is an expression without pairs in it, which SymPy's reader makes of differentials left over."""
    from sympy import Basic, Derivative, MatrixBase, Tuple, preorder_traversal
    from sympy.concrete.expr_with_limits import ExprWithLimits

    return isinstance(reading, Basic) and not any(
        isinstance(part, Tuple)
        for node in preorder_traversal(reading)
        if not isinstance(node, Derivative | ExprWithLimits | MatrixBase)
        for part in node.args
    )


def with_operators(tokens: Sequence[str]) -> list[str]:
    r"""The tokens with ``\frac { d y } { d x }`` as ``( \frac { d } { d x } ( y ) )``, which SymPy's grammar knows.

    Raises:
        LayoutError: a derivative is of higher order, or by more than one variable.
    """
    letter = "d" if INTEGRALS.intersection(tokens) else QUANTITY
    told = [letter if token == "d" else token for token in tokens]

    def is_differential(side: list[str]) -> bool:
        return side[:1] == [letter] and side[1:2] != ["_"]

    # From the last, so that a fraction in a fraction comes first and no place still to come moves.
    for place in reversed([place for place, token in enumerate(told) if token == "\\frac"]):
        middle = _after_group(told, place + 1)
        end = _after_group(told, middle)
        over, under = told[place + 2 : middle - 1], told[middle + 1 : end - 1]
        if not (is_differential(over) and is_differential(under)) or under == [letter]:
            continue
        index = under[2:]
        if over[1:2] == ["^"] or (index and not (index[0] == "_" and _after_group(index, 1) == len(index))):
            raise LayoutError(f"SymPy reads first derivatives by one variable only, not {compact(tokens)}")
        operator = ["\\frac", "{", "d", "}", "{", "d", *under[1:], "}"]
        told[place:end] = ["(", *operator, "(", *over[1:], ")", ")"] if over[1:] else operator
    return told


def with_accented_letters(tokens: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    r"""The tokens with ``\vec { v }`` as one, ``\vvec``, and for each such token the LaTeX that it stands for."""
    told, accented = list(tokens), {}
    for place in reversed([place for place, token in enumerate(told) if token in ACCENTS]):
        accent, _, letter, _ = group = told[place : place + 4]
        if not CHARACTERS.get(letter, letter).isalpha():  # a number is no name
            continue
        token = "\\" + letter.removeprefix("\\") + accent[1:]
        accented[token] = compact(group)
        told[place : place + 4] = [token]
    return told, accented


def with_primed_letters(tokens: Sequence[str]) -> list[str]:
    r"""The tokens with ``x _ { 1 } ^ { \prime 2 }`` as ``x ' _ { 1 } ^ { 2 }``, whose primes SymPy's grammar knows."""
    told = list(tokens)
    for place in reversed(range(len(told))):  # from the last, so that no place still to come moves
        if not (told[place] == QUANTITY or CHARACTERS.get(told[place], told[place]).isalpha()):
            continue
        script = _after_group(told, place + 2) if told[place + 1 : place + 2] == ["_"] else place + 1
        first = end = script + 2
        while told[script:first] == ["^", "{"] and told[end] == PRIME:
            end += 1
        if end > first:
            told[script : end + 1] = [] if told[end] == "}" else ["^", "{", told[end]]
            told[place + 1 : place + 1] = ["'"] * (end - first)
    return told


def with_products(tokens: Sequence[str]) -> list[str]:
    r"""The tokens with a sign between a power and its next factor, ``x ^ { 2 } \cdot y``, as SymPy's grammar wants one.

    So it does between a matrix and its next factor, or brackets before it. And with brackets around a power before
    ``!``, which it would take for one of the exponent.
    """
    told = list(tokens)
    for place in reversed([place for place, token in enumerate(told) if token.startswith("\\end")]):
        if any(map(_begins_factor, told[place + 1 : place + 2])):
            told.insert(place + 1, "\\cdot")
    for place in reversed([place for place, token in enumerate(told) if token.startswith("\\begin")]):
        if told[place - 1 : place] == [")"]:
            told.insert(place, "\\cdot")
    for place in reversed([place for place, token in enumerate(told) if token == "^"]):
        end = _after_group(told, place + 1)
        base = place - 1
        if base > 0 and told[base] == "}":  # of a subscript
            base = next(start for start in reversed(range(base)) if _after_group(told, start) == base + 1) - 2
        of_operator = base < 0 or told[base] in FUNCTIONS | STACKING | INTEGRALS
        if not of_operator and told[end : end + 1] != ["d"] and any(map(_begins_factor, told[end : end + 1])):
            told.insert(end, "\\cdot")
        elif told[end : end + 1] == ["!"] and told[base] != ")":
            told[base:end] = ["(", *told[base:end], ")"]
    return told


def _begins_factor(token: str) -> bool:
    return token in {"(", "\\frac", "\\sqrt", *MATRICES, *FUNCTIONS} or CHARACTERS.get(token, token).isalnum()


def _after_group(tokens: Sequence[str], place: int) -> int:
    """The place after the group in braces that begins at one."""
    depth = 0
    while True:
        depth += (tokens[place] == "{") - (tokens[place] == "}")
        place += 1
        if not depth:
            return place


def renamed(expression: Any, names: Mapping[str, str]) -> Any:
    """An expression with other Greek letters, in indices and as functions too; ``pi`` by itself is the number.

    Functions are named by plain strings then: SymPy's reader names them by tokens of its grammar, and ``f(x)`` would
    not equal what ``Function("f")(x)`` makes.
    """
    from sympy import Function, Symbol, pi
    from sympy.core.function import AppliedUndef

    words = re.compile("[A-Za-z]+")

    def rename(name: str) -> str:
        return words.sub(lambda word: names.get(word[0], word[0]), str(name))

    called = expression.replace(
        lambda node: isinstance(node, AppliedUndef), lambda node: Function(rename(node.func.__name__))(*node.args)
    )
    symbols = {symbol: name for symbol in called.atoms(Symbol) if (name := rename(symbol.name)) != symbol.name}
    return called.xreplace({symbol: pi if name == "pi" else Symbol(name) for symbol, name in symbols.items()})


def magnitude(expression: Any) -> float:
    """A bound of the largest number in an expression, symbols and functions counted as 1; infinite beyond a float."""
    from sympy import Add, Mul, Number, Pow, factorial

    parts = [magnitude(part) for part in getattr(expression, "args", ())]
    if math.inf in parts:
        return math.inf
    try:
        match expression:
            case Number():
                return abs(float(expression))
            case Add():
                return math.fsum(parts)
            case Mul():
                return math.prod(parts)
            case Pow():
                return float(max(parts[0], 1.0) ** parts[1])
            case factorial():
                return math.gamma(parts[0] + 1.0)
    except (OverflowError, TypeError):
        return math.inf
    return max(parts, default=1.0)
