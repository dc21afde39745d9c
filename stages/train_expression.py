"""Stage train_expression: data/processed/expression.npz -> models/expression/trained, the network and its search."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.arrays import ArraysError
from inkmath.features.expression import FormulaSet
from inkmath.labels import Vocabulary, VocabularyError
from inkmath.models.export import ExportError
from inkmath.params import Params, ParamsError, load_params
from inkmath.tracking import ModelFiles, TrackingError, checkpoint_file, params_hash, training_run, validation_data
from inkmath.training import TrainingError
from inkmath.training.lifetime import end_with_dvc, ending_at_once

FORMULAS = Path("data/processed/expression.npz")
LABELS = Path("models/expression/labels.json")
TRIGRAMS = Path("models/expression/trigrams.json")
LINES = Path("models/expression/lines.json")
MODEL = Path("models/expression/trained")
RESULTS = Path("results/train_expression")


def main(params: Params) -> dict[str, float]:
    """Train, tune, export and log; returns the figures of the kept weights on the validation split."""
    knobs = params.train_expression
    with training_run("expression", params, architecture=knobs.architecture, data={"train": FORMULAS}) as run:
        # TensorFlow takes seconds to import: a tracking server that is away is told before.
        from inkmath.training.compute import use_machine
        from inkmath.training.expression_run import (
            read_counts,
            train_expression,
            validation,
            write_model,
            write_results,
        )

        use_machine(params.compute.threads)
        checkpoint = checkpoint_file("expression", params_hash(params), params.track.sweep)
        formulas, labels = FormulaSet.load(FORMULAS), Vocabulary.load(LABELS).words
        trigrams, lines = read_counts(TRIGRAMS, LINES, labels)
        trained = train_expression(formulas, labels, knobs, params.base.seed, checkpoint, on_epoch=run.log_epoch)
        files, tuned = write_model(trained, MODEL, labels, trigrams, lines, formulas)
        metrics = write_results(trained, tuned, RESULTS)
        run.log_metrics(metrics)
        judged = validation(formulas)
        run.log_model(
            ModelFiles("inkmath.decoding.expression:load_expression_reader", files, ("onnxruntime", "numpy")),
            metric="valid_exprate",
            value=metrics["valid_exprate"],
            validation_data=validation_data(params.data, judged.ids, judged.latex),
            finished=trained.finished,
        )
        run.write_id(MODEL / "run.json")
    if trained.finished:
        checkpoint.unlink(missing_ok=True)
    return metrics


if __name__ == "__main__":
    with ending_at_once():
        try:
            end_with_dvc()
            done = main(load_params())
        except (ParamsError, ArraysError, VocabularyError, TrackingError, TrainingError, ExportError, OSError) as error:
            sys.exit(f"train_expression: {error}")
    print(", ".join(f"{name} {value:.4g}" for name, value in done.items()))
