"""Tests that need the released models, which a fresh training of one's own does not bring."""

from __future__ import annotations

import pytest

from inkmath.recognizer import WEIGHTS

needs_weights = pytest.mark.skipif(
    not all((WEIGHTS / name).is_file() for name in ("expression.onnx", "symbol.onnx")),
    reason=f"needs the released models in {WEIGHTS}",
)
