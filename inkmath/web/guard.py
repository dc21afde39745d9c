"""Who may ask, and what browsers may do with the answers: host names, the token, security headers."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from inkmath.web.problems import Problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from inkmath.web.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

OPEN = frozenset({"/healthz", "/readyz"})
"""What needs no token: it tells nothing but that the server lives."""


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.token = settings.token
        self.hosts = None if settings.hosts is None else frozenset(host.lower() for host in settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                # Nothing here may be kept by a shared cache; the page's own files are checked by their ETag.
                headers.setdefault("Cache-Control", "no-cache" if headers.get("etag") else "no-store")
            await send(message)

        try:
            self._check(scope["path"], Headers(scope=scope))
        except Problem as problem:
            await problem.response()(scope, receive, send_guarded)
            return
        await self.app(scope, receive, send_guarded)

    def _check(self, path: str, headers: Headers) -> None:
        host = headers.get("host", "").lower()
        if self.hosts is not None and _without_port(host) not in self.hosts:
            raise Problem(421, "wrong-host", "Wrong host", "This server does not answer to that host name.")
        if self.token is None or path in OPEN or not (path.startswith("/api/") or path == "/metrics"):
            return
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # The name of a scheme may be written in any case (RFC 9110, 11.1).
        if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode(), self.token.encode()):
            raise Problem(
                401,
                "token",
                "A token is needed",
                "Send the header 'Authorization: Bearer TOKEN' with the token of this server.",
                headers={"WWW-Authenticate": "Bearer"},
            )


def _without_port(host: str) -> str:
    name, separator, port = host.rpartition(":")
    return name if separator and port.isdigit() else host
