r"""LaTeX: reading it as a layout tree, writing a tree as LaTeX, and the canonical tokens by which formulas compare.

Two writings serve two ends. ``to_latex`` is faithful: reading it back gives the same tree. ``canonical_tokens`` is
what the field compares: those of the tree in the one form of :mod:`inkmath.layout.canonical`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkmath.layout.accents import ACCENTS, WIDE, accent_of, bears_accent
from inkmath.layout.builder import Span, TreeBuilder
from inkmath.layout.canonical import STACKED, canonical
from inkmath.layout.quoting import quoted
from inkmath.layout.symbols import FUNCTIONS, INTEGRALS, PRIME, SEVERAL_PRIMES, STACKING, canonical_label
from inkmath.layout.tree import LayoutError, LayoutTree, Relation, Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import NoReturn

MAX_DEPTH = 100
"""Deeper nested LaTeX is refused: the reader recurses, and no formula that people write comes near."""

MAX_TOKENS = 5_000
"""Longer LaTeX is refused."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.DOTALL)
_RUN_ON = re.compile(r"(\\[lg]t)([A-Za-z])")

_FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac"})
_OVERSETS = {"\\overset": Relation.ABOVE, "\\stackrel": Relation.ABOVE, "\\underset": Relation.BELOW}
_SCRIPTS = {"_": Relation.SUB, "^": Relation.SUP}
_NEGATED = {"=": "\\neq", "\\in": "\\notin"}
# What changes how a formula looks but not which symbols stand where.
_STYLE = frozenset(
    (
        *("$", "\\(", "\\)", "\\[", "\\]", "\\,", "\\;", "\\:", "\\!", "\\>", "\\ ", "~", "\\quad", "\\qquad"),
        *(f"\\{minus}{space}space" for minus in ("", "neg") for space in ("thin", "med", "thick")),
        *(f"\\{style}style" for style in ("display", "text", "script", "scriptscript")),
        *(f"\\{mode}{font}" for mode in ("math", "text") for font in ("rm", "it", "bf", "sf", "tt", "normal")),
        *("\\rm", "\\it", "\\bf", "\\sf", "\\tt", "\\boldsymbol", "\\bm", "\\text", "\\mbox", "\\hbox", "\\enspace"),
        *(f"\\math{kind}" for kind in ("op", "rel", "bin", "ord", "open", "close", "punct", "inner")),
    )
)
# What makes letters upright, as names of functions are.
_UPRIGHT = frozenset({"\\operatorname", "\\mathrm", "\\textrm", "\\rm", "\\text", "\\mbox", "\\hbox"})
_SIZES = frozenset(f"\\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m"))
_DELIMITING = _SIZES | {"\\left", "\\right", "\\middle"}
_ANGLES = {"<": "\\langle", ">": "\\rangle"}  # as TeX takes them after those
_OPERATORS = STACKING | INTEGRALS


def to_latex(tree: LayoutTree) -> str:
    r"""LaTeX that reads back as the same tree, tokens separated by spaces.

    ``\limits`` and ``\nolimits`` stand where an operator's limits are not where a displayed formula puts them;
    what stands above or below another symbol is an accent, ``\overset`` or ``\underset``.

    Raises:
        LayoutError: something stands inside a symbol that is no root.
    """
    return " ".join(_write(tree))


def canonical_tokens(formula: LayoutTree | str) -> list[str]:
    r"""The tokens by which two formulas are equal: ``\frac { a } { b }``, ``\sqrt [ n ] { x }``, ``x _ { i } ^ { 2 }``.

    Args:
        formula: a layout tree, or LaTeX to read first.

    Raises:
        LayoutError: as :func:`parse_latex` and :func:`to_latex`.
    """
    return _write(canonical(parse_latex(formula) if isinstance(formula, str) else formula))


