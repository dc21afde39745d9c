"""Stage evaluate: models/symbol on the test symbols -> results/evaluate, figures, tables and pictures."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from inkmath.dataset.arrays import ArraysError
from inkmath.dataset.splits import Split
from inkmath.decoding.network import NetworkError
from inkmath.decoding.symbol import load_symbol_reader
from inkmath.evaluation import EvaluationError
from inkmath.evaluation.symbol_pictures import draw_report
from inkmath.evaluation.symbols import SymbolReport, report_symbols, write_tables
from inkmath.features.symbol_context import alone
from inkmath.features.symbol_set import SymbolSet
from inkmath.labels import Vocabulary, encode_labels
from inkmath.params import Params, ParamsError, load_params
from inkmath.tracking import TrackingError, resume_run

SYMBOLS = Path("data/processed/symbol.npz")
MODEL = Path("models/symbol")
RESULTS = Path("results/evaluate")


def main(params: Params) -> SymbolReport:
    """Evaluate the exported model, and add what was found to the run that trained it.

    Raises:
        EvaluationError: no test symbol has a label.
    """
    with resume_run(MODEL / "run.json", params, data={"test": SYMBOLS}) as run:
        symbols, reader = SymbolSet.load(SYMBOLS), load_symbol_reader(MODEL)
        rows = symbols.of(Split.TEST)
        if not len(rows):
            raise EvaluationError(f"{SYMBOLS}: no labelled symbol to test on; give data.test ink with its truth")
        truths = symbols.labels[rows].tolist()
        encoded = encode_labels(truths, Vocabulary(reader.labels))
        report = report_symbols(reader.probabilities(symbols.features[rows]), encoded, truths)
        if reader.takes_context:
            unknown = reader.probabilities(alone(symbols.features[rows]))
            report = replace(report, alone=report_symbols(unknown, encoded, truths))
        write_tables(report, RESULTS)
        run.log_metrics({f"test_{name}": value for name, value in report.metrics().items()})
        for picture in draw_report(report, symbols.features[rows], RESULTS, params.evaluate.confusions):
            run.log_file(picture, folder="figures")
    return report


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, ArraysError, NetworkError, EvaluationError, TrackingError, OSError) as error:
        sys.exit(f"evaluate: {error}")
    figures = ", ".join(f"{name} {value:.4g}" for name, value in done.metrics().items())
    print(f"{figures}; labels without a class (training has none, or fewer than encode.min_count): {done.unseen}")
