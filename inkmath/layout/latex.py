r"""LaTeX: reading it as a layout tree, writing a tree as LaTeX, and the canonical tokens by which formulas compare.

Two writings serve two ends. ``to_latex`` is faithful: reading it back gives the same tree. ``canonical_tokens`` is
what the field compares: those of the tree in the one form of :mod:`inkmath.layout.canonical`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inkmath.layout.accents import ACCENTS, SPANNING, WIDE, accent_of, bears_accent, spanning_of
from inkmath.layout.builder import Span, TreeBuilder
from inkmath.layout.canonical import STACKED, canonical
from inkmath.layout.matrices import ENVIRONMENTS, OPENING, environment_of
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

_TOKEN = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}|\\\\\*|\\[A-Za-z]+|\\.|\S", re.DOTALL)
_BEGIN, _END = "\\begin{", "\\end{"  # each with the name of its environment is one token
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
_ROW_BREAK = "\\\\"
_SEPARATORS = ("&", _ROW_BREAK)
_BARE = ("matrix", "smallmatrix", "array")  # rows to which the brackets around them do not belong
_LENGTH = re.compile(r"-?[0-9.]+(?:pt|pc|in|bp|cm|mm|dd|cc|sp|ex|em|mu)")


def to_latex(tree: LayoutTree) -> str:
    r"""LaTeX that reads back as the same tree, tokens separated by spaces.

    ``\limits`` and ``\nolimits`` stand where an operator's limits are not where a displayed formula puts them;
    what stands above or below another symbol is an accent, ``\overset`` or ``\underset``. A matrix is ``pmatrix`` or
    what else says it with its brackets, and ``matrix`` after its opening bracket where nothing does. A wide accent that
    spans a lone letter is written as wide, and read back as a narrow one.

    Raises:
        LayoutError: something stands inside a symbol that is no root, no opening bracket and no wide accent.
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
    surround it. Of the accents of :mod:`inkmath.layout.accents` those that can be wide stand over whatever they are
    given, narrow over one letter or digit; dots stand over such only. ``pmatrix`` and the other environments of
    :mod:`inkmath.layout.matrices` are read with their brackets, ``matrix``, ``smallmatrix`` and ``array`` right after
    an opening bracket.

    Raises:
        LayoutError: broken LaTeX, or what a layout tree cannot hold: an unknown command, a dot over several
            symbols, a table without a bracket or with an empty cell, a second subscript, a script without a base. The
            message tells the column.
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
        whole: list[str | int] = []
        environment = environment_of(tree, item)
        if environment is not None:
            whole = _rows(tree, item, environment)
            if ENVIRONMENTS[environment][1] is not None:  # what stands at the closing bracket stands at the matrix
                item = tree.children[item][Relation.RIGHT]
        children = dict(tree.children[item])
        # The matrix that a cell is part of writes the cells and rows after it.
        for written_above in (Relation.CELL, Relation.ROW, *((Relation.INSIDE,) if whole else ())):
            children.pop(written_above, None)
        following = children.pop(Relation.RIGHT, None)
        if following is not None:
            pending.append(following)
        pending.extend(reversed(_write_symbol(tree, item, children, whole)))
    return tokens


def _rows(tree: LayoutTree, opening: int, environment: str) -> list[str | int]:
    """The matrix inside a bracket as an environment; a number in the result stands for the cell that begins there."""
    written: list[str | int] = [_BEGIN + environment + "}"]
    for row in tree.matrix(opening):
        # TeX takes these two for a part of the break before them.
        if written[-1] == _ROW_BREAK and tree.symbols[row[0]].label in ("[", "*") and not environment_of(tree, row[0]):
            written += ["{", "}"]
        for cell in row:
            written += [cell, "&"]
        written[-1] = _ROW_BREAK
    return [*written[:-1], _END + environment + "}"]


