"""``python -m inkmath.tracking``: send what waits for a server, look at a sweep, choose the champion by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inkmath.dataset.atomic import replacing
from inkmath.tracking.delivery import settle
from inkmath.tracking.location import Location, TrackingError, locate, reach
from inkmath.tracking.registry import crown
from inkmath.tracking.sweep import read_sweep

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 1 when it could not do all of its work."""
    parser = argparse.ArgumentParser(prog="python -m inkmath.tracking", description=__doc__)
    parser.add_argument("--uri", help="tracking server or database (default: MLFLOW_TRACKING_URI, else mlflow.db)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("send", help="send the records that wait for their server")
    sweep = commands.add_parser("sweep", help="list the runs of a sweep")
    sweep.add_argument("name", help="its track.sweep")
    sweep.add_argument("--experiment", default="inkmath-symbol", help="MLflow experiment (default: %(default)s)")
    sweep.add_argument("--metric", default="valid_accuracy", help="figure to judge by (default: %(default)s)")
    sweep.add_argument("--picture", metavar="FILE", help="also draw it: .png, .svg or .pdf")
    releasing = commands.add_parser("release", help="ship the champion, unless what is shipped reads better")
    releasing.add_argument("task", choices=("symbol", "expression"))
    releasing.add_argument("--experiment", default="inkmath", help="MLflow experiment (default: %(default)s)")
    releasing.add_argument(
        "--ink", type=Path, default=Path("data/interim/ink.parquet"), help="table with validation ink"
    )
    champion = commands.add_parser("champion", help="make a version of a registered model the champion")
    champion.add_argument("model", help="inkmath-symbol or inkmath-expression")
    champion.add_argument("version")
    chosen = parser.parse_args(arguments)
    try:
        return _run(chosen, locate(chosen.uri))
    except TrackingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _run(chosen: argparse.Namespace, location: Location) -> int:
    from mlflow.exceptions import MlflowException

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
            return _release(chosen, location)
        sweep = read_sweep(reach(location), chosen.experiment, chosen.name, chosen.metric)
    except MlflowException as error:
        raise TrackingError(str(error)) from error
    print(sweep.table())
    if chosen.picture:
        with replacing(chosen.picture) as temporary:
            sweep.draw().savefig(temporary, dpi=130)
    return 0


def _release(chosen: argparse.Namespace, location: Location) -> int:
    from inkmath.dataset.ink_table import InkTableError, read_inks
    from inkmath.dataset.splits import Split
    from inkmath.tracking.release import release

    try:
        inks = list(read_inks(chosen.ink, Split.VALID))
    except InkTableError as error:
        raise TrackingError(str(error)) from error
    name = f"{chosen.experiment}-{chosen.task}"
    done = release(reach(location), name, chosen.task, inks, Path(__file__).parents[1] / "weights")
    before = "nothing was released before" if done.before is None else f"before {done.before:.2%}"
    print(f"{name}: {done.champion:.2%} on {len(inks)} validation formulas, {before}")
    for file in done.files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
