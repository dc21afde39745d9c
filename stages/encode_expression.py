"""Stage encode_expression: data/processed/expression.npz -> the vocabulary and counts of the training split."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from inkmath.dataset.arrays import ArraysError
from inkmath.dataset.results import write_json, write_unseen
from inkmath.dataset.splits import Split, telling
from inkmath.decoding.language import count_trigrams
from inkmath.decoding.lines import measure_lines
from inkmath.features.expression import FormulaSet
from inkmath.labels import VocabularyError, encode_labels
from inkmath.params import Params, ParamsError, load_params

FORMULAS = Path("data/processed/expression.npz")
LABELS = Path("models/expression/labels.json")
TRIGRAMS = Path("models/expression/trigrams.json")
LINES = Path("models/expression/lines.json")
METRICS = Path("results/encode_expression/metrics.json")
UNSEEN_LABELS = Path("results/encode_expression/unseen.csv")


def main(params: Params) -> dict[str, Any]:
    """Fit the vocabulary, count the trigrams, measure the lines; returns what came of it."""
    formulas = FormulaSet.load(FORMULAS)
    everything = formulas.select(np.flatnonzero(formulas.splits == str(Split.TRAIN)))
    training = everything.select(np.flatnonzero(telling(everything.ids)))
    # Labels are learned where truth explains every stroke; any tree teaches the language.
    taught = everything if params.encode_expression.shapes else training
    explained = taught.select(np.flatnonzero(taught.trainable()))
    labels = encode_labels(explained.labels.tolist(), min_count=params.encode_expression.min_count).vocabulary
    trees = [tree for number in range(len(training)) if (tree := training.tree(number))]
    trigrams = count_trigrams(trees)
    lines = measure_lines(training)
    parts = {str(split): formulas.select(np.flatnonzero(formulas.splits == str(split))) for split in Split}
    labels.save(LABELS)
    write_json(TRIGRAMS, trigrams, indent=None)
    write_json(LINES, lines, indent=None)
    unseen = {split: encode_labels(part.labels.tolist(), labels).unseen for split, part in parts.items()}
    metrics = {
        "classes": len(labels),
        "trigrams": len(trigrams),
        "training_formulas": len(training),
        "trainable_formulas": len(explained),
        "with_matrix": {split: int(part.with_matrix.sum()) for split, part in parts.items()},
        "unseen": write_unseen(UNSEEN_LABELS, unseen),
    }
    write_json(METRICS, metrics)
    return metrics


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, ArraysError, VocabularyError, OSError) as error:
        sys.exit(f"encode_expression: {error}")
    print(
        f"{done['classes']} classes in {LABELS}, from {done['trainable_formulas']} formulas that say what each stroke "
        f"is; {done['trigrams']} trigrams from {done['training_formulas']}; symbols without a class: {done['unseen']}, "
        f"by label in {UNSEEN_LABELS}; formulas with a matrix, which are not trained on: {done['with_matrix']}"
    )
