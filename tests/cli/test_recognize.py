"""``inkmath recognize`` and ``inkmath classify``, whose answers share their forms."""

from __future__ import annotations

import gzip
import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from drawn_picture import picture
from typer.testing import CliRunner

from inkmath.cli import app
from inkmath.ink import Ink
from inkmath.inkml import write_inkml
from inkmath.recognizer import Recognizer

ROOT = Path(__file__).parents[2]
X = [[0, 0], [10, 10]]
ONE = [[20, 0], [20, 20]]


@pytest.fixture(autouse=True)
def _no_weights(recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recognizer, "load", lambda path=None: recognizer)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A directory of two formulas and a broken file."""
    directory = tmp_path / "notes"
    (directory / "deeper").mkdir(parents=True)
    (directory / "a.inkml").write_bytes(write_inkml(Ink.from_points([X])))
    (directory / "deeper" / "b.INKML").write_bytes(write_inkml(Ink.from_points([X, ONE])))
    (directory / "broken.inkml").write_text("no ink")
    (directory / "readme.txt").write_text("not ink at all")
    return directory


def run(*arguments: object, given: bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout, result.stderr


def test_one_file_gives_its_latex_and_nothing_else(notes: Path) -> None:
    assert run("recognize", notes / "a.inkml") == (0, "x\n", "")


@pytest.fixture
def derivation(tmp_path: Path) -> Path:
    """Two formulas beneath each other."""
    file = tmp_path / "derivation.inkml"
    file.write_bytes(write_inkml(Ink.from_points([X, ONE, [[0, 200], [60, 200]]])))
    return file


def test_formulas_beneath_each_other_are_a_line_each(derivation: Path, notes: Path) -> None:
    assert run("recognize", "--rows", derivation) == (0, "x 1\n-\n", "")
    _, out, _ = run("recognize", "--rows", derivation, notes / "a.inkml")
    assert out.splitlines() == [f"{derivation}\tx 1", f"{derivation}\t-", f"{notes / 'a.inkml'}\tx"]


def test_rows_are_one_document_in_latex_mathml_and_json_and_no_label_graph(derivation: Path) -> None:
    latex = "\\begin{aligned}\n& x 1 \\\\\n& -\n\\end{aligned}"
    assert run("recognize", "--rows", derivation, "--format", "latex") == (0, latex + "\n", "")
    assert run("recognize", "--rows", derivation, "--format", "mathml")[1].count("<mtr>") == 2
    record = json.loads(run("recognize", "--rows", derivation, "--jsonl")[1])
    assert record["latex"] == latex
    assert [row["symbols"][0]["strokes"] for row in record["rows"]] == [[0], [2]]
    code, out, err = run("recognize", "--rows", derivation, "--format", "lg")
    assert (code, out) == (1, "")
    assert "a label graph holds one formula, and these are 2; ask for another --format" in err


def test_who_may_have_wanted_rows_is_told_of_them_once_on_standard_error(
    derivation: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = derivation.with_name("other.inkml")
    other.write_bytes(derivation.read_bytes())
    doubtful = [derivation, other, notes / "a.inkml"]
    assert run("recognize", *doubtful)[2] == "", "of what is read with confidence nothing is said"
    monkeypatch.setattr(sys.modules["inkmath.cli.recognize"], "DOUBTED", 0.95)
    code, out, err = run("recognize", *doubtful, "--jsonl")
    assert (code, len(out.splitlines())) == (0, 3)
    assert err == "2 files may hold formulas beneath each other: --rows reads each for itself\n"
    assert run("recognize", "--rows", *doubtful)[2] == ""


def test_the_next_best_of_every_row_are_listed_with_its_number(derivation: Path) -> None:
    _, out, _ = run("recognize", "--rows", derivation, "-n", 2)
    assert out.splitlines() == ["1\t 90.0%\tx 1", "1\t 45.0%\tx -", "2\t 90.0%\t-", "2\t 45.0%\t+"]


@pytest.mark.parametrize("command", ["recognize", "classify"])
def test_a_stroke_that_a_label_graph_cannot_name_costs_its_file_alone(notes: Path, command: str) -> None:
    file = notes / "a.inkml"
    file.write_bytes(write_inkml(Ink.from_points([X], trace_ids=("1,2",))))
    code, out, err = run(command, file, notes / "deeper" / "b.INKML", "--format", "lg")
    assert code == 1
    assert "a.inkml: error: a label graph cannot name the stroke '1,2'; ask for another --format" in err
    assert "O, x_1, x, 1.0" in out


def test_standard_input_is_a_file(notes: Path) -> None:
    assert run("recognize", "-", given=(notes / "a.inkml").read_bytes()) == (0, "x\n", "")


@pytest.mark.parametrize(
    ("closed", "path", "failure", "answer"),
    [
        ("<&-", "-", "there is no standard input", '"strokes"'),
        (">&-", "broken.inkml", "broken.inkml: error", ""),
        ("2>&-", "broken.inkml", "", '"strokes"'),
    ],
    ids=["standard input", "standard output", "standard error"],
)
def test_a_closed_stream_keeps_nothing_from_the_others(
    notes: Path, closed: str, path: str, failure: str, answer: str
) -> None:
    code = "import inkmath.cli; inkmath.cli.main()"
    command = shlex.join([sys.executable, "-c", code, "convert", path, "a.inkml", "--to", "json"])
    done = subprocess.run(
        ["sh", "-c", f"exec {command} {closed}"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        cwd=notes,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert failure in done.stderr
    assert answer in done.stdout


def test_a_stream_without_end_is_read_up_to_a_limit(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inkmath.cli.sources.MAX_BYTES", 4096)
    code, _, err = run("recognize", "/dev/zero")
    assert (code, err) == (1, "/dev/zero: error: over 4,096 bytes: no document is that long\n")
    assert "over 4,096 bytes" in run("recognize", "-", given=b" " * 5000)[2]


@pytest.mark.parametrize(("file", "form"), [("scan.png", "png"), ("photo.JPG", "jpeg"), ("without-a-suffix", "png")])
def test_a_picture_is_read_from_a_file_and_from_standard_input(tmp_path: Path, file: str, form: str) -> None:
    scan = tmp_path / file
    scan.write_bytes(picture(form=form))
    assert run("recognize", scan) == (0, "1 -\n", "")
    assert run("recognize", "-", given=scan.read_bytes()) == (0, "1 -\n", "")


def test_a_picture_comes_through_a_pipe_of_any_name(tmp_path: Path) -> None:
    """As `inkmath recognize <(curl ...)` names it."""
    os.mkfifo(tmp_path / "63")
    writing = threading.Thread(target=(tmp_path / "63").write_bytes, args=(picture(),), daemon=True)
    writing.start()
    assert run("recognize", tmp_path / "63") == (0, "1 -\n", "")
    writing.join()


def test_a_picture_without_handwriting_is_a_failure_that_says_what_to_give(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.png").write_bytes(picture(lines=[]))
    code, out, err = run("recognize", tmp_path / "blank.png", notes / "a.inkml")
    assert (code, out) == (1, f"{notes}/a.inkml\tx\n")
    assert f"{tmp_path}/blank.png: error: there is no handwriting to be seen; give" in err
    assert "-: error: there is no handwriting" in run("recognize", "-", given=picture(lines=[]))[2]


def test_without_the_packages_for_pictures_the_user_learns_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scan.png").write_bytes(picture())
    monkeypatch.setitem(sys.modules, "PIL", None)
    code, _, err = run("recognize", tmp_path / "scan.png")
    assert code == 1
    assert "pip install 'inkmath[images]'" in err


def test_a_directory_names_each_file_and_a_bad_one_stops_nobody(notes: Path) -> None:
    code, out, err = run("recognize", notes)
    assert code == 1
    assert out == f"{notes}/a.inkml\tx\n{notes}/deeper/b.INKML\tx 1\n"
    assert f"{notes}/broken.inkml: error: " in err
    assert "1 of 3 failed" in err


def test_jsonl_is_one_object_a_line_failures_among_them(notes: Path) -> None:
    code, out, err = run("recognize", notes, "--jsonl")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert err == ""
    assert [set(record) for record in records] == [
        {"file", "latex", "tokens", "confidence", "alternatives", "symbols", "relations", "seconds"},
        {"file", "error"},
        {"file", "latex", "tokens", "confidence", "alternatives", "symbols", "relations", "seconds"},
    ]
    assert records[2]["tokens"] == ["x", "1"]
    assert len(records[2]["alternatives"]) == 5


def test_json_is_an_object_for_one_file_and_a_list_for_several(notes: Path) -> None:
    assert json.loads(run("recognize", notes / "a.inkml", "--format", "json")[1])["latex"] == "x"
    several = json.loads(run("recognize", notes, "--format", "json")[1])
    assert [record.get("latex") for record in several] == ["x", None, "x 1"]
    assert set(several[1]) == {"file", "error"}, "which one could not be read, and why"


@pytest.mark.parametrize(
    ("form", "beginning"), [("latex", "x 1\n"), ("mathml", "<math"), ("lg", "# "), ("text", "x 1\n")]
)
def test_forms(notes: Path, form: str, beginning: str) -> None:
    code, out, _ = run("recognize", notes / "deeper" / "b.INKML", "-f", form)
    assert code == 0
    assert out.startswith(beginning)


def test_alternatives_come_with_their_confidence(notes: Path) -> None:
    _, out, _ = run("recognize", notes / "a.inkml", "-n", 2)
    assert out == " 90.0%\tx\n 45.0%\t1\n"


def test_a_directory_of_answers(notes: Path, tmp_path: Path) -> None:
    code, out, _ = run("recognize", notes, "--format", "lg", "--out", tmp_path / "lg")
    assert (code, out) == (1, "")
    assert sorted(file.name for file in (tmp_path / "lg").iterdir()) == ["a.lg", "b.lg"]


def test_two_files_of_one_name_do_not_overwrite_each_other(notes: Path, tmp_path: Path) -> None:
    (notes / "deeper" / "a.inkml").write_bytes(write_inkml(Ink.from_points([ONE])))
    code, _, err = run("recognize", notes / "a.inkml", notes / "deeper", "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    assert (tmp_path / "out" / "a.txt").read_text() == "x\n"
    assert (tmp_path / "out" / "deeper" / "a.txt").read_text() == "1\n"


def test_no_name_of_an_answer_is_that_of_another(notes: Path, tmp_path: Path) -> None:
    for name in ("a.INKML", "a.inkml.inkml"):
        (notes / name).write_bytes(write_inkml(Ink.from_points([ONE])))
    (notes / "broken.inkml").unlink()
    code, _, err = run("recognize", notes, "--out", tmp_path / "out")
    assert (code, err) == (0, "")
    written = {str(file.relative_to(tmp_path / "out")): file.read_text() for file in (tmp_path / "out").rglob("*.txt")}
    assert written == {
        "a.INKML.txt": "1\n", "a.inkml.txt": "x\n", "a.inkml.inkml.txt": "1\n", "deeper/b.txt": "x 1\n",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["json", "lg"])
def test_a_name_that_is_no_text_costs_no_answer(notes: Path, tmp_path: Path, form: str) -> None:
    """As an archive from a machine with another encoding leaves it; what is written beside it is UTF-8."""
    name = os.fsdecode(b"\xdcbung")
    (notes / "a.inkml").rename(notes / f"{name}.inkml")
    (notes / "broken.inkml").unlink()
    assert run("recognize", notes, "--format", form, "--out", tmp_path / "out") == (0, "", "")
    assert "\\udcdcbung" in (tmp_path / "out" / f"{name}.{form}").read_text(encoding="utf-8")
    assert (tmp_path / "out" / f"b.{form}").exists()


@pytest.mark.parametrize(
    "arguments", [("recognize", "-n", 3, "--format", "mathml"), ("classify", "-k", 5, "--format", "latex")]
)
def test_a_format_that_holds_one_answer_takes_no_number_of_them(notes: Path, arguments: tuple[object, ...]) -> None:
    code, out, complaints = run(*arguments, notes / "a.inkml")
    assert (code, out) == (2, "")
    assert "holds one answer" in complaints


def test_an_archive_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "ink.tar.gz").write_bytes(b"any")
    assert "ink.tar.gz: error: is an archive; unpack it" in run("recognize", tmp_path / "ink.tar.gz")[2]
    assert f"{tmp_path}: error: no .inkml file in this directory; unpack the archives" in run("recognize", tmp_path)[2]


def test_compressed_ink_is_to_be_unpacked(notes: Path) -> None:
    packed = gzip.compress((notes / "a.inkml").read_bytes())
    (notes / "a.inkml.gz").write_bytes(packed)
    assert run("recognize", notes / "a.inkml.gz")[2].endswith(
        "a.inkml.gz: error: the file is compressed; unpack it first\n"
    )
    assert run("recognize", "-", given=packed) == (1, "", "-: error: the file is compressed; unpack it first\n")


def test_a_name_with_a_line_break_stays_on_its_line(notes: Path) -> None:
    (notes / "a.inkml").rename(notes / "a\tb\nc.inkml")
    (notes / "broken.inkml").rename(notes / "\x1b[31m\u2028.inkml")
    _, answers, complaints = run("recognize", notes)
    assert answers.splitlines()[0] == f"{notes}/a\\tb\\nc.inkml\tx"
    assert complaints.startswith(f"{notes}/\\x1b[31m\\u2028.inkml: error: ")


@pytest.mark.parametrize("command", ["recognize", "classify"])
def test_paths_that_lead_to_no_ink_are_failures(command: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, err = run(command, tmp_path / "missing.inkml", tmp_path / "empty", "")
    assert (code, out) == (1, "")
    assert "error: the path is empty" in err, "not what the working directory holds"
    assert "missing.inkml: error: no such file or directory" in err
    assert "empty: error: no .inkml file in this directory" in err


def test_a_wrong_command_line_has_its_own_status(notes: Path) -> None:
    assert run("recognize")[0] == 2
    assert run("recognize", notes, "--format", "word")[0] == 2
    assert run("classify", notes, "--top-k", 0)[0] == 2


def test_output_that_is_no_terminal_has_no_colour(notes: Path) -> None:
    _, out, err = run("recognize", notes)
    assert "\x1b" not in out + err


# classify


def test_a_symbol_is_named_with_its_likeliest_labels(notes: Path) -> None:
    assert run("classify", notes / "a.inkml", "-k", 2) == (0, " 80.0%\tx\n  4.0%\t1\n", "")


def test_a_symbol_in_json(notes: Path) -> None:
    record = json.loads(run("classify", notes / "a.inkml", "--jsonl", "--top-k", 1)[1])
    assert record["label"] == "x"
    assert record["top_k"] == [{"label": "x", "probability": 0.8}]


def test_a_symbol_as_latex_mathml_and_label_graph(notes: Path) -> None:
    assert run("classify", notes / "a.inkml", "-f", "latex")[1] == "x\n"
    assert "<mi>x</mi>" in run("classify", notes / "a.inkml", "-f", "mathml")[1]
    assert "O, x_1, x, 1.0" in run("classify", notes / "a.inkml", "-f", "lg")[1]


def long_ink(path: Path) -> Path:
    path.write_bytes(write_inkml(Ink.from_points([[[10 * number, 0], [10 * number, 9]] for number in range(401)])))
    return path


@pytest.mark.parametrize("command", [("recognize",), ("classify",), ("render", "--out", "pictures"), ("evaluate",)])
def test_a_file_with_more_strokes_than_a_formula_has_stops_no_other(
    notes: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(notes)
    code, _, complaints = run(*command, long_ink(notes / "long.inkml"), notes / "a.inkml")
    assert code == 1
    assert (
        "401 strokes are more than the 400 that one formula may have; read it in parts (inkmath recognize --rows"
        in complaints
    )
    assert complaints.count("error") == 1


def test_rows_may_have_more_strokes_than_a_formula(notes: Path) -> None:
    rows = [[[10 * x, 200 * y], [10 * x, 200 * y + 20]] for y in range(3) for x in range(140)]
    (notes / "page.inkml").write_bytes(write_inkml(Ink.from_points(rows)))
    row = " ".join("1" * 140)
    assert run("recognize", "--rows", notes / "page.inkml") == (0, f"{row}\n" * 3, "")
    code, answers, complaints = run("recognize", "--rows", long_ink(notes / "long.inkml"), notes / "a.inkml")
    assert (code, answers) == (1, f"{notes / 'a.inkml'}\tx\n")
    assert "401 strokes are more than the 400 that one formula may have" in complaints


def test_a_place_that_cannot_be_looked_at_stops_no_other(notes: Path) -> None:
    (notes / "folder.inkml").mkdir()
    code, answers, complaints = run("recognize", "x" * 300, notes / "deeper", notes / "a.inkml", notes)
    assert answers.count("x\n") + answers.count("x 1") == 2, "each once, though named with its directory too"
    assert code == 1
    assert "File name too long" in complaints
    assert complaints.count("error") == 2, "the name that is too long and the broken file, but no directory"
    code, answers, complaints = run("recognize", "x" * 300, "--jsonl")
    assert json.loads(answers) == {"file": "x" * 300, "error": "File name too long"}
    assert (code, complaints) == (1, "")


def test_a_closed_directory_is_reported_and_the_others_are_searched(
    notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def closed(folder: str) -> object:
        if str(folder) == str(notes / "deeper"):
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", closed)
    code, answers, complaints = run("recognize", notes)
    assert (code, answers) == (1, f"{notes}/a.inkml\tx\n")
    assert f"{notes}/deeper: error: Permission denied\n2 of 3 failed\n" in complaints
    assert run("recognize", notes / "deeper")[2] == f"{notes}/deeper: error: Permission denied\n"


def test_a_link_out_of_a_directory_is_not_followed_and_that_is_said(notes: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (notes / "deeper" / "away").symlink_to(tmp_path / "elsewhere")
    (notes / "again").symlink_to("deeper")
    code, answers, complaints = run("recognize", notes)
    assert (code, answers.count("\n")) == (1, 2)
    assert f"{notes}/deeper/away: error: link to a directory, not followed; name that directory itself\n" in complaints
    assert f"{notes}/again" not in complaints, "what it leads to is read"
    assert "2 of 4 failed" in complaints


@pytest.mark.parametrize("name", ["scan.webp", "scan.GIF", "scan.bmp", "scan.tiff"])
def test_a_picture_of_another_kind_is_not_taken_for_broken_ink(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"whatever")
    code, _, complaints = run("recognize", tmp_path / name)
    assert code == 1
    assert "is a picture in a format that is not supported; save it as PNG or JPEG" in complaints


def test_a_picture_whose_name_does_not_say_so_is_not_taken_for_broken_ink(tmp_path: Path) -> None:
    content = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    (tmp_path / "scan").write_bytes(content)
    for path in (tmp_path / "scan", "-"):
        assert run("recognize", path, given=content)[2].endswith(
            "error: the file is HEIC, no InkML; save it as PNG or JPEG\n"
        )


def test_lines_of_json_and_files_exclude_each_other(notes: Path) -> None:
    code, _, complaints = run("recognize", notes, "--jsonl", "--out", notes / "answers")
    assert code == 2
    assert "--jsonl writes to standard output" in complaints
    assert not (notes / "answers").exists()


def test_lines_of_json_are_no_other_format(notes: Path) -> None:
    code, _, complaints = run("recognize", notes, "--jsonl", "--format", "mathml")
    assert code == 2
    assert "--jsonl writes JSON objects" in complaints


@pytest.mark.parametrize("command", ["recognize", "evaluate"])
def test_answers_do_not_go_where_a_file_is_and_it_is_said_before_any_work(command: str, notes: Path) -> None:
    (notes / "taken").write_text("mine")
    code, answers, complaints = run(command, notes, "--out", notes / "taken")
    assert (code, answers) == (2, "")
    # In a box of the terminal's width, which breaks it where the path happens to end.
    assert "is a file; name a directory" in " ".join(complaints.replace("│", " ").split())


@pytest.mark.parametrize(
    "options",
    [
        ("recognize", "FILE", "--out", ""),
        ("recognize", "FILE", "--weights", ""),
        ("classify", "FILE", "--out", ""),
        ("convert", "FILE", "--to", "latex", "--out", ""),
        ("render", "FILE", "--out", ""),
        ("evaluate", "FILE", "--out", ""),
        ("synthesize", "1", "--out", ""),
        ("fetch", "crohme", "--out", ""),
        ("serve", "--save", ""),
        ("doctor", "--weights", ""),
    ],
)
def test_an_empty_directory_is_not_the_one_we_are_in(
    options: tuple[str, ...], notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    code, answers, complaints = run(*(notes / "a.inkml" if option == "FILE" else option for option in options))
    assert (code, answers) == (2, "")
    assert "the path is empty" in complaints
    assert list(here.iterdir()) == []