def parse_latex(text: str) -> LayoutTree:
    r"""Read LaTeX as a layout tree whose symbols own no strokes, in reading order.

    Spacing, fonts and the sizes of delimiters are passed over, but that ``\mathrm{sin}``, like
    ``\operatorname{sin}``, is ``\sin``; ``'`` is a ``\prime`` above. An operator such as
    ``\sum`` has its limits below and above, as a displayed formula does, unless ``\nolimits`` follows it or braces
    surround it. ``\vec`` and the other accents of :mod:`inkmath.layout.accents` stand over one letter or digit each, as
    do ``\overline`` and its like.

    Raises:
        LayoutError: broken LaTeX, or what a layout tree cannot hold: an unknown command, an accent over several
            symbols, a table, a second subscript, a script without a base. The message tells the column.
    """
    return _Parser(text).parse()


def _write(tree: LayoutTree) -> list[str]:
    """Tokens of the tree; a stack of what is still to be written keeps deep trees from recursing."""
    tokens: list[str] = []
    pending: list[str | int] = [tree.root]  # tokens, and symbols that begin a line
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            tokens.append(item)
            continue
        children = dict(tree.children[item])
        following = children.pop(Relation.RIGHT, None)
        if following is not None:
            pending.append(following)
        pending.extend(reversed(_write_symbol(tree, item, children)))
    return tokens


def _write_symbol(tree: LayoutTree, symbol: int, children: dict[Relation, int]) -> list[str | int]:
    """The symbol with everything it governs; a number in the result stands for the line that begins there."""
    label = tree.symbols[symbol].label
    written: list[str | int]
    if label == "-" and (Relation.ABOVE in children or Relation.BELOW in children):
        written = ["\\frac", *_group(children, Relation.ABOVE), *_group(children, Relation.BELOW)]
    elif label == "\\sqrt":
        written = ["\\sqrt", *_index(tree, children), *_group(children, Relation.INSIDE)]
    else:
        written = [label]
    if Relation.INSIDE in children:
        raise LayoutError(f"LaTeX has no form for something inside {quoted(label)}")
    if label in _OPERATORS:
        limits = _scripts(children, Relation.BELOW, Relation.ABOVE)
        scripts = _scripts(children, Relation.SUB, Relation.SUP)
        if limits:
            written += ["\\limits"] if label in INTEGRALS else []
            written += limits
            written = ["{", *written, "}"] if scripts else written
        elif scripts and label in STACKING:
            written += ["\\nolimits"]
        return written + scripts
    accent = accent_of(tree, symbol)
    if accent is not None:
        del children[Relation.ABOVE]
        written = [accent, "{", *written, "}"]
    for relation, command in ((Relation.ABOVE, "\\overset"), (Relation.BELOW, "\\underset")):
        if relation in children:
            written = [command, *_group(children, relation), "{", *written, "}"]
    return written + _scripts(children, Relation.SUB, Relation.SUP)


def _group(children: dict[Relation, int], relation: Relation) -> list[str | int]:
    return ["{", children.pop(relation), "}"] if relation in children else ["{", "}"]


def _scripts(children: dict[Relation, int], low: Relation, high: Relation) -> list[str | int]:
    subscript = ["_", *_group(children, low)] if low in children else []
    return subscript + (["^", *_group(children, high)] if high in children else [])


