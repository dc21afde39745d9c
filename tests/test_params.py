"""params.yaml: every value typed and explained, every mistake named with its remedy."""

from __future__ import annotations

import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from inkmath.params import Data, ParamsError, Train, TrainExpression, load_params

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a copy of params.yaml in which another line takes the place of the first that gives a name, as indented."""

    def change(name: str, line: str) -> Path:
        text, changes = re.subn(rf"(?m)^{name}:.*$", line, (REPOSITORY / "params.yaml").read_text(), count=1)
        assert changes
        (tmp_path / "params.yaml").write_text(text)
        return tmp_path / "params.yaml"

    return change


def test_the_file_in_the_repository_is_valid() -> None:
    assert load_params(REPOSITORY / "params.yaml").data.source == "synthetic"


@pytest.mark.parametrize(
    ("places", "read"),
    [
        ({}, False),
        ({"train": "made"}, True),
        ({"user": "made/train"}, True),
        ({"shapes": "./there/../made"}, True),
        ({"test": "."}, True),
        ({"test": "made-up"}, False),
    ],
)
def test_a_folder_is_read_where_a_place_is_holds_or_lies_in_it(places: dict[str, str], read: bool) -> None:
    elsewhere = {"train": "a", "test": "b", "user": "c", "shapes": "d"}
    assert Data.model_validate({"source": "inkml", **elsewhere, **places}).reads(Path("made")) is read


def test_every_knob_has_a_comment() -> None:
    lines = (REPOSITORY / "params.yaml").read_text().splitlines()
    knobs = [
        (above, line)
        for above, line in pairwise(lines)
        if line.strip() and not line.lstrip().startswith("#") and not line.endswith(":")
    ]
    assert [line for above, line in knobs if "  # " not in line and not above.lstrip().startswith("#")] == []


@pytest.mark.parametrize("knob", ["train.teachers", "train_expression.teachers"])
def test_a_list_that_dvc_has_set_can_be_emptied_again(knob: str, tmp_path: Path) -> None:
    from dvc.utils.hydra import apply_overrides

    path = shutil.copyfile(REPOSITORY / "params.yaml", tmp_path / "params.yaml")
    for value in ("[one,two]", "[]"):
        apply_overrides(path, [f"{knob}={value}"])
    assert load_params(path) == load_params(REPOSITORY / "params.yaml")


def test_parameters_cannot_be_changed_after_loading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_params(REPOSITORY / "params.yaml").base.seed = 1


def test_scientific_notation_is_a_number(write: Callable[[str, str], Path]) -> None:
    assert load_params(write("  learning_rate", "  learning_rate: 7e-3")).train.learning_rate == 0.007


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  learning_rate", "  learning_rate: -1", "train.learning_rate = -1: input should be greater than 0"),
        ("  learning_rate", "  learning_rat: 0.002", "did you mean learning_rate"),
        ("  seed", "  seed: often", "base.seed = 'often'"),
        ("  seed", "  sed: 20240", "base.seed: missing; add it"),
        ("  source", "  source: images", "'synthetic' or 'inkml'"),
        ("  train", "  train: data/raw/mine", "set source: inkml to read ink from there"),
        ("    jitter", "    jitter: .nan", "train.augment.jitter = nan: input should be a finite number"),
        ("    jitter", "    jiter: 0.01", "train.augment.jiter = 0.01: unknown parameter; did you mean jitter"),
        ("  heads", "  heads: 7", "train_expression: heads: 7 do not divide width 96; change one of them"),
        ("  init_share", "  init_share: 0.5", "no weights begun from to keep; name them in init_from"),
        ("  teachers_share", "  teachers_share: 0.5", "train: teachers_share: set it above 0"),
        ("  teachers", "  teachers: [inkmath/weights]", "set it above 0 and name teachers, or set it to 0"),
        ("  teachers", "  teachers: inkmath/weights", "a list is wanted; write [inkmath/weights]"),
        ("  teachers", "  teachers: ['']", "train.teachers.0 = '': string should have at least 1 character"),
        (
            "  init_from",
            "  init_from: models/symbol/model.keras",
            "DVC removes models/symbol before this training begins",
        ),
        ("  scheduler", "  scheduler: 10.0.0.5:8786", "are wanted, as in tcp://10.0.0.5:8786"),
        ("  experiment", "  experiment: a/b", "only letters, digits, spaces and . _ - are allowed, as in rates-2"),
        ("  seed", "  seed: [", "line "),
        ("  seed", "  seed: 1\n  seed: 2", "duplicate key"),
        ("  seed", "  seed: 2026-02-30", "is not YAML (day is out of range for month)"),
    ],
)
def test_a_wrong_value_is_named_with_file_key_and_remedy(
    write: Callable[[str, str], Path], old: str, new: str, message: str
) -> None:
    path = write(old, new)
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_what_dvc_removes_before_a_training_can_be_given_to_the_other_one_only() -> None:
    params = load_params(REPOSITORY / "params.yaml").train_expression.model_dump()
    assert TrainExpression.model_validate(params | {"init_from": "models/symbol/a.npz"}).init_from
    trained = "models/expression/trained"
    for place in (trained, f"{trained}/a.npz", f"models/../{trained}/a.npz", str(Path(trained).absolute())):
        for given in ({"init_from": place}, {"teachers": [place], "teachers_share": 0.5}):
            with pytest.raises(ValidationError, match=f"DVC removes {trained} before this training begins; copy .*"):
                TrainExpression.model_validate(params | given)


def test_one_value_can_be_tried() -> None:
    params = load_params(REPOSITORY / "params.yaml")
    assert params.with_value("train.units", "8").train.units == 8
    assert params.with_value("train.learning_rate", "1e-3").train.learning_rate == 0.001
    assert params.with_value("train_expression.mix.case", "0.25").train_expression.mix.case == 0.25
    assert params.train.units != 8, "what was loaded stays"
    for name, value, message in (
        ("train.unit", "8", "did you mean units"),
        ("train.units", "many", "train.units = 'many'"),
        ("train.units", "{a", "train.units = {a: is no YAML"),
        ("train.units", "2026-02-30", "train.units = 2026-02-30: is no YAML"),
        ("train.units.more", "8", "units is none that holds others"),
    ):
        with pytest.raises(ParamsError, match=message):
            params.with_value(name, value)


def test_branches_of_formulas_want_a_descent(write: Callable[[str, str], Path]) -> None:
    path = write("  decay", "  branches: 2\n  decay: 0.5")
    path.write_text(re.sub("(?m)^  branches: 1 .*\n(?=  judge_every)", "", path.read_text()))
    assert load_params(path).train_expression.branches == 2
    path.write_text(path.read_text().replace("  decay:", "  decay: 0  # was"))
    with pytest.raises(ParamsError, match="branches: each is a descent of the learning rate, but decay is 0"):
        load_params(path)


@pytest.mark.parametrize("changes", [{"keep": "best"}, {"epochs": 1}])
def test_branches_of_symbols_want_an_end_that_is_kept(changes: dict[str, object]) -> None:
    given = load_params(REPOSITORY / "params.yaml").train.model_dump() | {"branches": 2, "keep": "last", "epochs": 2}
    assert Train.model_validate(given).branches == 2
    with pytest.raises(ValueError, match="set keep to last and epochs to 2 or more, or branches to 1"):
        Train.model_validate(given | changes)


def test_all_faults_are_told_at_once(write: Callable[[str, str], Path]) -> None:
    path = write("  points", "  points: 1")
    path.write_text(path.read_text().replace("  valid:", "  valid: 2  # was"))
    with pytest.raises(ParamsError) as caught:
        load_params(path)
    assert len(str(caught.value).splitlines()) == 2


def test_a_missing_or_empty_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"run from the directory that holds params\.yaml"):
        load_params(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_text("")
    with pytest.raises(ParamsError, match="needs base, data"):
        load_params(tmp_path / "params.yaml")
