"""JSON of the REST interface, with an example of each request."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from inkmath.layout.tree import Relation  # noqa: TC001 -- pydantic reads it at run time
from inkmath.web.settings import Limits

Coordinate = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Point = Annotated[
    list[Coordinate],
    Field(min_length=2, max_length=4, fail_fast=True, description="`[x, y]`, y downward; more is ignored"),
]
Stroke = Annotated[list[Point], Field(min_length=1, fail_fast=True, description="Points from pen-down to pen-up")]
Strokes = Annotated[list[Stroke], Field(min_length=1, fail_fast=True, description="In writing order")]
Label = Annotated[str, Field(min_length=1, max_length=30, examples=["x", "\\alpha"])]
StrokeIndex = Annotated[int, Field(ge=0)]

MOST = Limits.strokes
"""Of symbols, relations and decisions: what is read at once has no more symbols than strokes."""

PLUS: list[Any] = [[[0, 20], [20, 21], [40, 20]], [[20, 0], [21, 20], [20, 40]]]
"""A plus sign, for examples."""


class Body(BaseModel):
    """Closed to members it does not know, and to values of another type, such as false for 0."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Constraint(Body):
    """What a person decided: exactly these strokes are one symbol with this label."""

    strokes: Annotated[list[StrokeIndex], Field(min_length=1, max_length=MOST)]
    label: Label


class RecognizeRequest(Body):
    """A formula to read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strokes": PLUS, "alternatives": 3}]})

    strokes: Strokes
    constraints: Annotated[list[Constraint], Field(max_length=MOST)] = []
    alternatives: Annotated[int, Field(ge=1, le=20)] = 5


class RowsRequest(RecognizeRequest):
    """Formulas beneath each other to read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"strokes": [*PLUS, [[0, 90], [1, 130]], [[20, 90], [21, 130]]], "begins": [2]}]
        }
    )

    joined: Annotated[
        list[Annotated[list[StrokeIndex], Field(min_length=1)]],
        Field(max_length=MOST, description="Strokes that are of one formula"),
    ] = []
    begins: Annotated[
        list[StrokeIndex],
        Field(
            max_length=MOST,
            description="Strokes that begin a formula each: what was written before, beside them, is of the one above",
        ),
    ] = []


class ClassifyRequest(Body):
    """One isolated symbol to name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strokes": PLUS, "top_k": 3}]})

    strokes: Strokes
    top_k: Annotated[int, Field(ge=1, le=20)] = 3


class WrittenSymbol(Body):
    """A symbol of a formula and its strokes."""

    label: Label
    strokes: Annotated[list[StrokeIndex], Field(min_length=1, max_length=MOST)]


class WrittenRelation(Body):
    """How symbol ``child`` stands to symbol ``parent``."""

    parent: Annotated[int, Field(ge=0)]
    child: Annotated[int, Field(ge=0)]
    relation: Relation


class WrittenInk(Body):
    """Ink, of a formula with its truth, or else with what a person decided about its symbols."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strokes": PLUS}]})

    strokes: Strokes
    constraints: Annotated[list[Constraint], Field(max_length=Limits.sheet_strokes)] = []
    symbols: Annotated[list[WrittenSymbol], Field(max_length=MOST)] = []
    relations: Annotated[list[WrittenRelation], Field(max_length=MOST)] = []


class WrittenFormula(WrittenInk):
    """Ink with its truth."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"strokes": PLUS, "symbols": [{"label": "+", "strokes": [0, 1]}], "relations": []}]
        }
    )

    symbols: Annotated[list[WrittenSymbol], Field(min_length=1, max_length=MOST)]


class MeantFormula(WrittenFormula):
    """Ink as it was read, and the LaTeX that its writer meant."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"strokes": PLUS, "symbols": [{"label": "x", "strokes": [0, 1]}], "relations": [], "latex": "+"}
            ]
        }
    )

    latex: Annotated[str, Field(min_length=1, max_length=2000)]


class Candidate(BaseModel):
    """A label, and how likely it is."""

    label: str
    probability: float


class ReadSymbol(BaseModel):
    """A symbol that was read."""

    label: str
    strokes: list[int]
    alternatives: list[Candidate]


class ReadFormula(BaseModel):
    """A formula that was read; ``mathml`` marks the element of symbol ``i`` with ``id="symbol-i"``.

    Of two dots over a letter, which MathML shows as one element, it marks the first.
    """

    latex: str
    tokens: list[str]
    compact: str = Field(description="The same LaTeX without the spaces that only separate tokens")
    mathml: str
    confidence: float
    symbols: list[ReadSymbol]
    reading_order: list[int] = Field(
        description="Places in `symbols`: each before what it governs, and a lower limit before the upper"
    )
    relations: list[WrittenRelation]


class ReadRow(ReadFormula):
    """The best formula of some strokes, and the best few with it as the first."""

    alternatives: list[ReadFormula]
    seconds: float


class ToldByFile(BaseModel):
    """What a file holds besides."""

    strokes: list[Any] | None = Field(
        None, description="The strokes that were read, when the request was InkML or a picture"
    )
    truth: ReadFormula | None = Field(
        None, description="What the InkML itself says the formula is, when it says so of every stroke"
    )
    constraints: list[Constraint] | None = Field(
        None, description="Else the symbols that the InkML names; to have them obeyed, send them with the strokes"
    )


class RecognizeAnswer(ReadRow, ToldByFile):
    """A formula that was read."""


class RowsAnswer(ToldByFile):
    """The formulas that are written beneath each other, from the top down; each names strokes of the whole ink."""

    rows: list[ReadRow]


class InkAnswer(ToldByFile):
    """What a file holds, of which nothing is read."""

    strokes: list[Any] = Field(description="In the order of the file; of a picture, in a likely one")


class ClassifyAnswer(BaseModel):
    """The likeliest labels, the likeliest first."""

    candidates: list[Candidate]
    seconds: float


class KnownSymbol(BaseModel):
    """A symbol class, the character that shows it, and what people call that; letters and words have no name."""

    label: str
    text: str
    name: str


class SymbolsAnswer(BaseModel):
    """All classes a formula may hold."""

    symbols: list[KnownSymbol]


class CorrectionsAnswer(BaseModel):
    """Whether confirmed formulas can be saved, and where."""

    enabled: bool
    directory: str | None
    saved: int


class SavedAnswer(BaseModel):
    """A saved formula; its name deletes it again."""

    name: str
    saved: int


class HealthAnswer(BaseModel):
    """How the server is."""

    status: str


class ProblemAnswer(BaseModel):
    """A refusal (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
