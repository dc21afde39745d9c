"""What holds for the whole repository: who may import whom, what nobody waits for, and what must never be in it."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from inkmath.models.expression_registry import EXPRESSION_ARCHITECTURES
from inkmath.models.registry import ARCHITECTURES

REPOSITORY = Path(__file__).parents[1]

LAYERS = (
    {"counting", "ink", "layout", "params", "parts", "writing_order"},
    {"inkml", "dataset", "drawing", "images"},
    {"features", "labels", "synthesis"},
    {"models", "decoding"},
    {"tracking", "training", "evaluation"},
    {"recognizer"},
    {"cli", "web", "__main__"},
)
"""Rooms from the ground up: a module may import its own room and rooms further down, nothing above."""

PLUMBING = {
    "inkmath/__init__.py",
    "inkmath/params.py",
    "inkmath/dataset/atomic.py",
    "inkmath/dataset/progress.py",
    "inkmath/dataset/schemas.py",
}
"""Modules that no result depends on; parameters are tracked by their values."""


def layer(module: str) -> int | None:
    """Of ``inkmath.features.symbol``: 2."""
    parts = module.split(".")
    return next((i for i, rooms in enumerate(LAYERS) if len(parts) > 1 and parts[1] in rooms), None)


@functools.cache
def imports_of(path: Path) -> frozenset[str]:
    """Every name below ``inkmath`` that a file imports when it runs, anywhere in it."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(name for name in found if name.split(".")[0] == "inkmath")


def file_of(module: str) -> Path | None:
    path = REPOSITORY / module.replace(".", "/")
    return next((found for found in (path.with_suffix(".py"), path / "__init__.py") if found.exists()), None)


LIBRARY = sorted((REPOSITORY / "inkmath").rglob("*.py"))
MODULES = [str(path.relative_to(REPOSITORY)) for path in LIBRARY]


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downward(module: str) -> None:
    own = layer(module.removesuffix(".py").replace("/", "."))
    if own is None:
        assert module == "inkmath/__init__.py", f"{module} belongs to no room"
        return
    above = {name for name in imports_of(REPOSITORY / module) if (layer(name) or 0) > own}
    assert not above, f"{module} imports what stands above it: {sorted(above)}"


def test_the_readme_names_the_rooms_from_the_top_down() -> None:
    told = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("imports run downward only:")[2]
    named = [set(re.findall(r"`(\w+)`", rooms)) for rooms in told.partition(".\n")[0].split("→")]
    assert named == [rooms - {"__main__"} for rooms in reversed(LAYERS)]


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc", "tools", "lib"}
    assert [module for module in MODULES if drawers & set(re.split(r"[/.]", module))] == []


@pytest.mark.parametrize("module", ["inkmath.recognizer", "inkmath.cli", "inkmath.web.app", "inkmath.synthesis"])
def test_nobody_waits_for_tensorflow(module: str) -> None:
    heavy = "{'tensorflow', 'keras', 'mlflow', 'pandas', 'pandera', 'sklearn', 'matplotlib'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def pipeline() -> dict[str, dict[str, Any]]:
    text = (REPOSITORY / "dvc.yaml").read_text()
    stages: dict[str, dict[str, Any]] = YAML(typ="safe", pure=True).load(text)["stages"]
    return stages


MAKERS = ("writing_order", "features", "synthesis", "models", "decoding", "training", "evaluation")
"""Rooms of which a stage states what it uses at second hand, too; the rest it states where it uses it itself."""

WRITERS = {"inkmath/dataset/results.py"}
"""Modules that write what others made, and so are stated at second hand as well."""


BY_NAME = {
    "inkmath/models/registry.py": {f"inkmath.models.{name}" for name in ARCHITECTURES},
    "inkmath/models/expression_registry.py": {f"inkmath.models.{name}" for name in EXPRESSION_ARCHITECTURES},
}
"""What a module imports under names that it puts together when it runs."""


