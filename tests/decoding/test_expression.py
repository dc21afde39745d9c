"""The reader of formulas: ink in, readings out, with a network that is made up or the released one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_up_scores import LABELS

from inkmath.decoding import expression
from inkmath.decoding.expression import StrokeGraphReader, load_expression_reader, write_settings
from inkmath.decoding.language import TreeLanguageModel, count_trigrams
from inkmath.decoding.network import NetworkError
from inkmath.decoding.search import Search, Weights
from inkmath.ink import Ink
from inkmath.layout.latex import canonical_tokens, parse_latex
from inkmath.synthesis import synthesize
from inkmath.synthesis.style import Writer
from inkmath.synthesis.typeset import typeset

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

WEIGHTS = Path(expression.__file__).parents[1] / "weights"
POINTS = 8
LINES = {"symbols": {"x": [3, 0.6, 0.0, 0.1, 0.0, 0.1]}, "scripts": {}, "root": [1.4, 0.4], "usual": 0.8}


class MadeUpNetwork:
    """Flat strokes are ``-``, others ``x``, each to the right of the one before; counts what it is given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def __call__(self, points: NDArray[Any], mask: NDArray[Any]) -> dict[str, NDArray[Any]]:
        self.shapes.append(mask.shape)
        batch, strokes, _, _ = points.shape
        wide, high = np.moveaxis(np.ptp(points, axis=2), -1, 0)
        flat = wide > 3 * high
        symbol = np.where(flat[..., None], 9.0 * np.eye(len(LABELS))[5], 9.0 * np.eye(len(LABELS))[0])
        pair = np.zeros((batch, strokes, strokes, 8))
        pair[..., 0] = 9.0
        governor = np.full((batch, strokes, strokes, 6), -9.0)
        for number in range(strokes - 1):
            pair[:, number, number + 1, 2] = 18.0
            governor[:, number, number + 1, 0] = 9.0
        root = np.where(np.arange(strokes) == 0, 9.0, -9.0)[None].repeat(batch, axis=0)
        return {"symbol": symbol, "pair": pair, "governor": governor, "root": root}


def made_up_reader() -> tuple[StrokeGraphReader, MadeUpNetwork]:
    network = MadeUpNetwork()
    search = Search(LABELS, TreeLanguageModel(LABELS, []), Weights())
    return StrokeGraphReader(network, LABELS, POINTS, search), network  # type: ignore[arg-type]


def line(kinds: str) -> Ink:
    """A stroke for each character: ``-`` flat, any other slanted."""
    return Ink.from_points([[[20 * i, 0], [20 * i + 9, 0 if kind == "-" else 12]] for i, kind in enumerate(kinds)])


def latex(readings: list[Any]) -> str:
    return " ".join(canonical_tokens(readings[0].tree))


def test_answers_come_in_the_order_of_the_inks_whatever_their_length() -> None:
    reader, _ = made_up_reader()
    kinds = ["x-x", "-", "xx", "x", "----x"]
    assert [latex(one).replace(" ", "") for one in reader.read([line(kind) for kind in kinds])] == kinds


def test_inks_of_like_length_share_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, network = made_up_reader()
    reader.read([line("x" * count) for count in (5, 1, 2, 5, 1, 2, 9)])
    assert network.shapes == [(4, 2), (2, 5), (1, 9)], "little is padded"
    network.shapes.clear()
    monkeypatch.setattr(expression, "BATCH_PAIRS", 40)
    reader.read([line("x" * count) for count in (5, 5, 5, 9)])
    assert network.shapes == [(1, 5), (1, 5), (1, 5), (1, 9)], "no call outgrows its bound, unless by a single ink"


def test_each_ink_has_its_own_constraints_and_number_of_readings() -> None:
    reader, _ = made_up_reader()
    first, second = reader.read([line("x-"), line("x-")], alternatives=1, constraints=[{frozenset({1}): "+"}, {}])
    assert [latex(first), latex(second)] == ["x +", "x -"]
    assert len(first) == len(second) == 1


