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
from inkmath.tracking.search import TRAININGS, Knob, search
from inkmath.tracking.sweep import SAMPLES, read_sweep
from inkmath.tracking.team import Ports, team_services

if TYPE_CHECKING:
    from collections.abc import Sequence


WEIGHTS = Path(__file__).parents[1] / "weights"
"""What the package ships."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 1 when it could not do all of its work."""
    parser = argparse.ArgumentParser(prog="python -m inkmath.tracking", description=__doc__)
    parser.add_argument("--uri", help="server or database (default: MLFLOW_TRACKING_URI, track.uri, else mlflow.db)")
    named = argparse.ArgumentParser(add_help=False)
    named.add_argument("--experiment", help="MLflow experiments, without the task (default: track.experiment)")
    commands = parser.add_subparsers(dest="command", required=True)
    where = commands.add_parser("where", help="say where runs go")
    where.add_argument("--password", action="store_true", help="with the password, for a program that connects there")
    commands.add_parser("send", help="send the records that wait for their server")
    sweep = commands.add_parser("sweep", help="list the runs of a sweep", parents=[named])
    sweep.add_argument("name", help="its track.sweep")
    sweep.add_argument("--task", choices=tuple(TRAININGS), default="symbol", help="which model (default: %(default)s)")
    sweep.add_argument("--metric", help="figure to judge by (default: what the task's searches raise)")
    sweep.add_argument("--picture", type=_picture, metavar="FILE", help="also draw it: .png, .svg or .pdf")
    queue = commands.add_parser("queue", help="work off DVC's queue: dvc queue start, again when DVC loses a worker")
    queue.add_argument("--jobs", "-j", type=_count, default=1, help="experiments at once (default: %(default)s)")
    releasing = commands.add_parser(
        "release", help="ship the champion, unless what is shipped reads better", parents=[named]
    )
    releasing.add_argument("task", choices=tuple(TRAININGS))
    releasing.add_argument(
        "--replace", action="store_true", help="ship it in any case: what is shipped was trained on the validation ink"
    )
    releasing.add_argument(
        "--keep-search",
        action="store_true",
        help="search formulas as what is shipped does: for training that left hardly any validation ink to fit it to",
    )
    fitting = commands.add_parser(
        "confidence", help="fit what the confidence of shipped formulas means to ink that no training has seen"
    )
    fitting.add_argument("ink", nargs="+", type=Path, help="InkML with truth: files, and directories of it")
    fitting.add_argument(
        "--weights", type=Path, default=WEIGHTS, help="directory of the models (default: what is shipped)"
    )
    searching = commands.add_parser(
        "search", help="search good parameters with Optuna, each trial a DVC experiment", parents=[named]
    )
    searching.add_argument("name", help="of the study and of the sweep in MLflow; a study that is there goes on")
    searching.add_argument("space", nargs="+", help="block.name=choice(a,b), range(1,9), interval(0,1), log(1e-4,1e-2)")
    searching.add_argument("--task", choices=tuple(TRAININGS), default="symbol", help="(default: %(default)s)")
    searching.add_argument("--trials", type=_count, default=20, help="how many to add (default: %(default)s)")
    searching.add_argument(
        "--warm-up", type=_count, default=5, help="trials before any is stopped early (default: %(default)s)"
    )
    searching.add_argument(
        "--storage",
        default="sqlite:///optuna.db",
        help="database of the study, not that of the runs; a server's for several machines",
    )
    team = commands.add_parser("team", help="run PostgreSQL, an S3 store and MLflow's server until Ctrl-C")
    team.add_argument(
        "--folder", type=Path, default=Path("team"), help="for the database and logs (default: %(default)s)"
    )
    team.add_argument("--host", default="127.0.0.1", help="address of this machine to listen on (default: %(default)s)")
    team.add_argument("--store", help="address of an S3 store that lasts, its keys in AWS_ACCESS_KEY_ID and so on")
    team.add_argument("--bucket", default="inkmath", help="in the store (default: %(default)s)")
    for service, port in asdict(Ports()).items():
        team.add_argument(f"--{service}-port", type=int, default=port, help="default: %(default)s")
    champion = commands.add_parser("champion", help="make a version of a registered model the champion")
    champion.add_argument("model", help="inkmath-symbol or inkmath-expression")
    champion.add_argument("version")
    chosen = parser.parse_args(arguments)
    if chosen.uri:
        os.environ["MLFLOW_TRACKING_URI"] = chosen.uri  # which those that are begun here hear too
    try:
        if chosen.command == "team":
            _serve(chosen)
        if chosen.command == "queue":
            ended = work_off(chosen.jobs, tell=functools.partial(print, flush=True))
            if not ended.total():
                print("nothing was queued; dvc exp run --queue -S block.name=value queues an experiment")
                return 0
            print(f"ended: {ended['Success']} well, {ended['Failed']} not; dvc queue logs NAME says why")
            return 1 if ended["Failed"] else 0
        if chosen.command == "confidence":
            return _fit_confidence(chosen)
        params = load_params()
        return _run(chosen, params, locate(params.track.uri))
    except ImportError as missing:
        print(f"error: {chosen.command} needs {missing.name}; pip install 'inkmath[train,team]'", file=sys.stderr)
        return 1
    except (ParamsError, TrackingError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no count; give 1 or more")
    return int(text)


def _picture(text: str) -> Path:
    if Path(text).suffix not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"{text} does not end in .png, .svg or .pdf")
    return Path(text)


