"""What a run says about its parameters, its data and where it ran."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from inkmath.tracking import TrackingError, provenance, validation_data
from inkmath.tracking.provenance import data_digest, flatten, ink_split, params_hash, run_tags, samples_of

if TYPE_CHECKING:
    from inkmath.params import Params


def changed(params: Params, block: str, **values: object) -> Params:
    return params.model_copy(update={block: getattr(params, block).model_copy(update=values)})


def test_parameters_are_flat_strings() -> None:
    nested = {"train": {"units": 64, "init_from": None, "augment": {"enabled": True}}, "name": "lstm", "list": [1, 2]}
    assert flatten(nested) == {
        "train.units": "64",
        "train.init_from": "null",
        "train.augment.enabled": "true",
        "name": "lstm",
        "list": "[1, 2]",
    }


def test_the_hash_changes_with_what_a_result_depends_on(params: Params) -> None:
    assert params_hash(changed(params, "train", units=7)) != params_hash(params)
    assert params_hash(changed(params, "track", sweep="one")) == params_hash(params)
    # So it shares a checkpoint, as it shares DVC's run cache: it is the same training.
    assert params_hash(changed(params, "track", experiment="other")) == params_hash(params)
    assert params_hash(changed(params, "compute", processes=1, scheduler="tcp://host:1")) == params_hash(params)
    assert params_hash(changed(params, "compute", threads=1)) != params_hash(params), "sums in another order"


def test_validation_data_is_named_by_the_samples_that_are_judged(params: Params) -> None:
    ids, truths = np.array(["a#0", "a#1", "b#0"]), np.array(["x", "2", "x"])
    name = validation_data(params.data, ids, truths, channels=5)
    assert name.startswith("synthetic data/raw/synthetic/train ")
    assert validation_data(params.data, ids.tolist(), truths.tolist(), channels=5) == name
    tested = params.data.model_copy(update={"test": "elsewhere", "user": "mine"})
    assert validation_data(tested, ids, truths, channels=5) == name, "what takes no sample away changes nothing"
    moved, fewer = params.data.model_copy(update={"train": "moved to/there"}), ids[:2]
    assert samples_of(validation_data(moved, ids, truths, channels=5)) == samples_of(name)
    assert samples_of(validation_data(moved, fewer, truths[:2], channels=5)) != samples_of(name)
    others = [
        validation_data(params.data, ids[:2], truths[:2], channels=5),
        validation_data(params.data, np.array(["a#0", "a#1", "c#0"]), truths, channels=5),
        validation_data(params.data, ids, np.array(["x", "z", "x"]), channels=5),
        validation_data(params.data, ids, truths, channels=14),
        validation_data(params.data.model_copy(update={"train": "there"}), ids, truths, channels=5),
    ]
    assert len({name, *others}) == 6


def test_a_user_without_a_name_is_a_number(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")  # as Python 3.11 says it; later ones raise OSError

    monkeypatch.setattr("inkmath.tracking.provenance.getpass.getuser", nameless)
    assert run_tags("symbol", "lstm", params)["mlflow.user"] == str(os.getuid())


def test_tags_say_what_ran_where(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "soapy-lynx")
    tags = run_tags("symbol", "lstm", params)
    assert tags["task"] == "symbol"
    assert tags["architecture"] == "lstm"
    assert tags["dvc_exp_name"] == "soapy-lynx"
    assert tags["params_hash"] == params_hash(params)
    assert tags["seed"] == str(params.base.seed)
    assert int(tags["cores"]) >= 1
    assert len(tags["git_commit"]) == 40
    assert {"python", "numpy", "keras", "mlflow"} <= tags.keys()


def test_another_library_machine_or_seed_shows(params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run_tags("symbol", "lstm", params)
    monkeypatch.setattr(provenance, "version", lambda name: f"{name} of tomorrow")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)
    after = run_tags("symbol", "lstm", changed(params, "base", seed=params.base.seed + 1))
    assert {"tensorflow", "keras", "numpy", "onnxruntime", "cores", "seed", "params_hash"} <= {
        name for name in after if after[name] != before.get(name)
    }


def test_outside_git_the_commit_is_none(params: Params, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(workspace.parent))
    tags = run_tags("symbol", "lstm", params)
    assert tags["git_commit"] == "none"
    assert tags["git_dirty"] == "unknown"


class TestDataDigest:
    def lock(self, path: str, md5: str) -> None:
        Path("dvc.lock").write_text(
            f"schema: '2.0'\nstages:\n  encode:\n    cmd: run\n    outs:\n    - path: {path}\n      md5: {md5}\n"
        )

    def test_a_file_that_dvc_knows(self, workspace: Path) -> None:
        md5 = hashlib.md5(b"arrays").hexdigest()
        self.lock("train.npz", md5)
        assert data_digest(Path("train.npz")) == (md5, "dvc.lock")

    def test_a_file_that_changed_since(self, workspace: Path) -> None:
        self.lock("train.npz", "0" * 32)
        assert data_digest(Path("train.npz")) == (hashlib.md5(b"arrays").hexdigest(), "file")

    def test_a_file_without_dvc(self, workspace: Path) -> None:
        assert data_digest(Path("train.npz")) == (hashlib.md5(b"arrays").hexdigest(), "file")

    def test_a_directory_is_known_by_dvc_only(self, workspace: Path) -> None:
        Path("inks").mkdir()
        with pytest.raises(TrackingError, match=r"inks: a directory that dvc\.lock does not list"):
            data_digest(Path("inks"))
        self.lock("inks", "0123.dir")
        assert data_digest(Path("inks")) == ("0123.dir", "dvc.lock")

    def test_what_a_stage_wrote_is_newer_than_what_another_one_read(self, workspace: Path) -> None:
        read, wrote = ([{"path": "inks", "md5": md5}] for md5 in ("0123.dir", "4567.dir"))
        stages = {"normalize": {"deps": read}, "parse": {"outs": wrote}, "train": {"deps": read}}
        Path("dvc.lock").write_text(json.dumps({"stages": stages}))  # JSON is YAML
        Path("inks").mkdir()
        assert data_digest(Path("inks")) == ("4567.dir", "dvc.lock")

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("", id="empty"),
            pytest.param("schema: '2.0'\nstages:\n  encode:\n    outs:\n    - path: train.npz\n      md", id="cut off"),
            pytest.param("schema: '2.0'\nstages:\n  encode:\n", id="cut off behind a stage"),
            pytest.param("stages:\n  encode:\n    outs:\n    - md5: 0123\n", id="without a path"),
            pytest.param("<<<<<<< HEAD\nstages:\n  encode:\n", id="not merged"),
        ],
    )
    def test_a_lock_file_that_is_damaged_is_named(self, workspace: Path, text: str) -> None:
        Path("dvc.lock").write_text(text)
        for ask in (lambda: data_digest(Path("train.npz")), ink_split):
            with pytest.raises(TrackingError, match=r"dvc\.lock: is damaged; git checkout dvc\.lock mends that"):
                ask()

    def test_missing_data_names_the_remedy(self, workspace: Path) -> None:
        with pytest.raises(TrackingError, match=r"nothing\.npz: no such data; run the stage that writes it"):
            data_digest(Path("nothing.npz"))


def test_dirty_is_code_that_differs_from_the_commit(
    params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, values = tmp_path / "inkmath" / "ink.py", tmp_path / "params.yaml"
    code.parent.mkdir()
    for file in (code, values):
        file.write_text("1")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (("init",), ("add", "-A"), (*identity, "commit", "-m", "Begin")):
        subprocess.run(["git", *command], check=True, capture_output=True)
    values.write_text("2")  # as DVC does for an experiment
    assert run_tags("symbol", "lstm", params)["git_dirty"] == "false"
    code.write_text("2")
    assert run_tags("symbol", "lstm", params)["git_dirty"] == "true"
    (tmp_path / ".git" / "index").write_text("damaged")
    assert run_tags("symbol", "lstm", params)["git_dirty"] == "unknown", "and not clean"
