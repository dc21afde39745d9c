"""Stage encode: labels of data/processed/symbol.npz -> ids, and the vocabulary fitted on those of training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from inkmath.dataset.arrays import ArraysError, write_arrays
from inkmath.dataset.results import write_json, write_unseen
from inkmath.dataset.splits import Split, telling
from inkmath.features.symbol_set import SymbolSet
from inkmath.labels import UNSEEN, VocabularyError, encode_labels
from inkmath.params import Params, ParamsError, load_params

SYMBOLS = Path("data/processed/symbol.npz")
LABELS = Path("data/processed/symbol_labels.npz")
VOCABULARY = Path("data/processed/symbol_vocabulary.json")
METRICS = Path("results/encode/metrics.json")
UNSEEN_LABELS = Path("results/encode/unseen.csv")


def main(params: Params) -> dict[str, Any]:
    """Encode every label; returns the number of classes and, by split, of samples that have none."""
    with SymbolSet.mapped(SYMBOLS) as symbols:
        training = symbols.of(Split.TRAIN)
        if not params.encode.shapes:
            training = training[telling(symbols.ids[training])]
        vocabulary = encode_labels(symbols.labels[training].tolist(), min_count=params.encode.min_count).vocabulary
        ids = np.full(len(symbols), UNSEEN, np.int64)
        unseen = {}
        for split in Split:
            rows = symbols.of(split)
            encoded = encode_labels(symbols.labels[rows].tolist(), vocabulary)
            ids[rows], unseen[str(split)] = encoded.ids, encoded.unseen
    vocabulary.save(VOCABULARY)
    write_arrays(LABELS, {"ids": ids})
    metrics = {"classes": len(vocabulary), "unseen": write_unseen(UNSEEN_LABELS, unseen)}
    write_json(METRICS, metrics)
    return metrics


if __name__ == "__main__":
    try:
        done = main(load_params())
    except (ParamsError, ArraysError, VocabularyError, OSError) as error:
        sys.exit(f"encode: {error}")
    print(
        f"{done['classes']} classes in {VOCABULARY}; samples without a class: {done['unseen']}, "
        f"by label in {UNSEEN_LABELS}"
    )
