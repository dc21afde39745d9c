"""Delivery: carries the records of a journal to MLflow, at once when it can, later when the server is away."""

from __future__ import annotations

import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from inkmath.counting import counted
from inkmath.tracking.journal import Journal
from inkmath.tracking.location import Location, quiet_mlflow
from inkmath.tracking.registry import deliver_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow import MlflowClient

    from inkmath.tracking.journal import Record

_RETRY_SECONDS = 20.0
_PARAMS_PER_REQUEST = 100
_TAKEN_LATER = (401, 403, 408, 429)
"""Statuses of refusals that pass: a token that has run out is renewed, a server that is busy is so for a while."""
SEND_COMMAND = "python -m inkmath.tracking send"


def say(text: str) -> None:
    """A line for the person who runs the stage, apart from what it prints as its result."""
    print(f"tracking: {text}", file=sys.stderr, flush=True)


class Delivery:
    """Sends what a journal holds, in order, and never lets a server that is away stop the work."""

    def __init__(self, journal: Journal, location: Location, *, away: bool = False) -> None:
        self.journal = journal
        self.location = location
        self.refused: list[str] = []
        self._client: MlflowClient | None = None
        self._away_until = 0.0
        # Then the server is asked whether it is there before anything is sent, which costs less than a failed request.
        self._away = away

    @property
    def client(self) -> MlflowClient:
        """The client of the journal's server."""
        if self._client is None:
            import mlflow

            quiet_mlflow()
            mlflow.set_tracking_uri(self.location.uri)
            self._client = mlflow.MlflowClient(tracking_uri=self.location.uri)
        return self._client

    def record(self, op: str, **arguments: Any) -> None:
        """Keep a record and try to send it."""
        self.journal.append({"op": op, **arguments})
        self.send()

    def send(self, *, now: bool = False) -> bool:
        """Send what is pending; while the server is away, try again at most every 20 s unless ``now``.

        Returns:
            Whether nothing is pending. A record that the server refuses for good is listed in ``refused`` and dropped.
        """
        if self._away:
            if not now and time.monotonic() < self._away_until:
                return False
            if not self.location.answers(2.0):
                self._away_until = time.monotonic() + _RETRY_SECONDS
                return False
        waiting = self.journal.pending
        for record in waiting:
            problem = self._send_one(record)
            if problem is not None:
                if not self._away:
                    say(
                        f"{self.location.shown} takes no records ({problem}); work goes on, and they are kept "
                        f"in {self.journal.folder}"
                    )
                self._away = True
                self._away_until = time.monotonic() + _RETRY_SECONDS
                return False
            self.journal.acknowledge()
        if self._away and waiting:
            say(f"{self.location.shown} has taken {counted(len(waiting), 'record')} that waited for it")
        self._away = False
        return True

    def close(self) -> None:
        """Send once more, say what could not be sent, and give the journal up."""
        if not self.send(now=True):
            say(
                f"not sent: {counted(len(self.journal.pending), 'record')} of run {self.journal.run_id}, kept in "
                f"{self.journal.folder}; the next training sends them, or `{SEND_COMMAND}`"
            )
        for refusal in self.refused:
            say(f"MLflow refused a record: {refusal}")
        self.journal.close()

    def _send_one(self, record: Record) -> str | None:
        """None when the server took the record or refused it for good, else what went wrong."""
        from mlflow.exceptions import MlflowException

        try:
            _SENDERS[record["op"]](self.client, self.journal, record)
        except (MlflowException, OSError) as error:
            # The network's errors are among the latter, and so is a full disk under the artifacts.
            if not _is_final(error):
                return self._first_line(error)
            self.refused.append(f"{record['op']}: {self._first_line(error)}")
        return None

    def _first_line(self, error: Exception) -> str:
        return (self.location.masked(str(error)).splitlines() or [type(error).__name__])[0][:200]


