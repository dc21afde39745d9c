"""``python -m inkmath.tracking``: unsent records, sweeps and searches, the queue, champions, a team's services."""

from __future__ import annotations

import argparse
import functools
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from inkmath.dataset.atomic import replacing
from inkmath.params import Params, ParamsError, load_params
from inkmath.tracking.delivery import settle
from inkmath.tracking.location import Location, TrackingError, locate, reach
from inkmath.tracking.provenance import INK, data_digest
from inkmath.tracking.queue import work_off
from inkmath.tracking.registry import crown
from inkmath.tracking.search import Knob, search
from inkmath.tracking.sweep import read_sweep
from inkmath.tracking.team import Ports, team_services

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 1 when it could not do all of its work."""
    parser = argparse.ArgumentParser(prog="python -m inkmath.tracking", description=__doc__)
    parser.add_argument("--uri", help="server or database (default: MLFLOW_TRACKING_URI, track.uri, else mlflow.db)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("where", help="say where runs go")
    commands.add_parser("send", help="send the records that wait for their server")
    sweep = commands.add_parser("sweep", help="list the runs of a sweep")
    sweep.add_argument("name", help="its track.sweep")
    sweep.add_argument("--experiment", help="MLflow experiment (default: that of symbols, named by track.experiment)")
    sweep.add_argument("--metric", default="valid_accuracy", help="figure to judge by (default: %(default)s)")
    sweep.add_argument("--picture", metavar="FILE", help="also draw it: .png, .svg or .pdf")
    queue = commands.add_parser("queue", help="work off DVC's queue: dvc queue start, again when DVC loses a worker")
    queue.add_argument("--jobs", "-j", type=int, default=1, help="experiments at once (default: %(default)s)")
    releasing = commands.add_parser("release", help="ship the champion, unless what is shipped reads better")
    releasing.add_argument("task", choices=("symbol", "expression"))
    releasing.add_argument("--experiment", help="MLflow experiments, without the task (default: track.experiment)")
    releasing.add_argument("--ink", type=Path, default=INK, help="table with validation ink (default: %(default)s)")
    releasing.add_argument(
        "--replace", action="store_true", help="ship it in any case: what is shipped was trained on the validation ink"
    )
    releasing.add_argument(
        "--keep-search",
        action="store_true",
        help="search formulas as what is shipped does: for training that left hardly any validation ink to fit it to",
    )
    searching = commands.add_parser("search", help="search good parameters with Optuna, each trial a DVC experiment")
    searching.add_argument("name", help="of the study and of the sweep in MLflow; a study that is there goes on")
    searching.add_argument("space", nargs="+", help="block.name=choice(a,b), range(1,9), interval(0,1), log(1e-4,1e-2)")
    searching.add_argument("--task", choices=("symbol", "expression"), default="symbol")
    searching.add_argument("--trials", type=int, default=20, help="how many to add (default: %(default)s)")
    searching.add_argument("--warm-up", type=int, default=5, help="trials before any is stopped early")
    searching.add_argument(
        "--storage", default="sqlite:///optuna.db", help="database of the study; a server's for several machines"
    )
    team = commands.add_parser("team", help="run PostgreSQL, an S3 store and MLflow's server until Ctrl-C")
    team.add_argument(
        "--folder", type=Path, default=Path("team"), help="for the database and logs (default: %(default)s)"
    )
    team.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    team.add_argument("--store", help="address of an S3 store that lasts, its keys in AWS_ACCESS_KEY_ID and so on")
    team.add_argument("--bucket", default="inkmath", help="in the store (default: %(default)s)")
    for service, port in asdict(Ports()).items():
        team.add_argument(f"--{service}-port", type=int, default=port, help="default: %(default)s")
    champion = commands.add_parser("champion", help="make a version of a registered model the champion")
    champion.add_argument("model", help="inkmath-symbol or inkmath-expression")
    champion.add_argument("version")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "team":
            _serve(chosen)
        if chosen.command == "queue":
            ended = work_off(chosen.jobs, tell=functools.partial(print, flush=True))
            print(f"ended: {ended['Success']} well, {ended['Failed']} not; dvc queue logs NAME says why")
            return 1 if ended["Failed"] else 0
        if chosen.uri:
            os.environ["MLFLOW_TRACKING_URI"] = chosen.uri  # which those that are begun here hear too
        params = load_params()
        return _run(chosen, params, locate(params.track.uri))
    except ParamsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except TrackingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace, params: Params, location: Location) -> int:
    from mlflow.exceptions import MlflowException

    if chosen.command == "where":
        print(location.uri)
        return 0
    if chosen.command == "send":
        found, waiting = settle(location.spool)
        print(f"{found} left by earlier runs, {found - waiting} sent, {waiting} still waiting")
        return 1 if waiting else 0
    try:
        if chosen.command == "champion":
            crown(reach(location), chosen.model, chosen.version)
            print(f"{chosen.model} version {chosen.version} is the champion")
            return 0
        if chosen.command == "release":
            return _release(chosen, params, location)
        if chosen.command == "search":
            return _search(chosen, params, location)
        experiment = chosen.experiment or f"{params.track.experiment}-symbol"
        sweep = read_sweep(reach(location), experiment, chosen.name, chosen.metric)
    except MlflowException as error:
        raise TrackingError(str(error)) from error
    print(sweep.table())
    if chosen.picture:
        with replacing(chosen.picture) as temporary:
            sweep.draw().savefig(temporary, dpi=130)
    return 0


def _serve(chosen: argparse.Namespace) -> NoReturn:
    ports = Ports(chosen.mlflow_port, chosen.postgres_port, chosen.store_port)

    def stop(_signal: int, _frame: object) -> None:
        for sign in (signal.SIGINT, signal.SIGTERM):
            signal.signal(sign, signal.SIG_IGN)  # what has been begun is ended in peace
        raise SystemExit(0)

    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, stop)
    with team_services(
        chosen.folder, host=chosen.host, ports=ports, store=chosen.store, bucket=chosen.bucket
    ) as services:
        print(f"ready; on every machine, in a clone:\n\n{services.instructions()}\n", flush=True)
        while True:
            time.sleep(0.5)
            for name, process in services.processes.items():
                if process.poll() is not None:
                    raise TrackingError(f"{name} ended; see {chosen.folder}/logs/{name}")


def _search(chosen: argparse.Namespace, params: Params, location: Location) -> int:
    study = search(
        location,
        f"{params.track.experiment}-{chosen.task}",
        chosen.name,
        chosen.task,
        [Knob.parse(text) for text in chosen.space],
        chosen.trials,
        storage=chosen.storage,
        seed=params.base.seed,
        warm_up=chosen.warm_up,
        log=Path(f"search-{chosen.name}.log"),
    )
    best = study.best_trial
    print(f"best of {len(study.trials)} trials: {best.value:.4f} with {best.user_attrs['settings']}")
    print(f"its run in MLflow: {best.user_attrs['mlflow_run']}")
    return 0


def _release(chosen: argparse.Namespace, params: Params, location: Location) -> int:
    from inkmath.dataset.ink_table import InkTableError, read_inks, read_training_texts
    from inkmath.dataset.splits import Split
    from inkmath.tracking.release import release

    try:
        inks, training = list(read_inks(chosen.ink, Split.VALID)), read_training_texts(chosen.ink)
    except InkTableError as error:
        raise TrackingError(str(error)) from error
    if not sys.stderr.isatty():  # MLflow draws a bar for each file it fetches
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    name = f"{chosen.experiment or params.track.experiment}-{chosen.task}"
    weights, (table, _) = Path(__file__).parents[1] / "weights", data_digest(chosen.ink)
    done = release(
        reach(location), name, chosen.task, inks, weights, training, chosen.replace, chosen.keep_search, table
    )
    before = "nothing was released before" if done.before is None else f"before {done.before:.2%}"
    what = {"symbol": "symbols", "expression": "formulas"}[chosen.task]
    print(f"{name}: {done.champion:.2%} of the validation {what}, {before}")
    for file in done.files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
