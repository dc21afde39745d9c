"""A copy of the repository for tests that run the pipeline, on settings that take seconds."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).parents[1]
TINY = {
    "synthesize": {"train": 60, "test": 12, "writers": 20, "symbols": 8},
    "normalize": {"points": 8},
    "train": {"units": 8, "epochs": 3},
    "train_expression": {"width": 24, "layers": 1, "heads": 2, "epochs": 1},
}


class Copy:
    """A copy of the repository's tracked files in a git repository of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (REPOSITORY / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPOSITORY / name, root / name)
        # Whatever dvc.lock says of the real settings says nothing of tiny ones.
        (root / "dvc.lock").unlink(missing_ok=True)
        self.set(TINY)
        self.run("git", "init", "--quiet")
        self.run("git", "add", "--all")
        self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "tiny")

    @classmethod
    def at(cls, root: Path) -> Copy:
        """A copy that is there already."""
        copy = cls.__new__(cls)
        copy.root = root
        return copy

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self._environment(), capture_output=True, text=True, timeout=3600
        )

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Begin a command, in a process group of its own; what it prints is lost."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "DVC_"))}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        environment["TF_CPP_MIN_LOG_LEVEL"] = "2"
        return environment

    def forget(self) -> None:
        """Remove whatever the pipeline and DVC made, but not the runs in MLflow."""
        made = ["data/raw/synthetic", "data/interim", "data/processed", "models", "results", "checkpoints"]
        for name in [*made, ".dvc/cache", ".dvc/tmp"]:
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "dvc.lock").unlink(missing_ok=True)

    def repro(self, *arguments: str) -> str:
        """What `dvc repro` printed; it must have ended well."""
        done = self.run("dvc", "repro", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def set(self, blocks: Mapping[str, Mapping[str, object]]) -> None:
        yaml = YAML()
        params = yaml.load((self.root / "params.yaml").read_text())
        for block, values in blocks.items():
            params[block].update(values)
        with (self.root / "params.yaml").open("w") as file:
            yaml.dump(params, file)

    def rows(self) -> list[dict[str, str]]:
        columns = ["id", "split", "source", "writer"]
        rows: list[dict[str, str]] = pq.read_table(self.root / "data/interim/ink.parquet", columns=columns).to_pylist()
        return rows

    def rejected(self) -> dict[str, str]:
        table = pq.read_table(self.root / "data/interim/rejected.parquet").to_pylist()
        return {Path(row["file"]).name: row["reason"] for row in table}

    def runs(self) -> dict[str, tuple[str, str | None]]:
        """Of every run in MLflow its status, and what it says of its evaluation."""
        ask = "SELECT run_uuid, status, value FROM runs LEFT JOIN (SELECT run_uuid AS owner, value FROM tags"
        ask += " WHERE key = 'evaluation') ON run_uuid = owner"
        with closing(sqlite3.connect(self.root / "mlflow.db")) as database:
            return {run: (status, evaluation) for run, status, evaluation in database.execute(ask)}