def _write_symbol(
    tree: LayoutTree, symbol: int, children: dict[Relation, int], whole: list[str | int]
) -> list[str | int]:
    """The symbol with everything it governs; a number in the result stands for the line that begins there.

    ``whole`` is what is written instead of the symbol itself: the matrix that ends with it, if any.
    """
    label = tree.symbols[symbol].label
    written: list[str | int]
    matrix: list[str | int] = []
    if whole:
        written = whole
    elif (spanning := spanning_of(tree, symbol)) is not None:
        written = [spanning, *_group(children, Relation.INSIDE)]
    elif label == "-" and (Relation.ABOVE in children or Relation.BELOW in children):
        written = ["\\frac", *_group(children, Relation.ABOVE), *_group(children, Relation.BELOW)]
    elif label == "\\sqrt":
        written = ["\\sqrt", *_index(tree, children), *_group(children, Relation.INSIDE)]
    else:
        written = [label]
    if label in OPENING and children.pop(Relation.INSIDE, None) is not None:
        matrix = _rows(tree, symbol, "matrix")
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
    return written + _scripts(children, Relation.SUB, Relation.SUP) + matrix


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
    hides_bracket = any(
        tree.symbols[symbol].label in ("]", "\\sqrt") or Relation.INSIDE in tree.children[symbol]
        for symbol in tree.line(first)
    )
    return ["[", "{", first, "}", "]"] if hides_bracket else ["[", first, "]"]


