"""Nothing that a person can type is undocumented, and the documentation is what the commands say."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from inkmath.cli import app, inkmath
from inkmath.cli.reference import commands, parameters, reference

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def test_the_reference_page_is_what_the_commands_say() -> None:
    """When this fails: python -m inkmath.cli.reference > docs/cli.md"""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference()


def test_a_default_of_zero_is_shown() -> None:
    (seed,) = [parameter for parameter in parameters(commands()["synthesize"]) if "--seed" in parameter.names]
    assert seed.default == "`0`"


@pytest.mark.parametrize("name", commands())
def test_the_readme_shows_every_command(name: str) -> None:
    assert f"inkmath {name}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", commands())
def test_every_command_teaches_by_example_and_explains_its_parameters(name: str) -> None:
    command = commands()[name]
    assert f"  inkmath {name}" in (command.__doc__ or "")
    for parameter in parameters(command):
        assert len(parameter.help) > 10, f"{name} {parameter.names[0]}"


@pytest.mark.parametrize("name", commands())
def test_help_names_every_option(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0
    for parameter in parameters(commands()[name]):
        if parameter.is_option:
            assert parameter.names[0] in result.stdout


@pytest.mark.parametrize("command", [inkmath, *commands().values()])
def test_a_line_of_help_ends_where_a_pause_is(command: Callable[..., None]) -> None:
    """Typer breaks lines where the docstring does, and again where the terminal ends."""
    assert re.findall(r".*[^.,;:\n]\n *\S.*", inspect.cleandoc(command.__doc__ or "")) == []


def test_examples_are_valid_command_lines() -> None:
    """Each example is parsed: an option or a value that is called otherwise now shows here."""
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for name, command in commands().items():
        examples = [line.strip() for line in (command.__doc__ or "").partition("Examples:")[2].splitlines()]
        for line in filter(None, examples):
            words = re.split(r" [|>] ", line)[0].split()
            arguments = words[words.index("inkmath") + 1 :]
            assert arguments[0] == name, line
            group.commands[name].make_context(name, arguments[1:])


def test_help_comes_without_what_only_commands_need() -> None:
    code = "import atexit, sys, inkmath.cli; atexit.register(lambda: print(*sys.modules)); inkmath.cli.main()"
    done = subprocess.run([sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()[-1].split()
    assert not {"tensorflow", "mlflow", "pandas", "matplotlib", "numpy", "onnxruntime", "fastapi"} & set(modules)
