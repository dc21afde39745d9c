"""Stage evaluate_expression: models/expression/trained on the test formulas -> results/evaluate_expression."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from inkmath.dataset.ink_table import InkTableError, read_inks
from inkmath.dataset.splits import Split
from inkmath.decoding.expression import load_expression_reader
from inkmath.decoding.network import NetworkError
from inkmath.evaluation import EvaluationError
from inkmath.evaluation.expression_pictures import draw_report
from inkmath.evaluation.expressions import evaluate, shuffled
from inkmath.evaluation.reading import read_all, write_lg
from inkmath.params import Params, ParamsError, load_params
from inkmath.tracking import TrackingError, resume_run

INK = Path("data/interim/ink.parquet")
MODEL = Path("models/expression/trained")
RESULTS = Path("results/evaluate_expression")


def main(params: Params) -> dict[str, float]:
    """Evaluate the exported model, and add what was found to the run that trained it; returns the figures."""
    with resume_run(MODEL / "run.json", params, data={"test": INK}) as run:
        inks, reader = list(read_inks(INK, Split.TEST)), load_expression_reader(MODEL)
        report = evaluate(read_all(reader, inks, "Reading the test split"))
        rng = np.random.default_rng(params.base.seed)
        disturbed = evaluate(read_all(reader, [shuffled(ink, rng) for ink in inks], "The same, strokes in any order"))
        more = {"exprate_shuffled": disturbed.metrics["exprate"]}
        report.write(RESULTS, more)
        write_lg(report.outcomes, RESULTS / "lg")
        run.log_metrics({f"test_{name}": value for name, value in (report.metrics | more).items()})
        for picture in draw_report(report, RESULTS, params.evaluate_expression.failures):
            run.log_file(picture, folder="figures")
    return report.metrics | more


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, InkTableError, NetworkError, EvaluationError, TrackingError, OSError) as error:
        sys.exit(f"evaluate_expression: {error}")
    print(", ".join(f"{name} {value:.4g}" for name, value in done.items()))
