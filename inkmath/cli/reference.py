"""The page docs/cli.md, made from the commands themselves: ``python -m inkmath.cli.reference > docs/cli.md``."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from inkmath.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable

INTRODUCTION = """# The command line

Made from the commands themselves by `python -m inkmath.cli.reference > docs/cli.md`; a test compares the two.
`inkmath --install-completion` teaches your shell to complete commands, options and files; `inkmath --version` says
which version this is.

## Exit status

| status | meaning |
|---|---|
| 0 | everything went well |
| 1 | an input could not be used, or what the command needs is missing; other inputs were still handled |
| 2 | the command line itself is wrong |
| 130, 143 | interrupted by Ctrl+C, terminated by SIGTERM; what was half written is removed |

Answers go to standard output, failures and progress to standard error. Colour appears on a terminal only, and never
when `NO_COLOR` is set.
"""


@dataclass(frozen=True)
class Parameter:
    """An argument or option of a command, as its signature declares it.

    Attributes:
        names: ``PATH...`` for an argument; ``--format``, ``-f`` for an option.
        value: what follows an option; empty for a flag.
        default: empty when there is none.
    """

    names: tuple[str, ...]
    value: str
    help: str
    default: str
    is_option: bool


def commands() -> dict[str, Callable[..., None]]:
    """Every command by the name a person types."""
    functions = [command.callback for command in app.registered_commands if command.callback]
    return {function.__name__: function for function in functions}


def parameters(command: Callable[..., None]) -> list[Parameter]:
    """The arguments and options of a command, in order."""
    hints = get_type_hints(command, include_extras=True)
    return [
        _parameter(name, parameter.default, *get_args(hints[name])[:2])
        for name, parameter in inspect.signature(command).parameters.items()
    ]


def reference() -> str:
    """The whole page."""
    return "\n".join([INTRODUCTION, *(_section(name, command) for name, command in commands().items())])


def _parameter(name: str, default: Any, kind: Any, info: ArgumentInfo | OptionInfo) -> Parameter:
    several = get_origin(kind) is list
    if isinstance(info, ArgumentInfo):
        return Parameter(((info.metavar or name.upper()) + "..." * several,), "", info.help or "", "", False)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        value = "|".join(kind)
    elif kind is bool:
        value = ""
    else:
        value = info.metavar or ("N" if kind in (int, int | None) else "TEXT")
    unset = default is None or default is False  # and not 0, which equals False
    shown = "required" if default is inspect.Parameter.empty else "" if unset else f"`{default}`"
    help_text = f"{info.help} (environment: `{info.envvar}`)" if info.envvar else info.help or ""
    # In an annotation the first name of an option stands where Typer looks for its default.
    names = [given for given in (info.default, *(info.param_decls or ())) if isinstance(given, str)]
    return Parameter(tuple(names) or (f"--{name.replace('_', '-')}",), value, help_text, shown, True)


def _section(name: str, command: Callable[..., None]) -> str:
    explanation, _, examples = inspect.cleandoc(command.__doc__ or "").partition("Examples:")
    known = parameters(command)
    arguments = [parameter.names[0] for parameter in known if not parameter.is_option]
    lines = [
        f"## inkmath {name}",
        "",
        explanation.strip(),
        "",
        f"    inkmath {name} [OPTIONS] {' '.join(arguments)}".rstrip(),
        "",
        "| | | default |",
        "|---|---|---|",
        *(f"| {_names(parameter)} | {' '.join(parameter.help.split())} | {parameter.default} |" for parameter in known),
        "",
        "```console",
        *(f"$ {line.strip()}" for line in examples.splitlines() if line.strip()),
        "```",
        "",
    ]
    return "\n".join(lines)


def _names(parameter: Parameter) -> str:
    value = parameter.value.replace("|", "\\|")
    return ", ".join(f"`{name}`" for name in parameter.names) + (f" `{value}`" if value else "")


if __name__ == "__main__":
    sys.stdout.write(reference())
