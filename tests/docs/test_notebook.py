"""The notebook in docs/ runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import pytest
from released import needs_weights

NOTEBOOK = Path(__file__).parents[2] / "docs" / "recognize.ipynb"


@pytest.mark.slow
@needs_weights
def test_the_notebook_runs() -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=1800, startup_timeout=600, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert any("text/latex" in output.get("data", {}) for output in outputs)