def _run(chosen: argparse.Namespace, params: Params, location: Location) -> int:
    from mlflow.exceptions import MlflowException

    if chosen.command == "where":
        print(location.uri if chosen.password else location.shown)
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
        params.with_value("track.sweep", chosen.name)
        metric = chosen.metric or TRAININGS[chosen.task].metric
        sweep = read_sweep(reach(location), _experiment(chosen, params), chosen.name, metric)
    except (MlflowException, TrackingError) as error:
        raise TrackingError(location.masked(str(error))) from error
    print(sweep.table())
    if SAMPLES in sweep.varied:
        print(
            f"warning: {metric} was measured on several sets of validation samples, as another seed, parse.valid, "
            f"encode.min_count or normalize.context gives them; compare runs of the same {SAMPLES} only",
            file=sys.stderr,
        )
    if chosen.picture:
        with replacing(chosen.picture) as temporary:
            sweep.draw().savefig(temporary, dpi=130)
    return 0


def _experiment(chosen: argparse.Namespace, params: Params) -> str:
    """The MLflow experiment, and so the registered model, of the task."""
    return f"{chosen.experiment or params.track.experiment}-{chosen.task}"


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
    knobs = [Knob.parse(text) for text in chosen.space]
    if "/" in chosen.name:
        raise TrackingError(f"{chosen.name}: the name of a search is part of file names; leave out the slash")
    experiment = chosen.experiment or params.track.experiment
    given = [("track.sweep", chosen.name), ("track.experiment", experiment)]
    for name, value in [*given, *((knob.name, value) for knob in knobs for value in knob.values)]:
        params.with_value(name, value)
    study = search(
        location,
        experiment,
        chosen.name,
        chosen.task,
        knobs,
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
        inks, training = list(read_inks(INK, Split.VALID)), read_training_texts(INK)
    except InkTableError as error:
        raise TrackingError(str(error)) from error
    if not sys.stderr.isatty():  # MLflow draws a bar for each file it fetches
        os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    name = _experiment(chosen, params)
    table, _ = data_digest(INK)
    done = release(
        reach(location),
        name,
        chosen.task,
        inks,
        WEIGHTS,
        training=training,
        replace=chosen.replace,
        keep_search=chosen.keep_search,
        table=table,
    )
    before = "nothing was released before" if done.before is None else f"before {done.before}"
    print(f"{name} reads {done.champion}, {before}")
    for file in done.files:
        print(file)
    if done.given:
        print(
            f"warning: its training was given weights of others ({', '.join(done.given)}); if those had learned from "
            "this validation ink, it reads other people's ink worse than this says",
            file=sys.stderr,
        )
    return 0


def _fit_confidence(chosen: argparse.Namespace) -> int:
    from inkmath.decoding.network import NetworkError
    from inkmath.inkml import InkMLError, parse_inkml
    from inkmath.tracking.release import fit_confidence_to

    paths = [path for given in chosen.ink for path in (sorted(given.rglob("*.inkml")) if given.is_dir() else [given])]
    inks = []
    for path in paths:
        try:
            inks.append(parse_inkml(path))
        except InkMLError as error:
            print(f"left out: {error}", file=sys.stderr)
    try:
        done = fit_confidence_to(inks, chosen.weights)
    except NetworkError as error:
        raise TrackingError(str(error)) from error
    print(f"{done.right} of {done.total} formulas are read right; promised were {done.promised:.1f}", end="")
    print(f" and are {done.promises:.1f} now")
    print(chosen.weights / "expression.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