def _index(tree: LayoutTree, children: dict[Relation, int]) -> list[str | int]:
    """The index of a root in brackets, with braces around what could be taken for the closing bracket."""
    if Relation.ABOVE not in children:
        return []
    first = children.pop(Relation.ABOVE)
    hides_bracket = any(tree.symbols[symbol].label in ("]", "\\sqrt") for symbol in tree.line(first))
    return ["[", "{", first, "}", "]"] if hides_bracket else ["[", first, "]"]


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.columns: list[int] = []
        for match in _TOKEN.finditer(text):
            # CROHME has "<" and ">" that ran into the letter after them.
            run_on = _RUN_ON.fullmatch(match[0])
            for part in run_on.groups() if run_on else SEVERAL_PRIMES.get(match[0], (match[0],)):
                angle = self.tokens and self.tokens[-1] in _DELIMITING
                self.tokens.append(_ANGLES.get(part, part) if angle else part)
                self.columns.append(match.start() + 1)
            if len(self.tokens) > MAX_TOKENS:
                raise LayoutError(f"LaTeX of more than {MAX_TOKENS:,} tokens is no formula")
        self.at = 0
        self.depth = 0
        self.fences = 0  # how many \left wait for their \right
        self.builder = TreeBuilder()

    def parse(self) -> LayoutTree:
        if self.line(closing=None) is None:
            raise LayoutError("the LaTeX holds no symbol")
        return self.builder.build()

    def fail(self, message: str) -> NoReturn:
        place = f"column {self.columns[self.at]}" if self.at < len(self.tokens) else "at the end"
        raise LayoutError(f"LaTeX, {place}: {message}")

    def peek(self) -> str | None:
        """The next token that is not mere style."""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token == "\\left" or (token == "\\right" and self.fences):
                return token
            if token in _DELIMITING:
                self.at += 2 if self.tokens[self.at + 1 : self.at + 2] == ["."] else 1
            elif token in _STYLE and not (token in _UPRIGHT and self.named()[0]):
                self.at += 1
            else:
                return token
        return None

    def line(self, closing: str | None) -> Span | None:
        """Read atoms and their scripts up to ``closing``, which is read too; None for an empty line."""
        spans: list[Span] = []
        numerator: Span | None = None
        over = stacking = False
        while (token := self.peek()) != closing:
            if token is None:
                self.fail(f"'{closing}' is missing")
            if token in _SCRIPTS or (token == "'" and self.takes_prime(spans)):
                self.script(spans, stacking)
            elif token in ("\\limits", "\\nolimits"):
                self.at += 1
                stacking = token == "\\limits"
            elif token == "\\over":
                if over:
                    self.fail("a second \\over in one group")
                self.at += 1
                over, numerator, spans = True, self.builder.chain(spans), []
            else:
                starred = self.tokens[self.at : self.at + 2] == ["\\operatorname", "*"]
                span = self.atom()
                named = self.builder.symbols[span[0]].label if span is not None else ""
                stacking = token in STACKING or (starred and named in FUNCTIONS)
                if span is not None:
                    spans.append(span)
        if closing is not None:
            self.at += 1
        row = self.builder.chain(spans)
        return self.fraction(numerator, row) if over else row

    def takes_prime(self, spans: list[Span]) -> bool:
        """Whether ``'`` is a superscript; at the head of a line, as in ``f^{''}``, and after a prime it is a symbol."""
        return bool(spans) and self.builder.symbols[spans[-1][1]].label != PRIME

    def script(self, spans: list[Span], stacking: bool) -> None:
        token = self.tokens[self.at]
        if not spans:
            self.fail(f"{quoted(token)} has no symbol to its left")
        base, start = spans[-1][1], self.at
        span: Span | None
        self.at += 1
        if token == "'":
            primes = [self.builder.add(Symbol(PRIME))]
            while self.tokens[self.at : self.at + 1] == ["'"]:
                primes.append(self.builder.add(Symbol(PRIME)))
                self.at += 1
            relation, span = Relation.SUP, self.builder.chain([(prime, prime) for prime in primes])
        else:
            relation = STACKED[_SCRIPTS[token]] if stacking else _SCRIPTS[token]
            span = self.argument()
        if span is not None:
            try:
                self.builder.relate(base, relation, span[0])
            except LayoutError as error:
                self.at = start
                self.fail(str(error))

    def argument(self) -> Span | None:
        token = self.peek()
        if token is None or token in ("}", "_", "^"):
            self.fail("an argument is missing")
        return self.atom()

    def atom(self) -> Span | None:
        """Read one symbol, group or command with its arguments."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            span = self.line(closing="}")
        elif token == "\\left":
            span = self.fence()
        elif token in _FRACTIONS:
            span = self.fraction(self.argument(), self.argument())
        elif token == "\\sqrt":
            span = self.root()
        elif token in _OVERSETS:
            span = self.overset(_OVERSETS[token])
        elif token in _UPRIGHT:
            span = self.function()
        elif token in ACCENTS or token in WIDE:
            span = self.accent(ACCENTS[WIDE.get(token, token)])
        else:
            span = self.symbol(token)
        self.depth -= 1
        return span

    def fence(self) -> Span | None:
        """Read a delimiter, the group up to ``\\right``, and the delimiter there; ``.`` is none."""
        self.fences += 1
        before, inside = self.delimiter(), self.line(closing="\\right")
        self.fences -= 1
        return self.builder.chain([span for span in (before, inside, self.delimiter()) if span is not None])

    def delimiter(self) -> Span | None:
        token = self.peek()
        if token is None:
            self.fail("a delimiter is missing")
        self.at += 1
        return None if token == "." else self.symbol(token)

    def symbol(self, token: str) -> Span:
        self.at -= 1
        if token == "\\not":
            self.at += 1
            negated = _NEGATED.get(self.peek() or "")
            if negated is None:
                self.fail("\\not stands only before = and \\in")
            token = negated
        try:
            label = canonical_label(token)
        except LayoutError:
            self.fail(f"{quoted(token[:40])} is no symbol known here; use symbols, scripts, fractions, roots, limits")
        self.at += 1
        symbol = self.builder.add(Symbol(label))
        return symbol, symbol

    def fraction(self, numerator: Span | None, denominator: Span | None) -> Span:
        bar = self.builder.add(Symbol("-"))
        for relation, span in ((Relation.ABOVE, numerator), (Relation.BELOW, denominator)):
            if span is not None:
                self.builder.relate(bar, relation, span[0])
        return bar, bar

    def root(self) -> Span:
        root = self.builder.add(Symbol("\\sqrt"))
        index = None
        if self.peek() == "[":
            self.at += 1
            index = self.line(closing="]")
        for relation, span in ((Relation.ABOVE, index), (Relation.INSIDE, self.argument())):
            if span is not None:
                self.builder.relate(root, relation, span[0])
        return root, root

    def overset(self, relation: Relation) -> Span | None:
        over, base = self.argument(), self.argument()
        if base is None:
            self.fail("nothing to stand above or below of")
        if over is not None:
            try:
                self.builder.relate(base[1], relation, over[0])
            except LayoutError as error:
                self.fail(str(error))
        return base

    def accent(self, marks: Sequence[str]) -> Span:
        start = self.at - 1
        base = self.argument()
        lone = base is not None and base[0] == base[1] and bears_accent(self.builder.symbols[base[0]].label)
        if base is None or not lone or Relation.ABOVE in self.builder.children[base[0]]:
            self.at = start
            self.fail(f"{quoted(self.tokens[start])} stands over one letter or digit")
        first, *others = (self.builder.add(Symbol(mark)) for mark in marks)
        self.builder.relate(base[0], Relation.ABOVE, first)
        self.builder.chain([(mark, mark) for mark in (first, *others)])
        return base

    def function(self) -> Span | None:
        r"""After ``\operatorname`` and its kin, ``{sin}`` is ``\sin``; another name is a row of letters."""
        self.at -= 1
        name, end = self.named()
        self.at = end
        if not name:
            return self.argument()
        symbol = self.builder.add(Symbol(name))
        return symbol, symbol

    def named(self) -> tuple[str, int]:
        r"""The function that upright letters name from here on, or nothing, and the token after that.

        Here stands ``\operatorname``, starred or not, or a font; that of ``\rm`` reaches to the end of its group.
        """
        command, start = self.tokens[self.at], self.at + 1
        start += command == "\\operatorname" and self.tokens[start : start + 1] == ["*"]
        opened = self.tokens[start : start + 1] == ["{"]
        end = start + opened
        while end < len(self.tokens) and self.tokens[end].isalpha():
            end += 1
        name = "\\" + "".join(self.tokens[start + opened : end])
        whole = self.tokens[end : end + 1] == ["}"] and (opened or command == "\\rm")
        return (name, end + opened) if whole and name in FUNCTIONS else ("", start)


def compact(tokens: Iterable[str]) -> str:
    """Tokens as one writes them by hand, ``\\frac{a}{b}``: a space only where a command would swallow a letter."""
    text = ""
    previous = ""
    for token in tokens:
        swallowed = previous[:1] == "\\" and previous[-1:].isalpha() and token[:1].isalpha()
        text += f" {token}" if swallowed else token
        previous = token
    return text


def aligned(formulas: Sequence[str]) -> str:
    """Formulas beneath each other, flush left, as ``aligned`` of the package amsmath; one formula as it is."""
    if len(formulas) == 1:
        return formulas[0]
    return "\\begin{aligned}\n" + " \\\\\n".join(f"& {formula}" for formula in formulas) + "\n\\end{aligned}"
