"""Stage train: data/processed/symbol*.npz -> models/symbol, the classifier with the best validation accuracy."""

from __future__ import annotations

import sys
from pathlib import Path

from inkmath.dataset.arrays import ArraysError, read_arrays
from inkmath.dataset.splits import Split
from inkmath.features.symbol_set import SymbolSet, normalize_knobs
from inkmath.labels import Vocabulary, VocabularyError
from inkmath.models.export import ExportError
from inkmath.params import Params, ParamsError, load_params
from inkmath.tracking import ModelFiles, TrackingError, checkpoint_file, params_hash, training_run, validation_data
from inkmath.training import TrainingError
from inkmath.training.lifetime import end_with_dvc, ending_at_once

SYMBOLS = Path("data/processed/symbol.npz")
LABELS = Path("data/processed/symbol_labels.npz")
VOCABULARY = Path("data/processed/symbol_vocabulary.json")
MODEL = Path("models/symbol")
RESULTS = Path("results/train")


def main(params: Params) -> dict[str, float]:
    """Train, export and log; returns the figures of the kept weights on the validation split."""
    with (
        SymbolSet.mapped(SYMBOLS) as symbols,
        training_run("symbol", params, architecture=params.train.architecture, data={"train": SYMBOLS}) as run,
    ):
        # TensorFlow takes seconds to import: a tracking server that is away is told before.
        from inkmath.evaluation.symbol_pictures import learning_curves, save
        from inkmath.training.compute import use_machine
        from inkmath.training.symbol_teachers import SymbolTeachers
        from inkmath.training.symbols import SymbolData, train_symbols, write_model, write_results

        use_machine(params.compute.threads)
        checkpoint = checkpoint_file("symbol", params_hash(params), params.track.sweep)
        ids, vocabulary = read_arrays(LABELS)["ids"], Vocabulary.load(VOCABULARY)
        if len(ids) != len(symbols):
            raise ArraysError(f"{LABELS}: {len(ids)} labels, but {SYMBOLS} has {len(symbols)}; run dvc repro encode")
        knobs, names = normalize_knobs(params.normalize), params.train.teachers
        teachers = SymbolTeachers(names, vocabulary.words, knobs) if names else None
        train, valid = (
            SymbolData(symbols.features, ids[rows], rows) for rows in (symbols.of(Split.TRAIN), symbols.of(Split.VALID))
        )

        trained = train_symbols(
            train,
            valid,
            vocabulary.words,
            params.train,
            params.base.seed,
            checkpoint,
            on_epoch=run.log_epoch,
            teachers=teachers,
        )
        files = write_model(trained, MODEL, vocabulary, knobs, valid)
        metrics = write_results(trained, RESULTS, valid)
        run.log_metrics(metrics)
        run.log_file(save(learning_curves(trained.history, trained.best_epoch), RESULTS / "learning.png"), "figures")
        judged = valid.known().rows
        run.log_model(
            ModelFiles("inkmath.decoding.symbol:load_symbol_reader", files, ("onnxruntime",)),
            metric="valid_accuracy",
            value=metrics["valid_accuracy"],
            validation_data=validation_data(
                params.data, symbols.ids[judged], symbols.labels[judged], channels=symbols.features.shape[2]
            ),
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
            sys.exit(f"train: {error}")
    print(", ".join(f"{name} {value:.4g}" for name, value in done.items()))
