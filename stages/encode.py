"""Stage encode: labels of data/processed/symbol.npz -> ids, and the vocabulary fitted on those of training."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from inkmath.dataset.arrays import ArraysError, write_arrays
from inkmath.dataset.results import write_json, write_table
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
        metrics: dict[str, Any] = {"classes": len(vocabulary), "unseen": {}}
        unseen: list[tuple[str, str, int]] = []
        for split in Split:
            rows = symbols.of(split)
            encoded = encode_labels(symbols.labels[rows].tolist(), vocabulary)
            ids[rows], metrics["unseen"][str(split)] = encoded.ids, sum(encoded.unseen.values())
            unseen += [(str(split), label, count) for label, count in encoded.unseen.items()]
    vocabulary.save(VOCABULARY)
    write_arrays(LABELS, {"ids": ids})
    write_table(UNSEEN_LABELS, ("split", "label", "samples"), unseen)
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
