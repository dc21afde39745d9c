"""The REST interface. Stateless: every request carries all strokes of its formula."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from inkmath.counting import counted
from inkmath.decoding.reading import Reading
from inkmath.inkml import write_inkml
from inkmath.layout.alignment import with_strokes_of
from inkmath.layout.latex import canonical_tokens, compact, parse_latex
from inkmath.layout.mathml import to_mathml
from inkmath.layout.symbols import CHARACTERS, canonical_label
from inkmath.layout.tree import READING_ORDER, Edge, LayoutError, LayoutTree, Relation, Symbol, reading_order
from inkmath.recognizer import Formula
from inkmath.web import schemas
from inkmath.web.bodies import (
    INKML_TYPES,
    PICTURE_TYPES,
    ink_of_inkml,
    ink_of_picture,
    ink_of_strokes,
    media_type,
    read_body,
    read_json,
)
from inkmath.web.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel

    from inkmath.ink import Ink
    from inkmath.recognizer import Recognition, Recognizer
    from inkmath.web.corrections import Corrections
    from inkmath.web.pool import WorkerPool
    from inkmath.web.settings import Limits

SHOWN = {**CHARACTERS, "-": "\N{MINUS SIGN}", "\\sqrt": "\N{SQUARE ROOT}"}
"""What stands for a symbol on a button."""

ALOUD = (
    *(Relation.BELOW, Relation.INSIDE, Relation.ABOVE, Relation.SUB, Relation.SUP),
    *(Relation.RIGHT, Relation.CELL, Relation.ROW),
)
"""What a symbol other than a fraction governs, as it is read aloud: a sum from its lower limit to the upper one."""

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}

_REASONS: dict[int | str, str] = {
    401: "The server wants its token",
    413: "Body, strokes, points or pixels over their limit",
    415: "None of the types that are read here",
    422: "Not what is asked for; the answer names the place",
    503: "Too busy or still loading, and Retry-After says when to come back; without it, no models or too much work",
    "default": "Any other refusal",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"content": PROBLEM, "description": reason} for status, reason in _REASONS.items()
}


class Service:
    """What the routes work with.

    Attributes:
        ready: the models are loaded.
        failure: why they cannot be, in words for the client.
    """

    def __init__(
        self, recognizer: Recognizer, pool: WorkerPool, limits: Limits, corrections: Corrections | None
    ) -> None:
        self.recognizer = recognizer
        self.pool = pool
        self.limits = limits
        self.corrections = corrections
        self.ready = False
        self.failure: str | None = None

    def require_ready(self) -> None:
        """Raise Problem 503 unless the models are loaded."""
        if self.failure:
            raise Problem(503, "no-model", "No models", self.failure)
        if not self.ready:
            raise Problem(
                503, "starting", "Starting", "The models are still being loaded.", headers={"Retry-After": "1"}
            )


def body_of(model: type[BaseModel] | None = None, *, files: bool = False) -> dict[str, Any]:
    """OpenAPI of a body that the routes read themselves, to bound it before it is parsed.

    Args:
        model: what the body is as JSON; None takes none.
        files: InkML and pictures are taken.
    """
    content: dict[str, Any] = {}
    if model:
        content["application/json"] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if files:
        example = "<ink xmlns='http://www.w3.org/2003/InkML'><trace id='0'>0 20, 40 20</trace></ink>"
        content["application/inkml+xml"] = {"schema": {"type": "string"}, "example": example}
        for media in sorted(PICTURE_TYPES):
            content[media] = {"schema": {"type": "string", "format": "binary"}}
        content["image/png"]["examples"] = {"formula": {"externalValue": "/example.png"}}
    return {"requestBody": {"required": True, "content": content}}


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]

router = APIRouter(prefix="/api", responses=REFUSALS)
"""The routes under ``/api``; the application that has them keeps its :class:`Service` as ``app.state.service``."""


@router.post(
    "/recognize", response_model=schemas.RecognizeAnswer, openapi_extra=body_of(schemas.RecognizeRequest, files=True)
)
async def recognize(request: Request, service: Served) -> Response:
    """Read a formula, given as strokes, as an InkML document, or as the picture of one on plain paper."""
    service.require_ready()
    asked = await _asked(request, service.limits)

    def work() -> dict[str, Any]:
        ink = asked.ink()
        _check(service, ink, asked)
        read = service.recognizer.recognize(ink, constraints=asked.constraints, alternatives=asked.alternatives)
        return _answer(read) | (_told(ink) if asked.in_file else {})

    return JSONResponse(await service.pool.run(work, request))


@router.post("/rows", response_model=schemas.RowsAnswer, openapi_extra=body_of(schemas.RowsRequest, files=True))
async def rows(request: Request, service: Served) -> Response:
    """Read formulas written beneath each other, each for itself, given like one; a constraint is on one of them."""
    service.require_ready()
    asked = await _asked(request, service.limits, schemas.RowsRequest)

    def work() -> dict[str, Any]:
        ink = asked.ink()
        _check(service, ink, asked)
        read = service.recognizer.recognize_rows(
            ink,
            constraints=asked.constraints,
            alternatives=asked.alternatives,
            joined=asked.joined,
            begins=asked.begins,
        )
        return {"rows": [_answer(row) for row in read.rows]} | (_told(ink) if asked.in_file else {})

    return JSONResponse(await service.pool.run(work, request))


@router.post("/ink", response_model=schemas.InkAnswer, openapi_extra=body_of(files=True))
async def ink(request: Request, service: Served) -> Response:
    """Tell what an InkML document or a picture holds, without reading it: many more strokes than are read at once."""
    given = await _ink_in_file(request, service.limits.of_sheet)
    # The answer is put into JSON by the worker, too: of a whole sheet it would keep all others waiting.
    return await service.pool.run(lambda: JSONResponse(_told(given())), request)


@router.post("/classify", response_model=schemas.ClassifyAnswer, openapi_extra=body_of(schemas.ClassifyRequest))
async def classify(request: Request, service: Served) -> Response:
    """Name one isolated symbol."""
    service.require_ready()
    asked = await read_json(request, schemas.ClassifyRequest, service.limits)
    ink = ink_of_strokes(asked.strokes, service.limits)

    def work() -> dict[str, Any]:
        began = perf_counter()
        try:
            named = service.recognizer.classify(ink, asked.top_k)
        except FileNotFoundError as missing:
            raise Problem(
                503, "no-model", "No models", "This server has no weights for single symbols, only for formulas."
            ) from missing
        candidates = [{"label": candidate.label, "probability": round(candidate.probability, 4)} for candidate in named]
        return {"candidates": candidates, "seconds": round(perf_counter() - began, 4)}

    return JSONResponse(await service.pool.run(work, request))


@router.head("/symbols", include_in_schema=False)
@router.get("/symbols", response_model=schemas.SymbolsAnswer)
async def symbols(service: Served) -> Response:
    """The symbol classes that a formula may hold."""
    service.require_ready()
    known = [
        {"label": label, "text": (text := SHOWN.get(label, label.lstrip("\\") or label)), "name": _name(text)}
        for label in service.recognizer.expressions.labels
    ]
    return JSONResponse({"symbols": known})


@router.post("/arrange", response_model=schemas.ReadFormula, openapi_extra=body_of(schemas.MeantFormula))
async def arrange(request: Request, service: Served) -> Response:
    """Give the strokes of a formula as it was read to the LaTeX that its writer meant."""
    asked = await read_json(request, schemas.MeantFormula, service.limits)
    ink = _ink_of_formula(asked, service.limits)

    def work() -> dict[str, Any]:
        assert ink.tree is not None
        try:
            tree = with_strokes_of(ink.tree, parse_latex(asked.latex))
        except LayoutError as error:
            raise Problem(422, "invalid", "Invalid request", str(error)) from error
        return _formula(Formula(ink, Reading(tree, 1.0)))

    return JSONResponse(await service.pool.run(work, request))


@router.post(
    "/inkml",
    response_class=Response,
    responses={200: {"content": {"application/inkml+xml": {}}}},
    openapi_extra=body_of(schemas.WrittenInk),
)
async def inkml(request: Request, service: Served) -> Response:
    """Write a formula as InkML with its truth, or a whole sheet as its ink, with the symbols that were decided on."""
    limits = service.limits.of_sheet
    written = await read_json(request, schemas.WrittenInk, limits)
    document = await service.pool.run(lambda: write_inkml(_ink_of_formula(written, limits)))
    return Response(document, media_type="application/inkml+xml")


@router.head("/corrections", include_in_schema=False)
@router.get("/corrections", response_model=schemas.CorrectionsAnswer)
async def corrections(service: Served) -> Response:
    """Whether confirmed formulas can be saved on the server, and where."""
    store = service.corrections
    saved = await service.pool.run(lambda: len(store)) if store is not None else 0
    directory = str(store.directory) if store is not None else None
    return JSONResponse({"enabled": store is not None, "directory": directory, "saved": saved})


@router.post(
    "/corrections",
    status_code=201,
    response_model=schemas.SavedAnswer,
    openapi_extra=body_of(schemas.WrittenFormula),
)
async def save(request: Request, service: Served) -> Response:
    """Save a formula whose reading a person confirmed or corrected."""
    store = _require_store(service)
    ink = _ink_of_formula(await read_json(request, schemas.WrittenFormula, service.limits), service.limits)
    assert ink.tree is not None
    unread = len(ink.strokes) - sum(len(symbol.strokes) for symbol in ink.tree.symbols)
    if unread:
        raise Problem(422, "invalid", "Invalid request", f"Outside all symbols: {counted(unread, 'stroke')}.")

    def work() -> dict[str, Any]:
        return {"name": store.save(ink), "saved": len(store)}

    return JSONResponse(await service.pool.run(work), 201)


@router.delete("/corrections/{name}", status_code=204)
async def forget(name: str, service: Served) -> Response:
    """Delete a saved formula."""
    store = _require_store(service)
    await service.pool.run(lambda: store.delete(name))
    return Response(status_code=204)


@dataclass(frozen=True)
class _Asked:
    """What is to be read.

    Attributes:
        ink: gives it; getting it out of a file takes time, and may raise what :mod:`inkmath.web.bodies` does.
        in_file: it came in a file, so that the client does not know it yet.
        constraints, joined, begins: what a person decided. alternatives: how many formulas are wanted at most.
    """

    ink: Callable[[], Ink]
    in_file: bool = True
    constraints: dict[frozenset[int], str] = field(default_factory=dict)
    alternatives: int = 5
    joined: Sequence[frozenset[int]] = ()
    begins: Sequence[int] = ()


async def _asked(
    request: Request, limits: Limits, body: type[schemas.RecognizeRequest] = schemas.RecognizeRequest
) -> _Asked:
    """What a request brings to be read: strokes as JSON, InkML, or a picture.

    Raises:
        Problem: 415 for another type, and what its body is refused for.
    """
    given = media_type(request)
    if given == "application/json":
        asked = await read_json(request, body, limits)
        ink = ink_of_strokes(asked.strokes, limits)
        rows = ([*map(frozenset, asked.joined)], asked.begins) if isinstance(asked, schemas.RowsRequest) else ()
        return _Asked(lambda: ink, False, _constraints(asked.constraints), asked.alternatives, *rows)
    return _Asked(await _ink_in_file(request, limits, besides="strokes as application/json, "))


async def _ink_in_file(request: Request, limits: Limits, *, besides: str = "") -> Callable[[], Ink]:
    """What gives the ink of the InkML or the picture that a request brings; may raise what `inkmath.web.bodies` does.

    Args:
        besides: what else could have been sent, in words.

    Raises:
        Problem: 415 for another type, and what its body is refused for.
    """
    given = media_type(request)
    if given in INKML_TYPES:
        return partial(ink_of_inkml, await read_body(request, limits), limits)
    if given in PICTURE_TYPES:
        return partial(ink_of_picture, await read_body(request, limits), limits)
    raise Problem(
        415,
        "media-type",
        "Unsupported type",
        f"Send {besides}application/inkml+xml, or a picture as image/png or image/jpeg.",
    )


def _check(service: Service, ink: Ink, asked: _Asked) -> None:
    """Raise Problem 422 for ink, or what is said of it, that the recogniser does not take."""
    try:
        service.recognizer.check(ink, asked.constraints, joined=asked.joined, begins=asked.begins)
    except ValueError as error:
        raise Problem(422, "invalid", "Invalid request", str(error)) from error


def _name(text: str) -> str:
    """What Unicode calls a sign, to find it by; empty for Latin letters and words, which are found by themselves."""
    return "" if text.isascii() and text.isalpha() else " ".join(unicodedata.name(one, "") for one in text).lower()


def _require_store(service: Service) -> Corrections:
    if service.corrections is None:
        raise Problem(
            403, "saving-off", "Saving is off", "This server was started without a directory for corrections."
        )
    return service.corrections


def _told(ink: Ink) -> dict[str, Any]:
    """What a file tells: its strokes, and the formula that it says all of them are, else the symbols it names."""
    told: dict[str, Any] = {"strokes": [stroke.tolist() for stroke in ink.strokes]}
    if ink.tree is not None and not ink.unowned:
        told["truth"] = _formula(Formula(ink, Reading(ink.tree, 1.0)))
    elif ink.groups:
        told["constraints"] = [{"label": group.label, "strokes": list(group.strokes)} for group in ink.groups]
    return told


def _answer(result: Recognition) -> dict[str, Any]:
    formulas = [_formula(formula) for formula in result.alternatives]
    return {**formulas[0], "alternatives": formulas, "seconds": round(result.seconds, 4)}


def _formula(formula: Formula) -> dict[str, Any]:
    marks = [f"symbol-{index}" for index in range(len(formula.tree.symbols))]

    def order_at(symbol: int) -> Sequence[Relation]:
        return READING_ORDER if formula.tree.symbols[symbol].label == "-" else ALOUD

    return {
        **formula.as_formula_dict(),
        "compact": compact(formula.tokens),
        "mathml": to_mathml(formula.tree, marks),
        "reading_order": list(reading_order(formula.tree.children, formula.tree.root, order_at)),
    }


def _constraints(given: list[schemas.Constraint]) -> dict[frozenset[int], str]:
    """What a person decided, as the recogniser takes it.

    Raises:
        Problem: 422 when a stroke is named twice, or a label is none.
    """
    named = Counter(stroke for constraint in given for stroke in constraint.strokes)
    twice = [stroke for stroke, count in named.items() if count > 1]
    try:
        if twice:
            raise LayoutError(f"the constraints name stroke {min(twice)} twice")
        return {frozenset(constraint.strokes): canonical_label(constraint.label) for constraint in given}
    except LayoutError as error:
        raise Problem(422, "invalid", "Invalid request", str(error)) from None


def _ink_of_formula(written: schemas.WrittenInk, limits: Limits) -> Ink:
    """Ink with its truth, or without one with the symbols that a person decided on, if any.

    Raises:
        Problem: 413 over a limit, 422 when symbols and relations are no layout tree of these strokes, or what was
            decided are no symbols of them.
    """
    ink = ink_of_strokes(written.strokes, limits)
    decided = _constraints(written.constraints)
    groups = tuple(Symbol(label, tuple(sorted(strokes))) for strokes, label in decided.items())
    try:
        tree = None
        if written.symbols or written.relations:
            tree = LayoutTree(
                tuple(Symbol(canonical_label(symbol.label), tuple(symbol.strokes)) for symbol in written.symbols),
                tuple(Edge(edge.parent, edge.child, edge.relation) for edge in written.relations),
            )
        named = [index for symbol in (*groups, *(tree.symbols if tree else ())) for index in symbol.strokes]
        if max(named, default=0) >= len(ink.strokes):
            raise LayoutError(f"a symbol names stroke {max(named)}; there are {len(ink.strokes)}")
        return replace(ink, groups=groups, tree=tree, latex=" ".join(canonical_tokens(tree)) if tree else None)
    except LayoutError as error:
        raise Problem(422, "invalid", "Invalid request", str(error)) from None
