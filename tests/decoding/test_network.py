"""Exported networks: what is no network is said so; the rest is tested where networks are exported."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from onnx import TensorProto, helper

from inkmath.decoding.network import Network, NetworkError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"m\.onnx: no such file"):
        Network(tmp_path / "m.onnx")


@pytest.mark.parametrize("content", [b"", b"not a network", bytes(range(256)) * 9])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(NetworkError, match=r"m\.onnx: cannot be loaded as ONNX"):
        Network(tmp_path / "m.onnx")


def test_a_network_whose_names_are_no_text_is_damaged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Nothing", ["x"], ["y"])], "graph", [value], [])
    content = helper.make_model(graph, ir_version=9).SerializeToString().replace(b"Nothing", b"Not\xbf\xbfng")
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(NetworkError, match=r"m\.onnx: cannot be loaded as ONNX"):
        Network(tmp_path / "m.onnx")
    assert capsys.readouterr().out == "", "where a command prints its answers"


def test_running_networks_does_not_import_tensorflow() -> None:
    code = "import sys, inkmath.decoding.symbol; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