def test_nothing_to_read_is_nothing_read() -> None:
    assert made_up_reader()[0].read([]) == []


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expression\.json: no such file"):
        load_expression_reader(tmp_path)
    for broken in (
        "{",
        '{"labels": ["x"]}',
        '{"labels": ["x"], "search": {"unknown": 1}, "trigrams": [], "points": 8}',
        '{"labels": ["x"], "search": {"confidence": [0, 0, 0]}, "trigrams": [], "points": 8}',  # of no lines
    ):
        (tmp_path / "expression.json").write_text(broken)
        with pytest.raises(NetworkError, match=r"expression\.json: cannot be read"):
            load_expression_reader(tmp_path)
    write_settings(tmp_path, LABELS, POINTS, count_trigrams([parse_latex("x^{2}")]), LINES, Weights())
    with pytest.raises(FileNotFoundError, match=r"expression\.onnx: no such file"):
        load_expression_reader(tmp_path)
    (tmp_path / "expression.onnx").write_bytes(b"no network")
    with pytest.raises(NetworkError, match=r"expression\.onnx: cannot be loaded"):
        load_expression_reader(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: {"labels": given["labels"][1:]}, r"names 154 labels, but the network has 155 classes"),
        (lambda given: {"labels": [*given["labels"], "new"]}, r"names 156 labels, but the network has 155 classes"),
        (lambda given: {"points": 16}, r"expression\.onnx: does not take points \(1, 1, 16, 2\)"),
        (lambda given: {"points": float("inf")}, r"expression\.json: cannot be read"),
        (lambda given: {"points": -1}, r"expression\.json: cannot be read .*no stroke"),
        (lambda given: {"search": given["search"] | {"labels": 0}}, r"expression\.json: cannot be read .*no counts"),
        (lambda given: {"search": given["search"] | {"rescored": -1}}, r"expression\.json: cannot be read .*no counts"),
        (lambda given: {"search": given["search"] | {"confidence": [1, 2]}}, r"expression\.json: cannot .*numbers"),
        (lambda given: {"search": given["search"] | {"language": "much"}}, r"expression\.json: cannot .*numbers"),
        (lambda given: {"lines": given["lines"] | {"symbols": []}}, r"expression\.json: cannot be read"),
        (lambda given: {"lines": given["lines"] | {"root": [1.0]}}, r"expression\.json: cannot be read"),
        (lambda given: {"lines": given["lines"] | {"root": [0.0, 1.0]}}, r"expression\.json: cannot .*not above 0"),
        (lambda given: {"lines": given["lines"] | {"symbols": {"x": [9, 1, 0, -1, 0, -1]}}}, r"cannot .*not above 0"),
        (lambda given: {"lines": given["lines"] | {"usual": float("nan")}}, r"expression\.json: cannot .*no number"),
        (lambda given: {"lines": given["lines"] | {"scripts": {"Sup": [None] * 4}}}, r"expression\.json: cannot be"),
        (lambda given: {"lines": given["lines"] | {"scripts": {"Sup": [0.7, 0, 0, 0]}}}, r"expression\.json: cannot"),
        (lambda given: {"trigrams": [[*given["trigrams"][0][:5], -3]]}, r"expression\.json: cannot .*-3 is no number"),
        (lambda given: {"trigrams": [[*given["trigrams"][0][:5], float("inf")]]}, r"expression\.json: cannot be read"),
    ],
)
def test_a_network_and_settings_that_do_not_belong_together_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], message: str
) -> None:
    for name in ("expression.onnx", "expression.json"):
        (tmp_path / name).write_bytes((WEIGHTS / name).read_bytes())
    given = json.loads((tmp_path / "expression.json").read_text())
    (tmp_path / "expression.json").write_text(json.dumps(given | change(given)))
    with pytest.raises(NetworkError, match=message):
        load_expression_reader(tmp_path)


