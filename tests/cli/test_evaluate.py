"""``inkmath evaluate``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_picture import picture
from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.layout.lg import MAX_CHARACTERS
from inkmath.layout.tree import Edge, LayoutTree, Relation, Symbol
from inkmath.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
STROKES = [[[0, 0], [10, 10]], [[20, 0], [20, 20]]]


def formula(*labels: str) -> Ink:
    symbols = tuple(Symbol(label, (index,)) for index, label in enumerate(labels))
    ink = Ink.from_points(STROKES)
    tree = LayoutTree(symbols, (Edge(0, 1, Relation.RIGHT),))
    return Ink(ink.strokes, tree=tree, latex=" ".join(labels))


@pytest.fixture
def test_set(tmp_path: Path, recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One formula that the stub reads right, one with a wrong label, one without truth, one that is no ink."""
    monkeypatch.setattr(Recognizer, "load", lambda path=None: recognizer)
    directory = tmp_path / "test"
    directory.mkdir()
    (directory / "right.inkml").write_bytes(write_inkml(formula("x", "1")))
    (directory / "wrong.inkml").write_bytes(write_inkml(formula("y", "1")))
    (directory / "untold.inkml").write_bytes(write_inkml(Ink.from_points(STROKES)))
    (directory / "broken.inkml").write_text("no ink")
    return directory


