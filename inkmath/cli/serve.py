"""``inkmath serve``: the page and the REST interface."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads it at run time
from typing import Annotated

import typer

from inkmath.cli.options import Weights, directory

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines connect.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="INKMATH_TOKEN",
            help="Ask clients for this token. Where other machines can connect and none is given, one is made up.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            parser=directory,
            help="Let people on the page save what they confirm as InkML in DIR; the page asks them first. "
            "data/raw/user is where the pipeline looks.",
        ),
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Recognitions at once; the default is one a core.")] = None,
    weights: Weights = None,
) -> None:
    """Serve the page to write on, and the REST interface under /api.

    Ends with status 0 on Ctrl+C or SIGTERM, after the requests it is working on.

    Examples:

      inkmath serve

      inkmath serve --save data/raw/user

      INKMATH_TOKEN=... inkmath serve --host 0.0.0.0 --port 8080
    """
    import re
    import secrets
    import signal
    import socket
    from tempfile import TemporaryFile
    from urllib.parse import quote

    import uvicorn

    from inkmath.cli.report import say
    from inkmath.recognizer import Recognizer
    from inkmath.web.app import create_app
    from inkmath.web.settings import Settings

    if not host:  # an unset variable, which sockets would take for all addresses
        raise typer.BadParameter("the address is empty", param_hint="--host")
    try:
        host.encode("idna")  # as sockets do, which say of a name that has no such form that its type is wrong
    except UnicodeError as error:
        raise typer.BadParameter("this is neither an address nor the name of a machine", param_hint="--host") from error
    if not re.fullmatch("[!-~]*", token or ""):  # a header holds nothing else
        raise typer.BadParameter("use letters, digits and signs of ASCII, without spaces", param_hint="--token")
    if save is not None:  # said here to whoever can mend it, not on the page to those who have confirmed a formula
        try:
            save.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=save):
                pass
        except OSError as error:
            raise OSError(f"cannot save formulas in {save}: {error.strerror}; name another --save") from error
    public = host not in LOOPBACK
    token = token or None  # of an unset variable: nobody could send an empty one
    if public and token is None:
        token = secrets.token_urlsafe(18)
    defaults = Settings()
    settings = Settings(
        token=token,
        hosts=None if public else defaults.hosts,
        workers=workers or defaults.workers,
        corrections=save,
    )
    recognizer = Recognizer.load(weights)
    app = create_app(recognizer, settings)

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        why = (error.strerror or str(error)).partition(" (while")[0]  # what follows names the address once more
        raise OSError(f"cannot listen on {host}, port {port}: {why}; name another --port or --host") from error
    _ = recognizer.expressions  # weights that are missing or damaged end it here, in one sentence
    # Accepted connections inherit it. asyncio sets it only on sockets made with IPPROTO_TCP, which this one is not, and
    # without it the second packet of an answer waits for the client's delayed acknowledgement, some 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    anywhere = {"0.0.0.0": _own_address, "::": socket.gethostname}
    shown = anywhere[host]() if host in anywhere else f"[{host}]" if ":" in host else host
    fragment = f"/#token={quote(token, safe='')}" if token else "/"
    say(f"inkmath listens on http://{shown}:{listening.getsockname()[1]}{fragment}  (Ctrl+C ends it)")

    # uvicorn repeats the signal that stopped it once all is done; these make that a normal end.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: None)
    uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Longer than clients keep idle connections: when both close at one moment, a request fails.
            timeout_keep_alive=75,
            timeout_graceful_shutdown=int(settings.limits.seconds) + 5,
        )
    ).run(sockets=[listening])


def _own_address() -> str:
    """The address at which other machines of the network reach this one; its name where it is in none."""
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # picks the way out; nothing is sent
        except OSError:
            return socket.gethostname()
        address: str = probe.getsockname()[0]
        return address
