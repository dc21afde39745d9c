"""The baseline of formulas: a stroke sees those written shortly before and after it."""

from __future__ import annotations

import numpy as np
import pytest
from models.stroke_networks import POINTS, small

pytestmark = pytest.mark.slow


def test_each_block_sees_two_strokes_further() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-1, 1, (1, 12, POINTS, 2)).astype(np.float32) + np.arange(12)[:, None, None]
    turned = points.copy()
    turned[0, 5] = points[0, 5, ::-1]  # its place and size are the same, and so is all that pairs are told of places
    mask = np.ones((1, 12), np.float32)
    for depth, reach in ((1, 2), (2, 4)):
        model = small("stroke_conv", depth=depth)
        before, after = (np.asarray(model(those, mask)["symbol"])[0] for those in (points, turned))
        changed = np.flatnonzero(np.abs(after - before).max(axis=1) > 1e-6)
        assert changed.tolist() == list(range(5 - reach, 5 + reach + 1))
