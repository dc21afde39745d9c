"""Refusals as ``application/problem+json`` (RFC 9457): what is wrong, which limit it met, and nothing of the inside."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
LONGEST_NAME = 40
"""Characters of a member's name that a refusal repeats."""


class Problem(Exception):  # noqa: N818 -- RFC 9457's own word
    """A request that is refused.

    Args:
        status: HTTP status.
        kind: a short name that programs can compare, such as ``too-many-strokes``.
        title: the same for people.
        detail: what to do about it.
        headers: further headers of the answer.
        extra: further members of the JSON object, such as ``limit``.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{title}: {detail}")
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> JSONResponse:
        """The HTTP answer."""
        content = {
            "type": f"urn:inkmath:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        return JSONResponse(content, self.status, self.headers, MEDIA_TYPE)


def limit_problem(status: int, kind: str, title: str, *, limit: str, value: float, unit: str, remedy: str) -> Problem:
    """A refusal because of a limit, which it names, with what to do about it."""
    # What is left of a body that is too large or too slow is not waited for.
    headers = {"Connection": "close"} if status in (408, 413) else {}
    detail = f"The limit is {value:,.12g} {unit}. {remedy}"  # a plain g would print 2 MiB as 2.09715e+06
    return Problem(status, kind, title, detail, headers=headers, limit={"name": limit, "value": value})


def install(app: FastAPI) -> None:
    """Answer every failure of ``app`` with a problem."""

    async def refused(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return problem.response()

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return invalid_problem(error.errors()).response()

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        titles = {404: "Not found", 405: "Method not allowed"}
        title = titles.get(error.status_code, "Refused")
        detail = f"{request.method} {request.url.path} is not part of this interface; see /api/openapi.json."
        kind = title.lower().replace(" ", "-")
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _allowed(request, headers.get("Allow", ""))
        return Problem(error.status_code, kind, title, detail, headers=headers).response()

    async def failed(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return Problem(500, "internal", "Internal error", "The server failed; its log says why.").response()

    async def gone(request: Request, error: Exception) -> Response:
        # Nobody will read it. Without it, each client that hangs up would leave a page in the log.
        return Response(status_code=499)

    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)


def _allowed(request: Request, known: str) -> str:
    """The methods of a path. Starlette knows those of the first route only, when several share the path."""
    methods = {method for method in known.split(", ") if method}
    for template, operations in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\\{[^}]*\}", "[^/]+", re.escape(template)), request.url.path):
            methods |= {method.upper() for method in operations}
    if "GET" in methods:
        methods.add("HEAD")  # what can be had can be asked about; OpenAPI does not list it
    return ", ".join(sorted(methods))


def invalid_problem(errors: Any) -> Problem:
    """What pydantic found wrong, the first ten places, without repeating the input."""
    # A member that is not known has whatever name the client gave it.
    found = [
        {"where": ".".join(str(step)[:LONGEST_NAME] for step in error["loc"]) or "body", "what": error["msg"]}
        for error in errors[:10]
    ]
    first = found[0]
    return Problem(422, "invalid", "Invalid request", f"{first['where']}: {first['what']}", errors=found)