def test_figures_are_over_the_files_with_truth_and_the_rest_is_told(test_set: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--json"])
    figures = json.loads(result.stdout)
    assert figures["formulas"] == 2
    assert figures["without_truth"] == 1
    assert figures["exprate"] == 0.5
    assert figures["symbol_recall"] == 0.75
    assert "broken.inkml: error" in result.stderr
    assert result.exit_code == 1


def test_hidden_files_are_no_data_unless_they_are_named(test_set: Path) -> None:
    (test_set / ".trash").mkdir()
    for hidden in ("._right.inkml", ".trash/old.inkml"):
        (test_set / hidden).write_bytes((test_set / "right.inkml").read_bytes())
    counted = json.loads(CliRunner().invoke(app, ["evaluate", str(test_set), "--json"]).stdout)
    named = json.loads(CliRunner().invoke(app, ["evaluate", str(test_set / ".trash"), "--json"]).stdout)
    assert (counted["formulas"], named["formulas"]) == (2, 1)


def test_a_file_that_is_named_twice_counts_once(test_set: Path) -> None:
    named = [str(test_set), str(test_set / "wrong.inkml"), f"{test_set}/../test/wrong.inkml", str(test_set)]
    figures = json.loads(CliRunner().invoke(app, ["evaluate", *named, "--json"]).stdout)
    assert (figures["formulas"], figures["exprate"]) == (2, 0.5)


def test_strokes_that_a_label_graph_cannot_name_are_numbered(test_set: Path, tmp_path: Path) -> None:
    (test_set / "right.inkml").write_bytes(write_inkml(replace(formula("x", "1"), trace_ids=("a,b", "c"))))
    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--out", str(tmp_path / "report")])
    assert "2 formulas" in result.stdout
    assert "O, x_1, x, 1.0, 0\nO, 1_1, 1, 1.0, 1\n" in (tmp_path / "report" / "lg" / "right.lg").read_text()


def test_the_truth_may_stand_in_label_graphs(test_set: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth"
    (test_set / "deep").mkdir()
    (test_set / "wrong.inkml").rename(test_set / "deep" / "wrong.inkml")
    for source, graph in (("right", "right"), ("deep/wrong", "wrong"), ("right", "untold")):
        result = CliRunner().invoke(app, ["convert", str(test_set / f"{source}.inkml"), "--to", "lg"])
        (truth / graph).parent.mkdir(exist_ok=True)
        (truth / f"{graph}.lg").write_text(result.stdout)
    (test_set / "alone.inkml").write_bytes((test_set / "right.inkml").read_bytes())
    (test_set / "other.inkml").write_bytes((test_set / "right.inkml").read_bytes())
    (truth / "other.lg").write_text("O, x_1, x, 1.0, 7")

    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--truth", str(truth), "--json"])

    figures = json.loads(result.stdout)
    assert (figures["formulas"], figures["without_truth"], figures["exprate"]) == (3, 0, 0.66667)
    assert f"alone.inkml: error: no truth: there is no {truth / 'alone.lg'}\n" in result.stderr
    assert f"other.inkml: error: {truth / 'other.lg'}: line 1: there is no stroke '7'\n" in result.stderr


def test_a_label_graph_too_large_for_a_formula_is_refused_by_its_name(test_set: Path, tmp_path: Path) -> None:
    (tmp_path / "right.lg").write_bytes(b"#" * (MAX_CHARACTERS + 1))
    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--truth", str(tmp_path)])
    refused = f"{tmp_path / 'right.lg'}: over 2,097,152 characters are no label graph of a formula"
    assert f"right.inkml: error: {refused}; give each its own file\n" in result.stderr


def test_one_label_graph_is_not_the_truth_of_all_files_of_its_name(test_set: Path, tmp_path: Path) -> None:
    for folder, found in (("one", "right"), ("two", "wrong")):
        (test_set / folder).mkdir()
        (test_set / f"{found}.inkml").rename(test_set / folder / "same.inkml")
    CliRunner().invoke(app, ["convert", str(test_set / "one"), "--to", "lg", "--out", str(tmp_path / "truth")])
    folders = [str(test_set / "one"), str(test_set / "two")]
    result = CliRunner().invoke(app, ["evaluate", *folders, "--truth", str(tmp_path / "truth")])
    assert f"two/same.inkml: error: no truth: there is no {tmp_path / 'truth/two/same.lg'}\n" in result.stderr
    assert "2 of 2 failed" in result.stderr


def test_strokes_of_a_picture_are_not_those_of_a_label_graph(test_set: Path, tmp_path: Path) -> None:
    (tmp_path / "drawn.png").write_bytes(picture())
    (tmp_path / "drawn.lg").write_text("O, 1_1, 1, 1.0, 1\nO, -_1, -, 1.0, 0, 2\nR, 1_1, -_1, Right, 1.0\n")
    arguments = ["evaluate", str(tmp_path / "drawn.png"), "--truth", str(tmp_path), "--json"]
    figures = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert (figures["exprate"], figures["with_strokes"]) == (1, 0)


def test_one_formula_is_one(test_set: Path) -> None:
    assert CliRunner().invoke(app, ["evaluate", str(test_set / "right.inkml")]).stdout.startswith("1 formula\n")


def test_a_person_gets_the_figures_by_name(test_set: Path) -> None:
    (test_set / "broken.inkml").unlink()
    (test_set / "accent.inkml").write_bytes(write_inkml(Ink.from_points(STROKES, latex="\\acute{x}")))
    result = CliRunner().invoke(app, ["evaluate", str(test_set)])
    assert result.exit_code == 0
    told = "2 formulas\n2 without truth left out; the first: accent: LaTeX, column 1: '\\acute' is no symbol known here"
    assert result.stdout.startswith(told)
    assert "50.00%  ExpRate: read exactly" in result.stdout
    assert "1  y  read as  x" in result.stdout


@pytest.mark.slow
def test_files_of_one_name_in_different_folders_are_told_apart(test_set: Path, tmp_path: Path) -> None:
    other = test_set / "more" / "right.inkml"
    other.parent.mkdir()
    other.write_bytes((test_set / "right.inkml").read_bytes())
    (test_set / "broken.inkml").unlink()
    CliRunner().invoke(app, ["evaluate", str(test_set), "--out", str(tmp_path / "report")])
    graphs = {str(file.relative_to(tmp_path / "report" / "lg")) for file in (tmp_path / "report").rglob("*.lg")}
    assert graphs == {"right.lg", "wrong.lg", "more/right.lg"}


@pytest.mark.parametrize("name", ["[bold]", "a_laboratory_whose_name_is_longer_than_a_column"])
def test_a_source_is_named_as_its_folder_is(test_set: Path, name: str) -> None:
    (test_set / name).mkdir()
    (test_set / "right.inkml").rename(test_set / name / "right.inkml")
    assert f"\n {name} " in CliRunner().invoke(app, ["evaluate", str(test_set)]).stdout


def test_a_folder_whose_name_has_a_line_break_is_one_row(test_set: Path) -> None:
    (test_set / "a\nb").mkdir()
    (test_set / "right.inkml").rename(test_set / "a\nb" / "right.inkml")
    assert "\n a\\nb " in CliRunner().invoke(app, ["evaluate", str(test_set)]).stdout


def test_names_that_are_no_text_cost_no_report(test_set: Path, tmp_path: Path) -> None:
    """As an archive from a machine with another encoding leaves them."""
    folder = test_set.rename(test_set.with_name(os.fsdecode(b"\xdcbung")))
    (folder / "right.inkml").rename(folder / os.fsdecode(b"f\xfcr.inkml"))
    result = CliRunner().invoke(app, ["evaluate", str(folder), "--json", "--out", str(tmp_path / "report")])
    assert json.loads(result.stdout)["formulas"] == 2
    assert "\nf\\xfcr," in (tmp_path / "report" / "formulas.csv").read_text(encoding="utf-8")
    assert (tmp_path / "report" / "lg" / "f\\xfcr.lg").exists()


def test_formulas_whose_strokes_nobody_labelled_have_no_figures_of_structure(test_set: Path, tmp_path: Path) -> None:
    """As in MathWriting, whose truth is LaTeX alone."""
    for name, latex in (("short", "x 1"), ("long", "x 1 + 1 + 1")):
        (tmp_path / f"{name}.inkml").write_bytes(write_inkml(replace(formula("x", "1"), tree=None, latex=latex)))
    result = CliRunner().invoke(app, ["evaluate", *map(str, tmp_path.glob("*.inkml"))])
    assert (result.exit_code, "structure right" in result.stdout) == (0, False)
    (row,) = (line.split() for line in result.stdout.splitlines() if line.split()[:1] == ["1-3"])
    assert row == ["1-3", "1", "100.0%", "100.0%", "100.0%"]


def test_nothing_to_measure_is_an_error(tmp_path: Path, test_set: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", str(test_set / "untold.inkml")])
    assert result.exit_code == 1
    assert "inkmath evaluate: none of 1 inks has truth" in result.stderr

    result = CliRunner().invoke(app, ["evaluate", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert "no such file or directory" in result.stderr
    assert "truth" not in result.stderr, "it was never the matter"


@pytest.mark.slow
def test_a_report_holds_figures_tables_and_pictures(test_set: Path, tmp_path: Path) -> None:
    (test_set / "broken.inkml").unlink()
    assert CliRunner().invoke(app, ["evaluate", str(test_set), "--out", str(tmp_path / "report")]).exit_code == 0
    names = {file.name for file in (tmp_path / "report").iterdir()}
    assert {"metrics.json", "formulas.csv", "failures.png"} <= names
    graphs = {file.name for file in (tmp_path / "report" / "lg").iterdir()}
    assert graphs == {"right.lg", "wrong.lg"}


def test_a_report_that_is_written_over_leaves_no_label_graph_of_the_one_before(test_set: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"
    for name in ("right", "wrong"):
        CliRunner().invoke(app, ["evaluate", str(test_set / f"{name}.inkml"), "--out", str(report)])
        (report / "lg" / "mine.lg").write_text("mine")
    assert {file.name for file in (report / "lg").iterdir()} == {"wrong.lg", "mine.lg"}


@pytest.mark.parametrize("table", ["id\n../../mine\n", "id\n{}/mine\n", 'id\n"a\0b"\n', "id\n" + "a" * 200_000])
def test_a_table_that_stands_where_the_report_goes_costs_no_file_outside(
    test_set: Path, tmp_path: Path, table: str
) -> None:
    (tmp_path / "report" / "lg").mkdir(parents=True)
    (tmp_path / "report" / "formulas.csv").write_text(table.format(tmp_path))
    (tmp_path / "mine.lg").write_text("mine")
    result = CliRunner().invoke(app, ["evaluate", str(test_set / "right.inkml"), "--out", str(tmp_path / "report")])
    assert result.exit_code == 0, result.exception
    assert (tmp_path / "mine.lg").exists()
    assert (tmp_path / "report" / "lg" / "right.lg").exists()


def test_a_link_that_leads_to_itself_costs_no_other_file(test_set: Path) -> None:
    (test_set / "loop.inkml").symlink_to("loop.inkml")
    result = CliRunner().invoke(app, ["evaluate", str(test_set)])
    assert result.exit_code == 1
    assert "loop.inkml: error" in result.stderr
    assert "2 formulas" in result.stdout


def test_the_report_is_there_though_nobody_reads_the_figures(test_set: Path, tmp_path: Path) -> None:
    code = (
        "import inkmath.cli, stub_reader; from inkmath.recognizer import Recognizer\n"
        "Recognizer.load = lambda path=None: Recognizer(stub_reader.StubReader, stub_reader.StubNamer)\n"
        "inkmath.cli.main()"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, "evaluate", str(test_set), "--out", str(tmp_path / "report")],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])},
            stdout=full,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    assert done.returncode != 0
    assert (tmp_path / "report" / "metrics.json").exists()


def test_without_what_draws_pictures_all_else_is_written(test_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.startswith("inkmath.evaluation.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--out", str(test_set / "report")])
    assert "no pictures: they need the package matplotlib" in result.stderr
    assert "ExpRate: read exactly" in result.stdout
    assert (test_set / "report" / "metrics.json").is_file()


def test_a_directory_of_truth_that_is_not_there_is_told_once_and_before_any_reading(test_set: Path) -> None:
    result = CliRunner().invoke(app, ["evaluate", str(test_set), "--truth", "nowhere"])
    assert result.exit_code == 2
    assert result.output.count("nowhere: no such directory of label graphs") == 1
