"""Reading requests: their bytes, their type, and the ink in them, each within its limit."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from inkmath.ink import Ink
from inkmath.inkml import InkMLError, parse_inkml
from inkmath.web.problems import Problem, invalid_problem, limit_problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from inkmath.web.settings import Limits

Model = TypeVar("Model", bound=BaseModel)

INKML_TYPES = frozenset({"application/inkml+xml", "application/xml", "text/xml"})
PICTURE_TYPES = frozenset({"image/png", "image/jpeg"})

IN_PARTS = "Split the ink into parts."


async def read_body(request: Request, limits: Limits) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 when it is too large, 408 when it takes too long to arrive, 415 when it is compressed: its limit
            counts the bytes that arrive.
    """
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(
            415,
            "content-coding",
            "Compressed request",
            "Send the body as it is, without Content-Encoding.",
            headers={"Accept-Encoding": "identity", "Connection": "close"},
        )
    too_large = limit_problem(
        413,
        "body-too-large",
        "Request too large",
        limit="body_bytes",
        value=limits.body_bytes,
        unit="bytes",
        remedy="Send less at once.",
    )
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > limits.body_bytes:
        raise too_large
    received = bytearray()
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in request.stream():
                received += chunk
                if len(received) > limits.body_bytes:
                    raise too_large
    except TimeoutError:
        raise limit_problem(
            408,
            "body-too-slow",
            "Request took too long to arrive",
            limit="seconds",
            value=limits.seconds,
            unit="seconds",
            remedy="Send it again.",
        ) from None
    return bytes(received)


def media_type(request: Request) -> str:
    """The body's type without parameters, in lower case."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(request: Request, model: type[Model], limits: Limits) -> Model:
    """The body as ``model``.

    Raises:
        Problem: 415 for another type, 422 for what is not the model, or what :func:`read_body` raises.
    """
    if media_type(request) != "application/json":
        raise Problem(415, "media-type", "Unsupported type", "Send application/json.")
    try:
        body = await read_body(request, limits)
        return model.model_validate_json(body.removeprefix(BOM_UTF8))  # RFC 8259 lets a reader ignore it
    except ValidationError as error:
        raise invalid_problem(error.errors(include_url=False, include_context=False, include_input=False)) from None


def ink_of_strokes(strokes: list[list[list[float]]], limits: Limits) -> Ink:
    """Ink from JSON strokes, as :data:`~inkmath.web.schemas.Strokes` has them.

    Raises:
        Problem: 413 when there are too many strokes or points.
    """
    _check_size(len(strokes), sum(map(len, strokes)), limits)
    return Ink.from_points([[point[:2] for point in stroke] for stroke in strokes])


def ink_of_inkml(document: bytes, limits: Limits) -> Ink:
    """Ink from an InkML document.

    Raises:
        Problem: 422 when it is no usable InkML, 413 when there are too many strokes or points.
    """
    try:
        ink = parse_inkml(document)
    except InkMLError as error:
        raise Problem(422, "inkml", "Unusable InkML", str(error)) from None
    _check_size(len(ink.strokes), sum(map(len, ink.strokes)), limits)
    return ink


def ink_of_picture(content: bytes, limits: Limits) -> Ink:
    """Ink recovered from a PNG or JPEG picture.

    Raises:
        Problem: 413 when it has too many pixels, strokes or points, 422 when no ink is found in it, 415 when the server
            lacks what reads pictures.
    """
    try:
        from inkmath.images import ImageError, TooManyPixelsError, ink_from_image

        ink = ink_from_image(content, most_pixels=limits.pixels)
    except ImportError as missing:
        raise Problem(
            415,
            "media-type",
            "No pictures here",
            f"Pictures need {missing.name} on the server: pip install 'inkmath[images]'.",
        ) from missing
    except TooManyPixelsError:
        raise limit_problem(
            413,
            "too-many-pixels",
            "Picture too large",
            limit="pixels",
            value=limits.pixels,
            unit="pixels",
            remedy="Use a smaller picture.",
        ) from None
    except ImageError as error:
        raise Problem(422, "picture", "Unusable picture", f"{error}.".removeprefix("image: ")) from None
    _check_size(len(ink.strokes), sum(map(len, ink.strokes)), limits)
    return ink


def _check_size(strokes: int, points: int, limits: Limits) -> None:
    if strokes > limits.strokes:
        raise limit_problem(
            413,
            "too-many-strokes",
            "Too many strokes",
            limit="strokes",
            value=limits.strokes,
            unit="strokes",
            remedy=IN_PARTS,
        )
    if points > limits.points:
        raise limit_problem(
            413,
            "too-many-points",
            "Too many points",
            limit="points",
            value=limits.points,
            unit="points",
            remedy=IN_PARTS,
        )
