"""What a run is made of: parameters, data, code and libraries, as the flat strings MLflow stores."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inkmath.dataset.workers import usable_cores
from inkmath.tracking.location import TrackingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from inkmath.params import Data, Params

_LIBRARIES = (
    "tensorflow",
    "tensorflow-cpu",
    "keras",
    "numpy",
    "scikit-learn",
    "onnxruntime",
    "mlflow",
    "dvc",
    "inkmath",
)


# Of an experiment params.yaml and dvc.lock differ from the commit by design; their content is logged otherwise.
_CODE = ("inkmath", "stages", "dvc.yaml", "pyproject.toml", "requirements.lock")

INK = Path("data/interim/ink.parquet")


def flatten(block: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested parameters as ``{"train.learning_rate": "0.001"}``; lists as JSON, None as ``null``."""
    flat: dict[str, str] = {}
    for key, value in block.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value if isinstance(value, str) else json.dumps(value)
    return flat


def params_hash(params: Params) -> str:
    """12 hex digits that are equal exactly when every parameter is that a result can depend on."""
    blocks = params.model_dump(mode="json", exclude={"track", "compute"})
    return _short_hash({**blocks, "threads": params.compute.threads})


def validation_data(data: Data, ids: Iterable[str], truths: Iterable[str], *, channels: int = 0) -> str:
    """A name for what validation figures are measured on, so that only figures on the same samples are compared.

    Which samples there are follows from more than parameters: from the files, the test set, the vocabulary. So they
    name themselves; how the ink of each was made into arrays does not count.

    Args:
        data: source and place of the training ink, with which the name begins.
        ids: of the samples that are judged, in their order.
        truths: of the same: labels, or canonical LaTeX.
        channels: of a symbol's points: told its place in the formula, it is another question.
    """
    digest = hashlib.sha256(str(channels).encode())
    for sample in zip(ids, truths, strict=True):
        digest.update(json.dumps(sample).encode())
    return f"{data.source} {data.train} {digest.hexdigest()[:12]}"


def samples_of(validation_data: str) -> str:
    """The part of a name that :func:`validation_data` gave which tells the samples, wherever they lie."""
    return validation_data.rpartition(" ")[2]


def run_tags(task: str, architecture: str, params: Params) -> dict[str, str]:
    """Tags of a new run: what was trained, from which code, with which libraries, on how many cores.

    MLflow's own git tag is the baseline commit of a DVC experiment, hence the experiment's name and the hash beside it.
    """
    commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--", *_CODE)
    tags = {
        "task": task,
        "architecture": architecture,
        "seed": str(params.base.seed),
        "params_hash": params_hash(params),
        "git_commit": commit or "none",
        "git_dirty": "unknown" if changed is None else str(bool(changed)).lower(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cores": str(usable_cores()),
        "mlflow.source.name": Path(sys.argv[0]).name or "python",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": _user(),
    }
    if commit:
        tags["mlflow.source.git.commit"] = commit
    if name := os.environ.get("DVC_EXP_NAME"):
        tags["dvc_exp_name"] = name
    for library in _LIBRARIES:
        try:
            tags[library] = version(library)
        except PackageNotFoundError:
            continue
    return tags


def data_digest(path: Path) -> tuple[str, str]:
    """The md5 of a data file or directory, and where it comes from: ``dvc.lock`` or ``file``.

    A file is read, and ``dvc.lock`` named as the source when it agrees. A directory's md5 is DVC's (``....dir``), which
    only ``dvc.lock`` knows.

    Raises:
        TrackingError: the path is missing, is a directory that ``dvc.lock`` does not list, or ``dvc.lock`` is damaged.
    """
    locked = _locked_digests().get(path.as_posix())
    if path.is_file():
        md5 = file_md5(path)
        return md5, "dvc.lock" if md5 == locked else "file"
    if not path.is_dir():
        raise TrackingError(f"{path}: no such data; run the stage that writes it")
    if locked is None:
        raise TrackingError(
            f"{path}: a directory that dvc.lock does not list; name the files in it, or make it a DVC output"
        )
    return locked, "dvc.lock"


def ink_split() -> str | None:
    """The md5 of the table of ink that the pipeline was run on: of who trains and who validates; None without.

    Raises:
        TrackingError: ``dvc.lock`` is damaged.
    """
    return _locked_digests().get(INK.as_posix())


def file_md5(path: Path) -> str:
    """The md5 of a file, as DVC has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _locked_digests() -> dict[str, str]:
    """Path to md5 for every dependency and output in the ``dvc.lock`` of the working directory.

    Raises:
        TrackingError: it is damaged.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        stages = YAML(typ="safe", pure=True).load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"]
        # Outputs come last: what a stage wrote is newer than what another one read.
        entries = [entry for kind in ("deps", "outs") for stage in stages.values() for entry in stage.get(kind, [])]
        return {entry["path"]: entry["md5"] for entry in entries if "md5" in entry}
    except FileNotFoundError:
        return {}
    except (YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise TrackingError("dvc.lock: is damaged; git checkout dvc.lock mends that") from error


def _user() -> str:
    """Who runs this; by number where the system has no name for it, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def git(*arguments: str) -> str | None:
    """What git prints, or None where it cannot say."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _short_hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
