"""``inkmath convert``."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from made_up_ink import inkml
from typer.testing import CliRunner, Result

from inkmath.cli.convert import convert

ROOT = Path(__file__).parents[2]

app = typer.Typer()
app.command()(convert)


def run(*arguments: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "formula.inkml"
    path.write_bytes(inkml("x"))
    return path


@pytest.mark.parametrize(
    ("notation", "beginning"),
    [
        ("latex", "x ^ { 2 }\n"),
        (
            "mathml",
            '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block"><msup><mi>x</mi><mn>2</mn></msup>',
        ),
        ("lg", "# IUD, formula\n# Objects(2):\nO, x_1, x, 1.0, 0\nO, 2_1, 2, 1.0, 1\n\n# Relations from SRT:\nR, x_1,"),
        ("svg", "<svg "),
        ("json", '{"id": "formula"'),
    ],
)
def test_a_file_in_each_notation(file: Path, notation: str, beginning: str) -> None:
    result = run(file, "--to", notation)
    assert result.exit_code == 0
    assert result.stdout.startswith(beginning)


def test_json_holds_strokes_symbols_and_relations(file: Path) -> None:
    answer = json.loads(run(file, "--to", "json").stdout)
    assert answer["latex"] == "x ^ { 2 }"
    assert answer["symbols"] == [{"label": "x", "strokes": [0]}, {"label": "2", "strokes": [1]}]
    assert answer["relations"] == [{"parent": 0, "child": 1, "relation": "Sup"}]
    assert answer["strokes"][1] == [[9, 2], [11, 4]]


def test_json_of_bare_ink_is_its_strokes(file: Path) -> None:
    file.write_bytes(b"<ink><trace>1 2, 3 4</trace></ink>")
    answer = json.loads(run(file, "--to", "json").stdout)
    assert answer["strokes"] == [[[1, 2], [3, 4]]]
    assert (answer["latex"], answer["symbols"], answer["relations"], answer["problems"]) == (None, [], [], [])


@pytest.mark.parametrize(
    ("truth", "notation", "reason"),
    [
        ("", "latex", "no layout tree to convert: the file has no MathML or LaTeX"),
        (r"\acute{x}", "latex", r"no layout tree to convert: .*'\\acute' is no symbol"),
        ("x + 1", "lg", "owns no strokes"),  # LaTeX alone does not say which strokes a symbol has
    ],
)
def test_a_truth_that_does_not_suffice_is_said(file: Path, truth: str, notation: str, reason: str) -> None:
    file.write_text(f'<ink><annotation type="truth">{truth}</annotation><trace>1 2, 3 4</trace></ink>')
    result = run(file, "--to", notation)
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.search(reason, " ".join(result.stderr.split()))


def test_several_texts_follow_each_other_and_several_pictures_lie_in_a_directory(tmp_path: Path, file: Path) -> None:
    (tmp_path / "more.inkml").write_bytes(inkml("y"))
    assert run(tmp_path, "--to", "latex").stdout == "x ^ { 2 }\ny ^ { 2 }\n"
    assert run(tmp_path, "--to", "svg", "--out", tmp_path / "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["formula.svg", "more.svg"]


def test_a_picture_from_standard_input() -> None:
    result = run("-", "--to", "png", given=inkml("x"))
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"\x89PNG")


def test_a_directory_into_a_directory_and_bad_files_do_not_stop_the_others(tmp_path: Path, file: Path) -> None:
    (tmp_path / "a.inkml").write_text("<ink/>")
    (tmp_path / "untrue.inkml").write_text('<ink><trace id="0">1 2</trace></ink>')
    out = tmp_path / "out"

    result = run(tmp_path, tmp_path / "missing", "--to", "lg", "--out", out)

    assert result.exit_code == 1
    assert [path.name for path in out.iterdir()] == ["formula.lg"]
    assert "no <trace> element" in result.stderr
    assert "no layout tree to convert" in result.stderr
    assert "no such file" in result.stderr
    assert "3 of 4 failed" in result.stderr


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path, file: Path) -> None:
    twin = tmp_path / "deeper" / "formula.inkml"
    twin.parent.mkdir()
    twin.write_bytes(inkml("y"))

    result = run(file, twin, "--to", "latex", "--out", tmp_path / "out")

    assert result.exit_code == 0
    assert (tmp_path / "out" / "formula.tex").read_text() == "x ^ { 2 }\n"
    assert (tmp_path / "out" / "deeper" / "formula.tex").read_text() == "y ^ { 2 }\n"


def test_files_that_differ_by_their_suffix_only_keep_it(tmp_path: Path, file: Path) -> None:
    twin = file.with_suffix(".INKML")
    twin.write_bytes(inkml("y"))
    assert run(file, twin, "--to", "latex", "--out", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "formula.inkml.tex").read_text() == "x ^ { 2 }\n"
    assert (tmp_path / "out" / "formula.INKML.tex").read_text() == "y ^ { 2 }\n"


def test_a_path_that_leads_nowhere_moves_no_answer(tmp_path: Path, file: Path) -> None:
    twin = tmp_path / "deeper" / "formula.inkml"
    twin.parent.mkdir()
    twin.write_bytes(inkml("y"))
    assert run(file, twin, "/nowhere/formula.inkml", "--to", "latex", "--out", tmp_path / "out").exit_code == 1
    assert sorted(str(made.relative_to(tmp_path / "out")) for made in (tmp_path / "out").rglob("*.tex")) == [
        "deeper/formula.tex",
        "formula.tex",
    ]


def test_a_name_that_is_no_text_is_written_as_json_can(tmp_path: Path, file: Path) -> None:
    name = os.fsdecode(b"\xdcbung")
    file.rename(tmp_path / f"{name}.inkml")
    assert run(tmp_path, "--to", "json", "--out", tmp_path / "out").exit_code == 0
    assert json.loads((tmp_path / "out" / f"{name}.json").read_text(encoding="utf-8"))["id"] == name


def test_a_place_that_takes_no_answer_is_said_in_a_line(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "inkmath", "convert", file.name, "--to", "latex", "--out", f"{file.name}/out"],
        cwd=file.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    expected = f"inkmath: {file.name}/out: {os.strerror(errno.ENOTDIR)}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_several_pictures_need_a_directory(file: Path, kind: str) -> None:
    result = run(file, file.with_name("another.inkml"), "--to", kind)
    assert result.exit_code == 2
    assert "--out" in result.stderr


def test_without_what_draws_png_the_error_says_what_to_install(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    result = run(file, "--to", "png")
    assert result.exit_code == 1
    assert "PNG needs the package matplotlib" in result.stderr