def test_settings_are_json_in_which_nothing_is_lost(tmp_path: Path) -> None:
    trigrams = count_trigrams([parse_latex(r"\alpha^{2}")])
    weights = Weights(language=0.4, confidence=(1.0, 2.0, 3.0))
    written = write_settings(tmp_path, LABELS, POINTS, trigrams, LINES, weights, trained="today")
    settings = json.loads(written.read_text())
    assert settings["labels"] == list(LABELS)
    assert Weights(**settings["search"] | {"confidence": tuple(settings["search"]["confidence"])}) == weights
    assert [tuple(row) for row in settings["trigrams"]] == trigrams
    assert settings["lines"] == LINES
    assert settings["trained"] == "today"


# The released reader --------------------------------------------------------------------------------------------------

INK = Ink.from_points(  # x + 1 = 2, by hand; the x is lower than the digits, or it would be an X
    [
        [[0, 5], [4, 9], [9, 14]],
        [[9, 5], [4, 10], [0, 14]],
        [[18, 7], [28, 7]],
        [[23, 2], [23, 12]],
        [[36, 0], [36, 14]],
        [[46, 5], [56, 5]],
        [[46, 10], [56, 10]],
        [[64, 3], [67, 0], [71, 1], [71, 5], [64, 14], [73, 14]],
    ]
)


@pytest.fixture(scope="module")
def released() -> StrokeGraphReader:
    return load_expression_reader(WEIGHTS)


def test_the_released_reader_reads(released: StrokeGraphReader) -> None:
    (readings,) = released.read([INK])
    assert latex(readings) in ("x + 1 = 2", r"\times + 1 = 2")
    assert readings[0].confidence > 0.3


def test_place_size_and_sampling_change_no_reading(released: StrokeGraphReader) -> None:
    from inkmath.ink import resample

    wanted = [latex(released.read([INK])[0]), released.read([INK])[0][0].confidence]
    for other in (
        Ink(tuple((stroke * 113 + (5000, -300)).astype(np.float32) for stroke in INK.strokes)),
        Ink(tuple((stroke / 50).astype(np.float32) for stroke in INK.strokes)),
        Ink(tuple(resample(stroke, 300) for stroke in INK.strokes)),
    ):
        (readings,) = released.read([other])
        assert latex(readings) == wanted[0]
        assert readings[0].confidence == pytest.approx(wanted[1], abs=0.05)


def test_some_slant_and_another_order_of_strokes_change_no_reading(released: StrokeGraphReader) -> None:
    wanted = latex(released.read([INK])[0])
    for slant in (-0.2, 0.2):
        shear = np.array([[1, 0], [slant, 1]], np.float32)
        assert latex(released.read([Ink(tuple(stroke @ shear for stroke in INK.strokes))])[0]) == wanted
    late = Ink((*INK.strokes[:2], *INK.strokes[3:], INK.strokes[2]))  # the bar of the plus comes last
    assert latex(released.read([late])[0]) == wanted


@pytest.mark.parametrize(
    "askew",
    [
        pytest.param([[0.94, -0.34], [0.34, 0.94]], id="turned clockwise by 20 degrees"),
        pytest.param([[0.94, 0.34], [-0.34, 0.94]], id="and the other way"),
        pytest.param([[1.0, 0.8], [0.0, 1.0]], id="tops far to the left"),
        pytest.param([[1.0, -1.0], [0.0, 1.0]], id="and to the right"),
    ],
)
def test_ink_that_stands_askew_reads_like_level_ink(released: StrokeGraphReader, askew: list[list[float]]) -> None:
    formulas = [INK, *synthesize(12, 5, max_symbols=12)]
    wanted = [latex(readings) for readings in released.read(formulas)]
    moved = [Ink(tuple((stroke @ np.array(askew).T).astype(np.float32) for stroke in ink.strokes)) for ink in formulas]
    right = [latex(readings) == truth for readings, truth in zip(released.read(moved), wanted, strict=True)]
    assert sum(right) >= 12  # of 13


