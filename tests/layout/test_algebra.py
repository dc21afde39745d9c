"""Layout trees as SymPy's expressions."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from inkmath.layout import algebra
from inkmath.layout.classes import FURTHER_CLASSES
from inkmath.layout.latex import parse_latex
from inkmath.layout.symbols import CHARACTERS
from inkmath.layout.tree import LayoutError


def meaning(latex: str) -> Any:
    return algebra.to_sympy(parse_latex(latex))


@pytest.mark.slow
@pytest.mark.parametrize("latex", ["2x", r"\frac{1}{2}mv^{2}=E"])
def test_factors_without_a_sign_between_them_are_read_by_a_fresh_process(latex: str) -> None:
    pytest.importorskip("sympy")
    code = "import sys; from inkmath.layout import algebra, latex; algebra.to_sympy(latex.parse_latex(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, latex], check=True)


@pytest.mark.parametrize(
    "latex",
    [
        *("9 ^ { 9 ^ { 9 ^ { 9 } } }", "9 9 9 9 9 9 9 9 !", "( 2 ^ { 9 9 9 9 } ) ^ { 9 9 9 9 9 9 9 }"),
        r"2 ^ { 9 9 9 9 } \cdot \pi",
    ],
)
def test_a_number_too_long_to_write_stays_as_it_was_written(latex: str) -> None:
    sympy = pytest.importorskip("sympy")
    assert meaning(latex).has(sympy.Pow, sympy.factorial)
    assert meaning("2 ^ { 1 0 } + 3 !") == 1030


def test_a_power_is_a_factor_of_what_follows_it() -> None:
    sympy = pytest.importorskip("sympy")
    a, x, y, first = sympy.symbols("a x y x_{1}")
    assert meaning("a x ^ { 2 } y + x _ { 1 } ^ { 2 } ( y + 1 )") == a * x**2 * y + first**2 * (y + 1)
    assert meaning(r"x ^ { 2 } \sin ^ { 2 } y") == x**2 * sympy.sin(y) ** 2
    assert meaning(r"\int _ { 0 } ^ { 1 } x ^ { 2 } y d x") == sympy.Integral(x**2 * y, (x, 0, 1))
    assert meaning(r"\pi ^ { 2 } \frac { x ^ { 2 } y } { a }") == sympy.pi**2 * x**2 * y / a
    assert meaning("x ^ { 3 } !") == sympy.factorial(x**3)


def test_a_letter_with_an_accent_is_one_that_is_named_so() -> None:
    sympy = pytest.importorskip("sympy")
    a, m, force, speed, turn, first = sympy.symbols("avec m Fvec xdot omegahat xbar_{1}")
    assert meaning(r"\vec { F } = m \vec { a }") == sympy.Eq(force, m * a)
    assert meaning(r"\dot { x } ^ { 2 } \hat { \omega } + \bar { x } _ { 1 }") == speed**2 * turn + first
    assert sympy.latex(force + turn) == r"\vec{F} + \hat{\omega}"
    assert meaning(r"\frac { d \vec { F } } { d m }") == sympy.Derivative(force, m)
    with pytest.raises(LayoutError, match="no meaning"):
        meaning(r"\bar { 3 }")


def test_a_bar_over_several_symbols_is_the_conjugate() -> None:
    sympy = pytest.importorskip("sympy")
    z, w = sympy.symbols("z w")
    assert meaning(r"\overline { z + w ^ { 2 } }") == sympy.conjugate(z) + sympy.conjugate(w) ** 2
    with pytest.raises(LayoutError, match=r"no meaning in \\overrightarrow\{AB\}"):
        meaning(r"\overrightarrow { A B }")


@pytest.mark.parametrize("letter", [label for label in FURTHER_CLASSES if CHARACTERS.get(label, label).isalpha()])
def test_further_letters_have_a_meaning(letter: str) -> None:
    sympy = pytest.importorskip("sympy")
    assert meaning(f"2 {letter}") == 2 * sympy.Symbol(letter.removeprefix("\\"))


def test_where_algebra_is_ambiguous_a_function_ends_at_the_next_sum_or_function() -> None:
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y")
    assert meaning(r"\sin x + \cos ^ { 2 } y") == sympy.sin(x) + sympy.cos(y) ** 2
    assert meaning(r"\sin x y + 1") == sympy.sin(x * y) + 1
    assert meaning(r"\sin x \cos y") == sympy.sin(x) * sympy.cos(y)
    assert meaning(r"\cos \sin x") == sympy.cos(sympy.sin(x))


def test_matrices_are_read_between_round_and_square_brackets() -> None:
    sympy = pytest.importorskip("sympy")
    a, x = sympy.symbols("A x")
    square, column = sympy.ImmutableMatrix([[1, 2 * x], [3, sympy.pi]]), sympy.ImmutableMatrix([1, x])
    written = r"\begin{pmatrix} 1 & 2 x \\ 3 & \pi \end{pmatrix}"
    tall = r"\begin{bmatrix} 1 \\ x \end{bmatrix}"
    assert meaning(written) == square
    assert meaning(f"{written} ^ {{ 2 }}").doit() == square**2
    assert meaning(f"{written} {tall}").doit() == square * column
    assert meaning(f"x {written} + {written}").doit() == x * square + square
    assert meaning(f"{tall} ^ {{ T }}").doit() == column.T
    assert meaning(f"A = {tall}") == sympy.Eq(a, column, evaluate=False)


@pytest.mark.parametrize(
    ("latex", "complaint"),
    [
        (r"\begin{Vmatrix} a \end{Vmatrix}", r"brackets, determinants, cases, not \\begin{Vmatrix}"),
        (r"( \begin{matrix} a \end{matrix} ]", r"not \\begin{matrix}"),
        (r"\begin{pmatrix} a & b \\ c \end{pmatrix}", "no meaning"),
        # A power of a matrix cannot be held unevaluated beside another.
        (r"\begin{pmatrix} a \end{pmatrix} ^ { 2 } \begin{pmatrix} b \end{pmatrix}", "no meaning"),
    ],
)
def test_other_rows_have_no_meaning_in_algebra(latex: str, complaint: str) -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match=complaint):
        meaning(latex)


def test_a_determinant_is_worked_out_only_when_asked_for() -> None:
    sympy = pytest.importorskip("sympy")
    x, y = sympy.symbols("x y")
    square = sympy.ImmutableMatrix([[1, 2 * x], [3, sympy.pi]])
    found, written = sympy.Determinant(square), r"\begin{vmatrix} 1 & 2 x \\ 3 & \pi \end{vmatrix}"
    assert meaning(written) == found
    assert meaning(written).doit() == sympy.pi - 6 * x
    assert meaning(f"2 {written} + 1") == 2 * found + 1
    assert meaning(f"y {written} ^ {{ 2 }} x + ( x + 1 ) {written} y") == y * found**2 * x + (x + 1) * found * y
    assert meaning(f"{written} {written}") == found**2
    assert meaning(f"{written} = - 2") == sympy.Eq(found, -2)
    assert meaning(rf"\frac {{ 1 }} {{ {written} }}") == 1 / found
    assert meaning(r"\det \begin{pmatrix} 1 & 2 x \\ 3 & \pi \end{pmatrix}") == found


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (r"a & b & c \\ c & d & e", "a determinant of 2 rows has as many columns, not 3"),
        (r"a & b \\ c", "a determinant of 2 rows has as many columns, not 1"),
    ],
)
def test_a_determinant_is_square(rows: str, complaint: str) -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match=complaint):
        meaning(rf"2 \begin{{vmatrix}} {rows} \end{{vmatrix}}")


def cases(*rows: str) -> str:
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def test_a_function_is_defined_case_by_case() -> None:
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    split = sympy.Piecewise((x**2, x > 0), (-x, x <= 0))
    assert meaning("f ( x ) = " + cases("x ^ { 2 } & x > 0", r"- x , & x \leq 0")) == sympy.Eq(
        sympy.Function("f")(x), split, evaluate=False
    )
    absolute = meaning("| x | = " + cases(r"x & x \geq 0", "- x & x < 0"))
    assert (absolute.lhs, absolute.rhs.subs(x, -3)) == (sympy.Abs(x), 3)
    assert meaning(cases(r"\pi & x = 0", r"\frac { 1 } { x } & x \neq 0")) == sympy.Piecewise(
        (sympy.pi, sympy.Eq(x, 0)), (1 / x, sympy.Ne(x, 0))
    )


def test_a_condition_may_be_a_chain() -> None:
    sympy = pytest.importorskip("sympy")
    x, last = sympy.symbols("x x_{n}")
    found = meaning(cases(r"1 & 0 < x \leq x _ { n }", "0 & x < 0"))
    assert found == sympy.Piecewise((1, sympy.And(x > 0, x <= last)), (0, x < 0))


def test_a_function_of_its_cases_may_stand_anywhere_in_a_formula() -> None:
    sympy = pytest.importorskip("sympy")
    x, y, f = sympy.Symbol("x"), sympy.Symbol("y"), sympy.Function("f")
    written, split = cases("x & x > 0", r"1 & x \leq 0"), sympy.Piecewise((x, x > 0), (1, x <= 0))
    for latex, meant in (
        (f"1 + {written}", 1 + split),
        (f"{written} ( y + 1 )", split * (y + 1)),
        (f"( y + 1 ) {written}", split * (y + 1)),
        (f"f ( {written} )", f(split)),
        (rf"\frac {{ {written} }} {{ 2 }} - {written}", split / 2 - split),
        (rf"\int {written} d x", sympy.Integral(split, x)),
        (rf"\frac {{ d }} {{ d x }} {written}", sympy.Derivative(split, x)),
        (rf"\begin{{pmatrix}} y & {written} \end{{pmatrix}}", sympy.ImmutableMatrix([[y, split]])),
        (rf"\pi \xi + {written}", sympy.pi * sympy.Symbol("xi") + split),
        (f"f ( x ) = 1 + {written}", sympy.Eq(f(x), 1 + split, evaluate=False)),
        (f"{written} = {written}", sympy.Eq(split, split, evaluate=False)),
        (rf"0 \cdot {written}", 0),
    ):
        assert meaning(latex) == meant, latex
    longest = meaning(f"( {cases('9 & x > 0', '0 & x = 0')} ) ^ {{ 9 9 9 9 9 9 9 9 9 }}")
    assert longest.has(sympy.Pow), "which would be worked out case by case"


def test_a_value_too_long_to_write_stays_as_it_was_written() -> None:
    sympy = pytest.importorskip("sympy")
    assert meaning(cases("9 ^ { 9 ^ { 9 ^ { 9 } } } & x > 0", "0 & x = 0")).has(sympy.Pow)


@pytest.mark.parametrize(
    ("latex", "complaint"),
    [
        ("y = " + cases("1", "0"), "case 1 has 1 cell; SymPy reads a value and a condition"),
        ("y = " + cases("1 & x > 0", "0 & x & 2"), "case 2 has 3 cells"),
        (cases("1 & x"), "comparisons such as x > 0 as conditions, not x$"),
        (cases(r"1 & x \in A"), r"as conditions, not x\\in A"),
        (cases("1 & 1 < 2"), "as conditions, not 1<2"),
        (cases("1 & e l s e"), "as conditions, not else"),
        (cases("x = 1 & x > 2"), "one value in each case"),
        (cases(", & x > 2"), "no meaning in nothing"),
        ("a = y = " + cases("1 & x > 0"), r"no meaning in a=y=\\begin{cases}1"),
        (r"\int d " + cases("1 & x > 0"), r"no meaning in \\int d\\begin{cases}1"),
        (" + ".join([cases("1 & x > 0")] * 11), "SymPy reads 10 functions defined case by case in a formula, not more"),
    ],
)
def test_cases_of_another_form_have_no_meaning_in_algebra(latex: str, complaint: str) -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match=complaint):
        meaning(latex)


def test_derivatives_are_read_with_what_is_derived() -> None:
    sympy = pytest.importorskip("sympy")
    x, y, z, first = sympy.symbols("x y z x_{1}")
    by_x = sympy.Derivative(y, x)
    assert meaning(r"\frac { d y } { d x }") == by_x
    assert meaning(r"\frac { d y } { d x } z = y") == sympy.Eq(by_x * z, y)
    assert meaning(r"\frac { d } { d x } y") == by_x
    assert meaning(r"\frac { d \frac { d y } { d x } } { d x }") == sympy.Derivative(y, x, x)
    assert meaning(r"\frac { d y } { d x _ { 1 } }") == sympy.Derivative(y, first)
    assert meaning(r"\int \frac { d y } { d x } d x") == sympy.Integral(by_x, x)


def test_a_d_that_is_no_differential_is_a_letter() -> None:
    sympy = pytest.importorskip("sympy")
    a, b, d, x, z, first, second = sympy.symbols("a b d x z d_{1} d_{2}")
    assert meaning("d x z") == d * x * z
    assert meaning("a d - d b") == a * d - b * d
    assert meaning(r"\frac { a } { d x }") == a / (d * x)
    assert meaning(r"\frac { d _ { 1 } } { d _ { 2 } } + \frac { d } { d }") == first / second + 1
    assert meaning(r"\int _ { a } ^ { d } x d x") == sympy.Integral(x, (x, a, d))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "latex",
    [
        *(r"\frac { d } { d x }", r"\frac { d } { d x } + 1", r"\int x d x + d y"),
        *(r"\frac { d ^ { 2 } y } { d x ^ { 2 } }", r"\frac { d } { d \pi } \pi", r"\int \pi d \pi"),
    ],
)
def test_a_differential_that_makes_no_expression_has_no_meaning(latex: str) -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError):
        meaning(latex)


def test_what_sympy_would_read_for_minutes_is_refused() -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match="151 symbols are more than the 150 that SymPy reads in time"):
        meaning("x " * 151)


def test_letters_that_sympy_has_no_rule_for_are_read_all_the_same() -> None:
    sympy = pytest.importorskip("sympy")
    r, delta, sigma = sympy.symbols("r Delta sigma")
    assert meaning(r"2 \pi r") == 2 * sympy.pi * r
    assert meaning(r"\pi") == sympy.pi
    assert meaning(r"\sin \pi").doit() == 0
    assert meaning(r"\frac { \Delta } { \sigma ^ { 2 } } + \pi") == delta / sigma**2 + sympy.pi


def test_they_are_read_in_indices_and_as_functions_too() -> None:
    sympy = pytest.importorskip("sympy")
    x = sympy.Symbol("x")
    assert meaning(r"\sigma _ { 1 } + x") == sympy.Symbol("sigma_{1}") + x
    assert meaning(r"x _ { \pi }") == sympy.Symbol("x_{pi}")
    assert meaning(r"\Delta _ { x }") == sympy.Symbol("Delta_{x}")
    assert meaning(r"\sigma ( x )") == sympy.Function("sigma")(x)
    assert meaning(r"\pi _ { 1 } + \sigma _ { x }") == sympy.Symbol("pi_{1}") + sympy.Symbol("sigma_{x}")
    assert meaning(r"\xi + \psi + \pi + \sigma + \Delta") == sum(sympy.symbols("xi psi sigma Delta"), sympy.pi)


def test_a_primed_letter_is_a_letter_of_its_own() -> None:
    sympy = pytest.importorskip("sympy")
    x, y, primed, twice = sympy.symbols("x y y' y''")
    assert meaning("y '' + y = 0") == sympy.Eq(twice + y, 0)
    assert meaning("f ^ { '' } ( x ) + y ^ { \\prime 2 }") == sympy.Function("f''")(x) + primed**2
    assert meaning(r"x _ { 1 } ' + \sigma ' + d '") == sum(sympy.symbols("x'_{1} sigma' d'"))
    assert meaning(r"\frac { d y ' } { d x }") == sympy.Derivative(primed, x)


def test_a_function_is_the_one_that_its_name_makes() -> None:
    sympy = pytest.importorskip("sympy")
    f, x = sympy.Function("f"), sympy.Symbol("x")
    assert meaning("f ( x ) + 1") == f(x) + 1
    assert meaning("f ( f ( x ) )") == f(f(x))


def test_letters_for_which_none_is_left_to_stand_in_are_named() -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match=r"does not read \\pi, d, and no letter is left"):
        meaning(" + ".join([*algebra.STAND_INS, r"\pi d"]))
    with pytest.raises(LayoutError, match=r"does not read \\pi, and no letter is left"):
        meaning(" + ".join([*algebra.STAND_INS, r"\pi"]))


def test_what_has_no_meaning_is_said_to_have_none() -> None:
    pytest.importorskip("sympy")
    with pytest.raises(LayoutError, match=r"no meaning in \+\+=\\pi"):
        meaning(r"+ + = \pi")


def test_without_sympy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lark", None)
    with pytest.raises(ImportError, match=r"pip install 'inkmath\[sympy\]'"):
        meaning("x")