class _Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        self.columns: list[int] = []
        for match in _TOKEN.finditer(text):
            # CROHME has "<" and ">" that ran into the letter after them.
            run_on = _RUN_ON.fullmatch(match[0])
            token = _ROW_BREAK if match[0] == "\\\\*" else match[0]
            token = "".join(token.split()) if token.endswith("}") else token  # \begin {matrix}
            for part in run_on.groups() if run_on else SEVERAL_PRIMES.get(token, (token,)):
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
        if self.line(None) is None:
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

    def line(self, *closing: str | None, bracket: int | None = None) -> Span | None:
        """Read atoms and their scripts up to one of ``closing``, which is read too; None for an empty line.

        ``bracket`` stands before the line, and a matrix at its head belongs to it.
        """
        spans: list[Span] = []
        numerator: Span | None = None
        over = stacking = False
        while (token := self.peek()) not in closing:
            if token is None or token.startswith(_END):
                ends = closing[-1]
                self.fail(f"'{ends}' is missing" if ends else f"{quoted((token or '')[:40])} ends what nothing began")
            if token in _SEPARATORS:
                self.fail(f"'{token}' stands between the cells of a matrix only")
            if token in _SCRIPTS or (token == "'" and self.takes_prime(spans)):
                self.script(spans, stacking)
            elif token in ("\\limits", "\\nolimits"):
                self.at += 1
                stacking = token == "\\limits"
            elif token == "\\over":
                if over:
                    self.fail("a second \\over in one group")
                self.at += 1
                over, numerator, spans, bracket = True, self.builder.chain(spans), [], None
            else:
                starred = self.tokens[self.at : self.at + 2] == ["\\operatorname", "*"]
                span = self.atom(spans[-1][1] if spans else bracket)
                named = self.builder.symbols[span[0]].label if span is not None else ""
                stacking = token in STACKING or (starred and named in FUNCTIONS)
                if span is not None:
                    spans.append(span)
        if token is not None:
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

    def atom(self, before: int | None = None) -> Span | None:
        """Read one symbol, group or command with its arguments; ``before`` is the symbol to its left."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH}")
        token = self.tokens[self.at]
        self.at += 1
        if token == "{":
            span = self.line("}", bracket=before)
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
            span = self.accent(token)
        elif token.startswith(_BEGIN):
            span = self.environment(token[len(_BEGIN) : -1], before)
        else:
            span = self.symbol(token)
        self.depth -= 1
        return span

    def fence(self) -> Span | None:
        """Read a delimiter, the group up to ``\\right``, and the delimiter there; ``.`` is none."""
        self.fences += 1
        before = self.delimiter()
        inside = self.line("\\right", bracket=None if before is None else before[1])
        self.fences -= 1
        return self.builder.chain([span for span in (before, inside, self.delimiter()) if span is not None])

    def environment(self, name: str, before: int | None) -> Span | None:
        """Read rows after their ``\\begin``: a matrix with its brackets, or what stands inside the symbol before it."""
        if name in ENVIRONMENTS:
            opening, *closing = (self.builder.add(Symbol(label)) for label in ENVIRONMENTS[name] if label is not None)
            self.rows(opening, name)
            return self.builder.chain([(bracket, bracket) for bracket in (opening, *closing)])
        self.at -= 1
        if name not in _BARE:
            known = ", ".join((*_BARE, *ENVIRONMENTS))
            self.fail(f"{quoted(self.tokens[self.at][:40])} is no matrix; the environments known here are {known}")
        if before is None or self.builder.symbols[before].label not in OPENING:
            self.fail(f"a matrix has an opening bracket before it; for round ones write {_BEGIN}pmatrix}}")
        if Relation.INSIDE in self.builder.children[before]:
            self.fail("a second matrix inside one bracket")
        self.at += 1
        if name == "array":
            self.pass_columns()
        self.rows(before, name)
        return None

    def rows(self, opening: int, name: str) -> None:
        """Read cells up to the ``\\end`` of an environment, and relate them to their bracket and to each other."""
        end = f"{_END}{name}}}"
        self.pass_rules()
        relation, row = Relation.INSIDE, opening
        while relation is Relation.INSIDE or self.peek() != end:  # a break may come after the last row too
            first = self.cell(end)
            self.builder.relate(row, relation, first)
            relation, row, cell = Relation.ROW, first, first
            while self.tokens[self.at - 1] == "&":
                following = self.cell(end)
                self.builder.relate(cell, Relation.CELL, following)
                cell = following
            if self.tokens[self.at - 1] == end:
                return
            self.pass_break()
        self.at += 1

    def cell(self, end: str) -> int:
        """Read a cell with the separator or ``\\end`` after it; its first symbol."""
        span = self.line(*_SEPARATORS, end)
        if span is None:
            self.at -= 1
            self.fail("a cell of a matrix is empty; a layout tree holds only what is written")
        return span[0]

    def pass_break(self) -> None:
        r"""Pass over what belongs to ``\\``, as in ``\\[2pt]``, and over rules between rows."""
        if self.tokens[self.at : self.at + 1] == ["["] and "]" in self.tokens[self.at :]:
            end = self.tokens.index("]", self.at)
            if _LENGTH.fullmatch("".join(self.tokens[self.at + 1 : end])):
                self.at = end + 1
        self.pass_rules()

    def pass_rules(self) -> None:
        while self.peek() == "\\hline":
            self.at += 1

    def pass_columns(self) -> None:
        """Pass over what ``array`` says of its place and its columns: ``[t]{c|c}``."""
        if self.peek() == "[":
            while self.at < len(self.tokens) and self.tokens[self.at] != "]":
                self.at += 1
            self.at += 1
        if self.peek() != "{":
            self.fail("an array begins with its columns, such as {cc}")
        depth = 0
        while self.at < len(self.tokens):
            depth += (self.tokens[self.at] == "{") - (self.tokens[self.at] == "}")
            self.at += 1
            if not depth:
                return
        self.fail("'}' is missing")

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
            index = self.line("]")
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

    def accent(self, command: str) -> Span:
        """After a command that sets an accent; a wide one over a letter with scripts spans those, too."""
        marks, start = ACCENTS[WIDE.get(command, command)], self.at - 1
        base = self.argument()
        letter = base is not None and base[0] == base[1] and bears_accent(self.builder.symbols[base[0]].label)
        if base is None:
            self.at = start
            self.fail(f"{quoted(command)} stands over nothing")
        lines = self.builder.children[base[0]]
        if not letter or Relation.ABOVE in lines or (lines and command in WIDE):
            if marks[0] not in SPANNING:
                self.at = start
                self.fail(f"{quoted(command)} stands over one letter or digit")
            mark = self.builder.add(Symbol(marks[0]))
            self.builder.relate(mark, Relation.INSIDE, base[0])
            return mark, mark
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
