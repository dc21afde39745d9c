"""The symbol task's rates: normalising, augmenting beside a training step, naming one symbol and many.

Run: ``python -m benchmarks.symbols``. The symbols are made up; rates are for one thread.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from inkmath.decoding.symbol import load_symbol_reader
from inkmath.features.symbol import normalize_and_pad_traces
from inkmath.features.symbol_augment import augment_symbols
from inkmath.ink import Ink
from inkmath.params import load_params
from inkmath.recognizer import WEIGHTS
from inkmath.synthesis import synthesize

if TYPE_CHECKING:
    from collections.abc import Callable

FORMULAS = 60
BATCH = 128


def main() -> None:
    """Measure and print."""
    from inkmath.models import ARCHITECTURES, build_model
    from inkmath.training.compute import use_machine

    params = load_params()
    use_machine(1)
    inks = [
        Ink(strokes=tuple(ink.strokes[stroke] for stroke in symbol.strokes))
        for ink in synthesize(FORMULAS, seed=0)
        if ink.tree
        for symbol in ink.tree.symbols
    ]
    samples = [ink.strokes for ink in inks]
    seconds = fastest(lambda: normalize_and_pad_traces(samples, params.normalize.points))
    print(f"normalise: {len(samples) / seconds:.0f} symbols/s ({len(samples)} made-up symbols)")

    features = normalize_and_pad_traces(samples, params.normalize.points)[:BATCH]
    targets = np.eye(101, dtype=np.float32)[np.zeros(len(features), int)]
    augmenting = fastest(lambda: augment_symbols(features, params.train.augment, np.random.default_rng(0)))
    print(f"augment: {len(features) / augmenting:.0f} symbols/s")
    for architecture in ARCHITECTURES:
        model = build_model(features.shape[1:], 101, architecture)
        step = fastest(partial(model.train_on_batch, features, targets))
        print(
            f"train {architecture}: {len(features) / step:.0f} symbols/s in batches of {len(features)}; "
            f"augmenting takes {100 * augmenting / step:.0f} % of a step"
        )

    reader = load_symbol_reader(WEIGHTS)
    one, many = fastest(lambda: reader.classify(inks[:1]), 200), fastest(lambda: reader.classify(inks[:64]), 20)
    print(f"name: one symbol {1000 * one:.2f} ms; of 64 at once each {1000 * many / 64:.2f} ms")


def fastest(work: Callable[[], object], times: int = 7) -> float:
    """Least seconds of some runs, after one that warms up: what others do on the machine only adds."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)


if __name__ == "__main__":
    main()