def settle(spool: Path) -> tuple[int, int]:
    """Send what earlier processes left behind, and mark the runs whose process was killed.

    Returns:
        How many journals were found that nobody owns, and how many of them still wait for their server.
    """
    journals = Journal.abandoned(spool)
    waiting = 0
    for journal in journals:
        if journal.left_open:
            _mark_killed(journal, journal.left_open)
        delivery = Delivery(journal, Location(uri=journal.uri or "", root=spool.parent), away=True)
        delivery.close()
        waiting += bool(delivery.journal.pending)
    return len(journals), waiting


def _mark_killed(journal: Journal, opened: Record) -> None:
    say(f"the {opened['by']} that wrote run {journal.run_id} was killed; the run will say so")
    if opened["by"] == "training":
        journal.append({"op": "end", "status": "KILLED", "time": journal.last_write})
    else:
        journal.append({"op": "evaluated", "outcome": "killed"})


def _send_nothing(client: MlflowClient, journal: Journal, record: Record) -> None:
    """For records that are about the journal itself."""


def _send_params(client: MlflowClient, journal: Journal, record: Record) -> None:
    from mlflow.entities import Param

    params = [Param(key, value) for key, value in record["values"].items()]
    for start in range(0, len(params), _PARAMS_PER_REQUEST):
        client.log_batch(journal.run_id, params=params[start : start + _PARAMS_PER_REQUEST])


def _send_metrics(client: MlflowClient, journal: Journal, record: Record) -> None:
    from mlflow.entities import Metric

    client.log_batch(
        journal.run_id,
        metrics=[Metric(key, value, record["time"], record["step"]) for key, value in record["values"].items()],
    )


def _send_data(client: MlflowClient, journal: Journal, record: Record) -> None:
    from mlflow.data.dataset_source_registry import resolve_dataset_source
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.entities import DatasetInput, InputTag

    with warnings.catch_warnings():
        # MLflow registers its source of local files twice, and says at each use that it had to choose.
        warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted in multiple ways")
        source = resolve_dataset_source(record["path"])
    dataset = MetaDataset(  # type: ignore[abstract]
        source, name=record["name"], digest=record["md5"].removesuffix(".dir")
    )
    tags = [InputTag("mlflow.data.context", record["context"]), InputTag("md5_from", record["md5_from"])]
    client.log_inputs(journal.run_id, [DatasetInput(dataset._to_mlflow_entity(), tags)])


def _send_file(client: MlflowClient, journal: Journal, record: Record) -> None:
    client.log_artifact(journal.run_id, str(journal.folder / record["file"]), record["folder"] or None)


def _send_model(client: MlflowClient, journal: Journal, record: Record) -> None:
    for line in deliver_model(client, journal.run_id, journal.folder, record):
        say(line)


def _send_end(client: MlflowClient, journal: Journal, record: Record) -> None:
    client.set_terminated(journal.run_id, status=record["status"], end_time=record["time"])


def _send_evaluated(client: MlflowClient, journal: Journal, record: Record) -> None:
    client.set_tag(journal.run_id, "evaluation", record["outcome"])


_SENDERS: dict[str, Callable[[MlflowClient, Journal, Record], None]] = {
    "open": _send_nothing,
    "params": _send_params,
    "metrics": _send_metrics,
    "data": _send_data,
    "file": _send_file,
    "model": _send_model,
    "end": _send_end,
    "evaluated": _send_evaluated,
}


def _is_final(error: Exception) -> bool:
    """Whether the server would refuse the same record again, whenever it comes."""
    from mlflow.exceptions import MlflowException
    from requests import HTTPError

    if isinstance(error, MlflowException):
        status = error.get_http_status_code()  # type: ignore[no-untyped-call]
    elif isinstance(error, HTTPError) and error.response is not None:  # of an artifact
        status = error.response.status_code
    else:
        return False
    return 400 <= status < 500 and status not in _TAKEN_LATER
