"""The application: page, REST interface, health and figures."""

from __future__ import annotations

import asyncio
import logging
import mimetypes
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from inkmath import __version__
from inkmath.web import problems, schemas
from inkmath.web.api import REFUSALS, Service, router
from inkmath.web.corrections import Corrections
from inkmath.web.guard import OPEN, Guard
from inkmath.web.metrics import CONTENT_TYPE, Measure, Metrics
from inkmath.web.pool import WorkerPool
from inkmath.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from inkmath.recognizer import Recognizer

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"
mimetypes.add_type("font/woff2", ".woff2")  # not every system's table has it
_NAMED_BY_ROUTES = (
    schemas.RecognizeRequest,
    schemas.RowsRequest,
    schemas.ClassifyRequest,
    schemas.WrittenInk,
    schemas.WrittenFormula,
    schemas.MeantFormula,
    schemas.ProblemAnswer,
)


def create_app(recognizer: Recognizer, settings: Settings | None = None) -> FastAPI:
    """Build the application.

    Args:
        recognizer: reads the ink; its models are loaded in the background once the application starts.
        settings: token, host names, limits, and whether corrections are kept.
    """
    settings = settings or Settings()
    pool = WorkerPool(settings.workers, settings.limits)
    corrections = Corrections(settings.corrections) if settings.corrections is not None else None
    service = Service(recognizer, pool, settings.limits, corrections)
    metrics = Metrics(lambda: pool.pending)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pool.open()
        loading = asyncio.create_task(_load(service))
        yield
        loading.cancel()
        pool.close()

    app = FastAPI(
        title="inkmath",
        version=__version__,
        summary="Handwriting to mathematics: pen strokes in, LaTeX out.",
        openapi_url="/api/openapi.json",
        # FastAPI's own pages of documentation load their scripts from another host.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)

    app.state.service = service
    app.include_router(router)

    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", response_model=schemas.HealthAnswer)
    async def healthz() -> Response:
        """The server lives."""
        return JSONResponse({"status": "ok"})

    @app.head("/readyz", include_in_schema=False)
    @app.get("/readyz", response_model=schemas.HealthAnswer, responses=REFUSALS)
    async def readyz() -> Response:
        """The models are loaded."""
        service.require_ready()
        return JSONResponse({"status": "ready"})

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, 401: REFUSALS[401]})
    async def figures() -> Response:
        """Figures for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    files = StaticFiles(directory=PAGE)

    # Routes rather than a mount: a mount at / would answer 404 where a path of the interface has another method.
    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    @app.api_route("/{name}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(request: Request) -> Response:
        return await files.get_response(request.path_params.get("name", "index.html"), request.scope)

    # A formula's answer shrinks from 30 KB to 2: on a slow line that is half a second after each stroke.
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Measure, metrics=metrics)  # outermost, as what is added last: refusals of the guard count too
    app.openapi = lambda: _openapi(app, token=settings.token is not None)  # type: ignore[method-assign]
    return app


async def _load(service: Service) -> None:
    """Load the models and read a first stroke, so that nobody waits for either."""

    def work() -> None:
        stroke = [[0.0, 0.0], [1.0, 10.0], [1.0, 20.0]]
        service.recognizer.recognize([stroke])
        try:
            service.recognizer.classify([stroke])
        except FileNotFoundError as missing:
            log.warning("formulas are read, single symbols are not: %s", missing)

    try:
        await asyncio.to_thread(work)
    except FileNotFoundError:
        log.exception("the models cannot be loaded")
        service.failure = "The weights of the models are missing on the server: 'inkmath doctor' says which."
    except Exception:
        # Whatever else is wrong with the models, the page and /readyz must say that they do not work.
        log.exception("the models cannot be loaded")
        service.failure = "The models could not be loaded; the server's log says why."
    else:
        service.ready = True


def _openapi(app: FastAPI, *, token: bool) -> dict[str, Any]:
    """OpenAPI with what FastAPI does not see: models of bodies that routes read themselves, problems, the token."""
    if not app.openapi_schema:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        known = document.setdefault("components", {}).setdefault("schemas", {})
        for model in _NAMED_BY_ROUTES:
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            known.update(schema.pop("$defs", {}))
            known[model.__name__] = schema
        if token:
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            for path in document["paths"].keys() - OPEN:
                for operation in document["paths"][path].values():
                    operation["security"] = [{"token": []}]
        app.openapi_schema = document
    return app.openapi_schema
