"""LaTeX in, layout tree out, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from formulas import trees
from hypothesis import given, settings
from hypothesis import strategies as st

from inkmath.layout import Edge, LayoutError, LayoutTree, Relation, Symbol
from inkmath.layout.latex import MAX_DEPTH, MAX_TOKENS, aligned, canonical_tokens, compact, parse_latex, to_latex


def canonical(latex: str) -> str:
    return " ".join(canonical_tokens(latex))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("$x^2_i$", "x _ { i } ^ { 2 }"),
        (r"\frac12", r"\frac { 1 } { 2 }"),
        (r"\frac 1 {n+1}", r"\frac { 1 } { n + 1 }"),
        (r"{a+b \over c}", r"\frac { a + b } { c }"),
        (r"2\left( a \over b \right)^2 c", r"2 ( \frac { a } { b } ) ^ { 2 } c"),
        (r"\left. \left< a \right> \over b \right|_0", r"\frac { \langle a \rangle } { b } | _ { 0 }"),
        (r"\sqrt[3]x", r"\sqrt [ 3 ] { x }"),
        (r"\sqrt 2 x", r"\sqrt { 2 } x"),
        (r"\sqrt[{\sqrt[3]2}]x", r"\sqrt [ { \sqrt [ 3 ] { 2 } } ] { x }"),
        (r"\left ( \mbox { xy } \right )", "( x y )"),
        (r"\left. x \right|", "x |"),
        (r"\bigl( x \middle. y \bigr)", "( x y )"),
        (r"\bigl. x \bigr| + \Big. y", "x | + y"),
        (r"\bigl< x \bigr>", r"\langle x \rangle"),
        (r"\left< x \right>", r"\langle x \rangle"),
        (r"\Bigg( \mathrm{d}t \Bigg)", "( d t )"),
        (r"{\bf x} \texttt{y} \bm{z} \scriptscriptstyle a \negthinspace \mathopen{[} b \mathclose{]}", "x y z a [ b ]"),
        (r"a \lt b \gt c \le d \to e", r"a < b > c \leq d \rightarrow e"),
        (r"P\gtp_1", "P > p _ { 1 }"),
        (r"\lbrack a \rbrack", "[ a ]"),
        ("f'(x)", r"f ^ { \prime } ( x )"),
        ("f''", r"f ^ { \prime \prime }"),
        ("f\u2033 + g\u2034", r"f ^ { \prime \prime } + g ^ { \prime \prime \prime }"),
        ("{y'}^2", r"y ^ { \prime 2 }"),
        (r"y^{'}", r"y ^ { \prime }"),
        ("f^{''}(x)", r"f ^ { \prime \prime } ( x )"),
        (r"f^{\prime'}", r"f ^ { \prime \prime }"),
        ("{x_i}^2", "x _ { i } ^ { 2 }"),
        ("(a+b)^2", "( a + b ) ^ { 2 }"),
        # A tree says where ink stands, and knows no empty symbol: scripts of an empty group are raised after what is
        # to their left, though they may be meant for what follows.
        ("x{}^2", "x ^ { 2 }"),
        ("T^i{}_j", "T _ { j } ^ { i }"),
        ("a + {}^{14}C", "a + ^ { 1 4 } C"),
        (r"\sum\limits_{i=1}^n i", r"\sum _ { i = 1 } ^ { n } i"),
        (r"\sum\nolimits_{i=1}^n i", r"\sum _ { i = 1 } ^ { n } i"),
        (r"\int\limits_0^1", r"\int _ { 0 } ^ { 1 }"),
        (r"\lim_{x \to 0}", r"\lim _ { x \rightarrow 0 }"),
        (r"\operatorname{sin} x \not= \operatorname{tg} x", r"\sin x \neq t g x"),
        (r"\operatorname{sin2}", "s i n 2"),
        (r"\mathrm{sin} x + \text{ cos }{\rm tan} \rm{log}y", r"\sin x + \cos \tan \log y"),
        (r"\mathop{\rm lim}_{x} \frac\mathrm{ln}\text{max}", r"\lim _ { x } \frac { \ln } { \max }"),
        (r"\mathrm{sinx} \mathrm sin \text{sin 2} {\rm sin x} \mathit{sin} \rm sin", " ".join("sinxsinsin2sinxsinsin")),
        (r"\stackrel{a}{=}", r"\overset { a } { = }"),
        (r"\vec v + \bar{x}^2 \hat\imath", r"\vec { v } + \bar { x } ^ { 2 } \hat { i }"),
        (
            r"\overline{z} \overrightarrow{F} \widehat{p} \widetilde{A}",
            r"\bar { z } \vec { F } \hat { p } \tilde { A }",
        ),
        (
            r"\overline{AB} \vec{CD}^2 \hat{\hat{x}}",
            r"\overline { A B } \overrightarrow { C D } ^ { 2 } \widehat { \hat { x } }",
        ),
        (r"\overline{x^2}-\bar{x}^2", r"\overline { x ^ { 2 } } - \bar { x } ^ { 2 }"),
        (r"\bar{x_1} \overline{x_1} \overline{=}", r"\bar { x } _ { 1 } \overline { x _ { 1 } } \overline { = }"),
        (
            r"\overset{a}{\overline{bc}}_1 \overset{a}{-}",
            r"\overset { a } { \overline { b c } } _ { 1 } \frac { a } { }",
        ),
        (r"m\ddot{x} = -k\dot{x_1}", r"m \ddot { x } = - k \dot { x } _ { 1 }"),
        (r"\overset{\rightarrow}{v} \overset{\rightarrow}{=}", r"\vec { v } \overset { \rightarrow } { = }"),
        (r"\overset{\rightarrow x}{v}", r"\overset { \rightarrow x } { v }"),
        (r"\overset{-_1}{v}", r"\overset { - _ { 1 } } { v }"),
        (r"\alpha\,\beta\quad\gamma~\ \delta", r"\alpha \beta \gamma \delta"),
        ("\u03b1→∞", r"\alpha \rightarrow \infty"),
    ],
)
def test_canonical_tokens(latex: str, expected: str) -> None:
    assert canonical(latex) == expected
    assert canonical(expected) == expected, "canonical LaTeX is its own canonical form"


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}^T x", r"\begin{pmatrix} a & b \\ c & d \end{pmatrix} ^ { T } x"),
        (r"\begin {cases} x \\ -x & 2 \end { cases }", r"\begin{cases} x \\ - x & 2 \end{cases}"),
        # Brackets apart from their rows, as `array` has them.
        (r"\left( \begin{matrix} a \\ b \end{matrix} \right)_1", r"\begin{pmatrix} a \\ b \end{pmatrix} _ { 1 }"),
        (r"[ \begin{smallmatrix} a & b \end{smallmatrix} ]", r"\begin{bmatrix} a & b \end{bmatrix}"),
        (r"\left| {\begin{array}{*{20}{c}} a \end{array}} \right|", r"\begin{vmatrix} a \end{vmatrix}"),
        (r"\bigl\{ \begin{array}[t]{c|c} a & b \end{array} \bigr\}", r"\begin{Bmatrix} a & b \end{Bmatrix}"),
        (r"\left\{ \begin{array}{l} a \\ b \end{array} \right. + x", r"\begin{cases} a \\ b \end{cases} + x"),
        # Spacing and rules are passed over, a break after the last row too.
        (
            r"\begin{pmatrix} \hline a \\[2pt] \hline b \\* c \\ \hline \end{pmatrix}",
            r"\begin{pmatrix} a \\ b \\ c \end{pmatrix}",
        ),
        # What TeX would take for spacing is held apart from the break before it.
        (r"\begin{pmatrix} a \\ [b] \\ * c \end{pmatrix}", r"\begin{pmatrix} a \\ { } [ b ] \\ { } * c \end{pmatrix}"),
        (
            r"\begin{pmatrix} a \\ \begin{bmatrix} b \end{bmatrix} \end{pmatrix}",
            r"\begin{pmatrix} a \\ \begin{bmatrix} b \end{bmatrix} \end{pmatrix}",
        ),
        # Where the brackets are no pair, or the opening one has scripts, they stand for themselves.
        (r"( \begin{matrix} a \end{matrix} ]", r"( \begin{matrix} a \end{matrix} ]"),
        (r"\left( \begin{matrix} a \end{matrix} \right. x", r"( \begin{matrix} a \end{matrix} x"),
        (r"(_2 \begin{matrix} a \end{matrix} )", r"( _ { 2 } \begin{matrix} a \end{matrix} )"),
        (
            r"\begin{vmatrix} a \end{vmatrix} \begin{matrix} b \end{matrix}",
            r"| \begin{matrix} a \end{matrix} | \begin{matrix} b \end{matrix}",
        ),
        # Braces that are symbols, and an ampersand, are none of the environment's.
        (r"\begin{pmatrix} \{ & \& & \} \end{pmatrix}", r"\begin{pmatrix} \{ & \& & \} \end{pmatrix}"),
        (
            r"\overset{n}{\begin{Vmatrix} a \over b \end{Vmatrix}}",
            r"\overset { n } { \begin{Vmatrix} \frac { a } { b } \end{Vmatrix} }",
        ),
        (
            r"\sqrt[{\begin{bmatrix} ] \end{bmatrix}}] x",
            r"\sqrt [ { \begin{bmatrix} ] \end{bmatrix} } ] { x }",
        ),
    ],
)
def test_matrices(latex: str, expected: str) -> None:
    tree = parse_latex(latex)

    assert to_latex(tree) == expected
    assert parse_latex(expected) == parse_latex(compact(expected.split(" "))) == tree


def test_a_matrix_stands_inside_its_bracket_cell_by_cell_and_row_by_row() -> None:
    tree = parse_latex(r"\begin{pmatrix} a b & c \\ d \end{pmatrix} ^ { 2 }")

    assert [symbol.label for symbol in tree.symbols] == ["(", "a", "b", "c", "d", ")", "2"]
    assert tree.matrix(0) == [[1, 3], [4]]
    assert Edge(5, 6, Relation.SUP) in tree.edges, "scripts of a matrix are those of its closing bracket"


def test_limits_of_an_operator_stand_where_a_displayed_formula_has_them() -> None:
    def relations(latex: str) -> set[Relation]:
        return {edge.relation for edge in parse_latex(latex).edges}

    assert relations(r"\sum_i^n") == {Relation.BELOW, Relation.ABOVE}
    assert relations(r"\sum\nolimits_i^n") == {Relation.SUB, Relation.SUP}
    assert relations(r"{\sum}_i^n") == {Relation.SUB, Relation.SUP}
    assert relations(r"\int_0^1") == {Relation.SUB, Relation.SUP}
    assert relations(r"\int\limits_0^1") == {Relation.BELOW, Relation.ABOVE}
    assert relations(r"\operatorname*{lim}_x") == relations(r"\lim_x") == {Relation.BELOW}
    assert relations(r"\operatorname{lim}_x") == {Relation.SUB}


def test_faithful_latex_tells_limits_apart_and_canonical_does_not() -> None:
    below = LayoutTree((Symbol("\\int"), Symbol("0")), (Edge(0, 1, Relation.BELOW),))
    beside = LayoutTree((Symbol("\\int"), Symbol("0")), (Edge(0, 1, Relation.SUB),))

    assert to_latex(below) == r"\int \limits _ { 0 }"
    assert to_latex(beside) == r"\int _ { 0 }"
    assert to_latex(parse_latex(r"\sum x")) == r"\sum x", "where there are no limits, nothing is said of them"
    assert canonical_tokens(below) == canonical_tokens(beside) == [r"\int", "_", "{", "0", "}"]


def test_a_tree_in_any_order_reads_back_in_reading_order() -> None:
    tree = LayoutTree(
        (Symbol("2"), Symbol("b"), Symbol("x"), Symbol("a")),
        (Edge(2, 0, Relation.SUP), Edge(2, 3, Relation.RIGHT), Edge(3, 1, Relation.RIGHT)),
    )

    assert to_latex(tree) == "x ^ { 2 } a b"
    assert parse_latex(to_latex(tree)) == tree.ordered()


@given(trees)
@settings(deadline=None, max_examples=50)
def test_reading_what_was_written_gives_the_same_tree(tree: LayoutTree) -> None:
    written = to_latex(tree)
    assert parse_latex(written) == parse_latex(compact(written.split(" "))) == tree


@given(trees)
@settings(deadline=None, max_examples=50)
def test_canonical_tokens_are_stable(tree: LayoutTree) -> None:
    tokens = canonical_tokens(tree)
    assert canonical_tokens(" ".join(tokens)) == tokens


@pytest.mark.parametrize(
    ("latex", "complaint"),
    [
        ("", "no symbol"),
        ("{}", "no symbol"),
        ("x_1_2", "column 4: 'x' has a subscript already"),
        ("x^1^2", "column 4: 'x' has a superscript already"),
        (r"\sum_1_2", r"column 7: '\sum' has something below it already"),
        (r"\overset{a}{\overset{b}{=}}", "'=' has something above it already"),
        ("^2", "'^' has no symbol to its left"),
        ("x^", "an argument is missing"),
        (r"\frac{1}", "at the end: an argument is missing"),
        ("{x", "'}' is missing"),
        ("x}", "column 2: '}' is no symbol"),
        (r"\sqrt[3{x}", "']' is missing"),
        (r"x\dot{A B}", r"column 2: '\dot' stands over one letter or digit"),
        (r"\ddot{=}", r"column 1: '\ddot' stands over one letter or digit"),
        (r"\dot{\bar x}", r"column 1: '\dot' stands over one letter or digit"),
        (r"\vec{}", r"column 1: '\vec' stands over nothing"),
        (r"\overline{}", r"column 1: '\overline' stands over nothing"),
        (r"\acute{x}", r"column 1: '\acute' is no symbol"),
        (r"\begin{matrix} a & b \end{matrix}", "column 1: a matrix has an opening bracket before it"),
        ("a & b", "column 3: '&' stands between the cells of a matrix only"),
        (r"a \\ b", r"column 3: '\\' stands between the cells of a matrix only"),
        (r"\begin{pmatrix} { a & b } \end{pmatrix}", "column 21: '&' stands between"),
        (r"\begin{aligned} a & b \end{aligned}", r"column 1: '\begin{aligned}' is no matrix; the environments known"),
        (r"x \begin{matrix} a \end{matrix}", "column 3: a matrix has an opening bracket before it"),
        (r"\left( a \over \begin{matrix} a \end{matrix} \right)", "a matrix has an opening bracket before it"),
        (r"( \begin{matrix} a \end{matrix} \begin{matrix} b \end{matrix} )", "column 33: a second matrix inside one"),
        (r"( \begin{array} a \end{array} )", "column 17: an array begins with its columns"),
        (r"( \begin{array}{cc a \end{array} )", "'}' is missing"),
        (r"( \begin{array}[t {c} a \end{array} )", "an array begins with its columns"),
        (r"\begin{pmatrix} a & \end{pmatrix}", "column 21: a cell of a matrix is empty"),
        (r"\begin{pmatrix} a & {} & b \end{pmatrix}", "column 24: a cell of a matrix is empty"),
        (r"\begin{pmatrix} a \\ \\ b \end{pmatrix}", "column 22: a cell of a matrix is empty"),
        (r"\begin{pmatrix} \end{pmatrix}", "column 17: a cell of a matrix is empty"),
        (r"\begin{pmatrix} ^2 \end{pmatrix}", "column 17: '^' has no symbol to its left"),
        (r"\begin{pmatrix} a \\ b", r"at the end: '\end{pmatrix}' is missing"),
        (r"\begin{pmatrix} a \end{bmatrix}", r"column 19: '\end{pmatrix}' is missing"),
        (r"\begin{pmatrix} { a \end{pmatrix}", "column 21: '}' is missing"),
        (rf"x \end{{{'y' * 99}}}", rf"column 3: '\end{{{'y' * 35}' ends what nothing began"),
        (r"x \end{pmatrix}", r"column 3: '\end{pmatrix}' ends what nothing began"),
        (r"\begin x", r"column 1: '\begin' is no symbol"),
        (r"\dot{\begin{pmatrix} a \end{pmatrix}}", "stands over one letter or digit"),
        (r"\not x", r"\not stands only before"),
        (r"{a \over b \over c}", r"a second \over"),
        (r"\left( a \over b", "'\\right' is missing"),
        ("x\\", "column 2: '\\' is no symbol"),
        ("\x00", "is no symbol"),
        ("a=\u0338b", "column 3: "),  # a stroke through the sign before it, which makes it another
    ],
)
def test_what_is_no_formula_is_refused_with_its_place(latex: str, complaint: str) -> None:
    with pytest.raises(LayoutError) as error:
        parse_latex(latex)
    assert complaint in str(error.value)


def test_something_inside_what_is_neither_root_nor_bracket_has_no_latex() -> None:
    for label in ("x", ")"):
        with pytest.raises(LayoutError, match="inside"):
            to_latex(LayoutTree((Symbol(label), Symbol("y")), (Edge(0, 1, Relation.INSIDE),)))


@pytest.mark.parametrize(
    "bomb", ["{" * 5_000, "x^" * 2_000, "\\frac" * 4_000, "\\sqrt[" * 2_000, "x^{" * 1_500, "\\begin{cases}" * 2_000]
)
def test_deep_nesting_is_refused(bomb: str) -> None:
    with pytest.raises(LayoutError):
        parse_latex(bomb)


def test_reasonable_nesting_is_read_and_long_text_is_refused() -> None:
    nested = "x^{" * (MAX_DEPTH // 2 - 1) + "x" + "}" * (MAX_DEPTH // 2 - 1)
    assert len(parse_latex(nested).symbols) == MAX_DEPTH // 2
    assert len(parse_latex("x+" * 150 + "y").symbols) == 301, "a long line is not deep"
    with pytest.raises(LayoutError, match="more than 5,000 tokens"):
        parse_latex("x" * (MAX_TOKENS + 1))


def test_a_deep_tree_is_written_without_recursion() -> None:
    depth = 20_000
    symbols = tuple(Symbol("x") for _ in range(depth))
    tree = LayoutTree(symbols, tuple(Edge(i, i + 1, Relation.SUP) for i in range(depth - 1)))
    assert to_latex(tree).count("^") == depth - 1
    inside = LayoutTree(
        tuple(Symbol("(") for _ in range(depth)), tuple(replace(e, relation=Relation.INSIDE) for e in tree.edges)
    )
    assert to_latex(inside).count("matrix") == 2 * (depth - 1)


@given(st.text(alphabet=st.sampled_from("{}^_'$&\\ [](x1-\\frac\\sqrt\\sum\\over\\limits\\left."), max_size=60))
@settings(deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse_latex(text)
    except LayoutError:
        return
    assert parse_latex(to_latex(tree)) == tree


@given(
    st.lists(
        st.sampled_from(
            [
                *"{}^_'[]x1-.(|&",
                *("\\frac", "\\sqrt", "\\sum", "\\over", "\\limits", "\\left", "\\prime", "\\not"),
                *(f"\\{side}{{{name}}}" for side in ("begin", "end") for name in ("matrix", "cases", "vmatrix")),
                "\\\\",
            ]
        ),
        max_size=25,
    )
)
@settings(deadline=None)
def test_any_tokens_are_read_or_refused(tokens: list[str]) -> None:
    try:
        tree = parse_latex(" ".join(tokens))
    except LayoutError:
        return
    assert parse_latex(to_latex(tree)) == tree


def test_formulas_beneath_each_other_are_aligned_at_their_left_and_one_stays_as_it_is() -> None:
    assert aligned(["x = 1"]) == "x = 1"
    assert aligned(["x = 1", "y"]) == "\\begin{aligned}\n& x = 1 \\\\\n& y\n\\end{aligned}"