def used_by(script: Path) -> set[str]:
    """The modules that a script imports, and those of `MAKERS` that these import."""
    used: set[str] = set()
    pending = [script]
    while pending:
        file = pending.pop()
        for name in imports_of(file) | BY_NAME.get(str(file.relative_to(REPOSITORY)), set()):
            found = file_of(name)
            if found is None:
                continue
            path = str(found.relative_to(REPOSITORY))
            if file != script and path not in WRITERS and name.split(".")[1:2] not in [[room] for room in MAKERS]:
                continue
            if path not in used:
                used.add(path)
                pending.append(found)
    return used


def unstated(stage: str, stated: set[str]) -> set[str]:
    """The modules that a stage uses and does not state."""
    script = REPOSITORY / "stages" / f"{stage}.py"
    used = used_by(script)
    # A package's own file counts when its modules are not stated one by one; tracking reports results, it makes none.
    used = {name for name in used - PLUMBING if not name.startswith("inkmath/tracking/")}
    return {
        name
        for name in used | {str(script.relative_to(REPOSITORY))}
        if not any(name == known or name.startswith(f"{known.removesuffix('.py')}/") for known in stated)
        and not (name.endswith("/__init__.py") and any(known.startswith(name[:-11]) for known in stated))
    }


@pytest.mark.parametrize("stage", pipeline())
def test_a_stage_depends_on_the_modules_it_uses(stage: str) -> None:
    """Else DVC would not see that what makes its results has changed."""
    assert unstated(stage, set(pipeline()[stage]["deps"])) == set(), f"name them under deps of {stage} in dvc.yaml"


@pytest.mark.parametrize(
    ("stage", "module"),
    [
        *(("train", name) for name in (*ARCHITECTURES, "maps")),
        *(("train_expression", name) for name in (*EXPRESSION_ARCHITECTURES, "strokes")),
    ],
)
def test_a_network_that_a_name_chooses_is_missed_too(stage: str, module: str) -> None:
    """Those that only a registry imports, by their names, and what these import."""
    path = f"inkmath/models/{module}.py"
    assert unstated(stage, set(pipeline()[stage]["deps"]) - {path}) == {path}


@pytest.mark.parametrize("stage", pipeline())
def test_a_stage_whose_sums_depend_on_threads_runs_again_for_them(stage: str) -> None:
    limits = "use_machine" in (REPOSITORY / "stages" / f"{stage}.py").read_text()
    assert ("compute.threads" in pipeline()[stage]["params"]) == limits


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    return [path for name in listed.split("\0") if name and (path := REPOSITORY / name).is_file()]


def test_the_repository_holds_no_ink_of_crohme() -> None:
    """Its terms forbid handing it on. Its files tell themselves by their owners, writers and names."""
    marks = re.compile(
        rb'type="copyright">\s*(?:LUNAM|KAIST|MfrDB|RIT)|>"?20\d{2}_(?:IVC|KAIST|KME|RIT|CROHME)'
        rb"|>depart\d{3}<|>MfrDB\d{4}<"
    )
    names = re.compile(
        r"formulaire\d+-equation\d+|MfrDB\d{4}|KME\d\w*_\d+_sub_\d+|TrainData\d_\d+|20\d{4,6}-\d{3,4}-\d+|rit_\d+_\d"
    )
    files = [path for path in tracked_files() if path != Path(__file__)]
    inks = [path for path in files if path.suffix in {".inkml", ".lg", ".zip", ".tgz", ".parquet", ".npz"}]
    assert [path.name for path in files if names.search(path.stem)] == []
    assert [path.name for path in inks if marks.search(path.read_bytes())] == []
    assert [path.name for path in inks if path.suffix in {".zip", ".tgz", ".parquet"}] == []


def test_data_stays_out_of_git() -> None:
    inside = [
        path.relative_to(REPOSITORY / "data") for path in tracked_files() if path.is_relative_to(REPOSITORY / "data")
    ]
    assert [str(path) for path in inside if path.suffix not in {".md", ".dvc"} and path.name != ".gitkeep"] == []