def test_trembling_ink_reads_like_steady_ink(released: StrokeGraphReader) -> None:
    from inkmath.ink import resample

    wanted = latex(released.read([INK])[0])
    rng = np.random.default_rng(0)
    dense = [resample(stroke, 40) for stroke in INK.strokes]
    shaken = [Ink.from_points([stroke + rng.normal(0, 0.6, stroke.shape) for stroke in dense]) for _ in range(10)]
    right = [latex(readings) == wanted for readings in released.read(shaken)]
    assert sum(right) >= 9


@pytest.mark.parametrize("meant", [r"\vec { F } = m \vec { a }", r"\bar { x } = 2"])
def test_accents_over_letters_are_read(released: StrokeGraphReader, meant: str) -> None:
    hands = [typeset(parse_latex(meant), Writer([900 + hand]), np.random.default_rng(hand)) for hand in range(20)]
    right = [latex(readings) == meant for readings in released.read([Ink(strokes) for strokes, _ in hands])]
    assert sum(right) >= 14


@pytest.mark.parametrize(
    "meant", [r"\overline { A B } = 3", r"\overrightarrow { A B } + C", r"\overline { x + y } = 1"]
)
def test_accents_over_several_symbols_are_read(released: StrokeGraphReader, meant: str) -> None:
    hands = [typeset(parse_latex(meant), Writer([900 + hand]), np.random.default_rng(hand)) for hand in range(20)]
    right = [latex(readings) == meant for readings in released.read([Ink(strokes) for strokes, _ in hands])]
    assert sum(right) >= 12


def test_a_batch_reads_like_each_ink_alone(released: StrokeGraphReader) -> None:
    inks = [INK, Ink(INK.strokes[:4]), Ink(INK.strokes[4:]), INK]
    for together, ink in zip(released.read(inks), inks, strict=True):
        (alone,) = released.read([ink])
        assert [latex([one]) for one in together] == [latex([one]) for one in alone]
        assert together[0].confidence == pytest.approx(alone[0].confidence, abs=1e-3)


def test_scribble_is_read_without_confidence(released: StrokeGraphReader) -> None:
    rng = np.random.default_rng(0)
    zigzags = [[rng.normal(size=(6, 2)) * 3 + rng.normal(size=2) * 20 for _ in range(20)] for _ in range(4)]
    readings = released.read([Ink.from_points(strokes) for strokes in zigzags])
    highest = max(one[0].confidence for one in readings)
    assert highest < 0.3
    assert released.read([INK])[0][0].confidence > highest + 0.15


coordinates = st.floats(width=32, allow_nan=False, allow_infinity=False)
strokes = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=6)


@settings(max_examples=30)
@given(st.lists(strokes, min_size=1, max_size=7))
@example([[(0, 0)], [(0, 0), (0, 1)], [(0, 0), (0, -15543)], [(0, 0)], [(0, 0), (0, 3)]])  # the fourth may be a tap
def test_any_ink_has_a_reading_with_every_stroke_in_it_once(
    released: StrokeGraphReader, points: list[list[tuple[float, float]]]
) -> None:
    (readings,) = released.read([Ink.from_points(points)])
    assert readings
    for place, reading in enumerate(readings):
        owned = [stroke for symbol in reading.tree.symbols for stroke in symbol.strokes]
        left_out = set(range(len(points))).difference(owned)
        assert len(owned) + len(left_out) == len(points), "no stroke is of two symbols"
        assert len(left_out) <= (place == 1), "the second may be the one without a stray tap"
        assert 0.0 <= reading.confidence <= 1.0
        assert canonical_tokens(reading.tree)


def test_threads_share_a_reader(released: StrokeGraphReader) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(latex(released.read([INK])[0]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
