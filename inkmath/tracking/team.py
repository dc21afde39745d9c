"""What a team shares, brought up with one command: PostgreSQL, an S3 store, and MLflow's server in front of both.

Artifacts go through the server (MLflow calls that proxied): who trains needs its address alone, and no key of the
store. The store comes with the command (moto, in memory: to try things out and for tests) or is any that speaks S3.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inkmath.tracking.location import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

START_SECONDS = 600.0
STOP_SECONDS = 20.0
KEYS = {"AWS_ACCESS_KEY_ID": "inkmath", "AWS_SECRET_ACCESS_KEY": "inkmath", "AWS_DEFAULT_REGION": "us-east-1"}
"""For the store that comes along, which takes any; set in the environment, others take their place."""


@dataclass(frozen=True)
class Ports:
    """Where the services listen."""

    mlflow: int = 5000
    postgres: int = 5433
    store: int = 5001


@dataclass(frozen=True)
class Team:
    """Where things are.

    Attributes:
        tracking: address of MLflow.
        store: address of the S3 store.
        bucket: in it, ``mlflow/`` is for artifacts and ``dvc/`` for data.
        processes: what runs, by name.
    """

    tracking: str
    store: str
    bucket: str
    processes: Mapping[str, subprocess.Popen[bytes]]

    def instructions(self) -> str:
        """What a person types on each machine, in a clone of the repository."""
        key, secret = (os.environ.get(name, KEYS[name]) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        shown = "inkmath" if secret == KEYS["AWS_SECRET_ACCESS_KEY"] else "..."
        return (
            f"export MLFLOW_TRACKING_URI={self.tracking}\n"
            f"dvc remote add --local --default team s3://{self.bucket}/dvc\n"
            f"dvc remote modify --local team endpointurl {self.store}\n"
            f"dvc remote modify --local team access_key_id {key}\n"
            f"dvc remote modify --local team secret_access_key {shown}"
        )


@contextmanager
def team_services(
    folder: str | Path, *, host: str = "127.0.0.1", ports: Ports | None = None, store: str | None = None,
    bucket: str = "inkmath",
) -> Iterator[Team]:  # fmt: skip
    """Everything running and answering, for as long as the block lasts.

    Args:
        folder: keeps the database and the logs from one start to the next.
        host: address that MLflow and the store that comes along listen on, and by which others reach them. PostgreSQL
            listens on this machine alone.
        ports: where they listen.
        store: address of an S3 store, its keys in the environment as ``AWS_ACCESS_KEY_ID`` and
            ``AWS_SECRET_ACCESS_KEY``; None starts moto's, which forgets everything when it ends.
        bucket: made if it is missing.

    Raises:
        TrackingError: a program is missing, or does not start; the message names its log. Or ``host`` names no machine.
    """
    if host in ("", "0.0.0.0", "::"):  # MLflow answers to no other name than this one, and nobody reaches it by that
        raise TrackingError(f"host {host!r} is all addresses of this machine; name the one by which others reach it")
    ports = ports or Ports()
    folder = Path(folder).resolve()
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    environment = {**KEYS, **os.environ}
    with ExitStack() as stack:
        processes = {}
        if store is None:
            store = f"http://{host}:{ports.store}"
            command = [sys.executable, "-m", "moto.server", "--host", host, "--port", str(ports.store)]
            processes["store"] = stack.enter_context(_service("store", command, folder, environment))
            _wait(store + "/moto-api/", processes["store"], folder / "logs" / "store")
        _make_bucket(store, bucket, environment)
        backend = stack.enter_context(postgres(folder, ports.postgres))
        # With several, uvicorn ends workers that are slow to start, as they are where the cores are busy.
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", host, "--port", str(ports.mlflow), "--backend-store-uri", backend]
        command += ["--artifacts-destination", f"s3://{bucket}/mlflow", "--serve-artifacts"]
        # It answers to names it knows, lest a page in a browser reaches it by another.
        known = dict.fromkeys(["localhost", "127.0.0.1", host])
        command += ["--allowed-hosts", ",".join(f"{name},{name}:*" for name in known)]
        settings = {"MLFLOW_S3_ENDPOINT_URL": store, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        processes["mlflow"] = stack.enter_context(_service("mlflow", command, folder, environment | settings))
        tracking = f"http://{host}:{ports.mlflow}"
        _wait(tracking + "/health", processes["mlflow"], folder / "logs" / "mlflow")
        yield Team(tracking, store, bucket, processes)


@contextmanager
def postgres(folder: Path, port: int) -> Iterator[str]:
    """PostgreSQL with its data under ``folder``, listening on this machine alone; gives its address for MLflow.

    Raises:
        TrackingError: it is not installed or does not start.
    """
    programs = newest(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("pg_ctl")
    if programs is None and found:
        programs = Path(found).parent
    if programs is None:
        raise TrackingError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    home = folder / "postgresql"
    home.mkdir(parents=True, exist_ok=True)
    (folder / "logs").mkdir(exist_ok=True)
    log = folder / "logs" / "postgresql"
    # It refuses to run as root.
    user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    if user:
        shutil.chown(home, "postgres", "postgres")
    data = home / "data"
    control = [*user, str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", "300"]
    if not data.exists():
        _run([*user, str(programs / "initdb"), "-D", str(data), "-U", "mlflow", "--auth", "trust"], log)
    # A name of a socket may have a hundred letters, so the socket cannot lie deep in the folders of a test.
    _run([*control, "-o", f"-p {port} -k '' -c listen_addresses=127.0.0.1", "start"], log)
    try:
        yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", "fast", "stop"], log)


def newest(programs: Iterable[Path]) -> Path | None:
    """Of folders such as ``9.6/bin`` and ``15/bin`` the one of the highest version."""
    return max(
        programs, key=lambda folder: [int(part) for part in re.findall(r"\d+", folder.parent.name)], default=None
    )


def _run(command: Sequence[str], log: Path) -> None:
    with log.open("ab") as said:  # not captured through a pipe: the server that is left behind would hold it open
        done = subprocess.run(command, cwd="/", stdout=said, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise TrackingError(
            f"`{' '.join(command)}` failed; see {log}, and that the folder is one that the user postgres can enter"
        )


@contextmanager
def _service(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "logs" / name).open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, sign)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    continue


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import requests

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(requests.RequestException):  # it may not be there yet
            if requests.get(url, timeout=5).ok:
                return
        time.sleep(0.3)
    raise TrackingError(f"nothing answers at {url}; see {log}")


def _make_bucket(store: str, bucket: str, environment: Mapping[str, str]) -> None:
    try:
        import boto3
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise TrackingError("a store for a team needs boto3 and moto; install inkmath[team]") from None
    client = boto3.client(
        "s3",
        endpoint_url=store,
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )
    try:
        if bucket not in {each["Name"] for each in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket=bucket)
    except (BotoCoreError, ClientError) as error:
        raise TrackingError(f"the store at {store} cannot be used ({error}); see its address and keys") from error
