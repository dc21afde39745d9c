"""The Python of the README runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from released import needs_weights

README = Path(__file__).parents[2] / "README.md"


@needs_weights
def test_the_python_of_the_readme_runs() -> None:
    pytest.importorskip("sympy")
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    made: dict[str, Any] = {}
    exec(code, made)
    assert (made["result"].latex, made["result"].to_sympy(), made["page"].latex) == ("- 1", -1, "- 1")
    assert made["session"].recognition.latex == "-"
