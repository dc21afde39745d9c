"""The knobs of a block of parameters, and blocks that differ in one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterator

B = TypeVar("B", bound=BaseModel)


def knobs(block: type[BaseModel], within: str = "") -> list[str]:
    """The name of every knob that leaves a choice, those of blocks inside as ``mix.case``."""
    found = []
    for name, field in block.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += knobs(kind, f"{within}{name}.")
        elif len(get_args(kind)) != 1:  # a Literal of one word
            found.append(within + name)
    return found


def differing(block: B, knob: str) -> B:
    """The block with another value of one knob."""
    values = block.model_dump()
    *path, name = knob.split(".")
    holder, kind = values, type(block)
    for part in path:
        holder, kind = holder[part], kind.model_fields[part].annotation  # type: ignore[assignment]
    was = holder[name]
    for other in _others(was, kind.model_fields[name].annotation):
        holder[name] = other
        try:
            changed = type(block).model_validate(values)
        except ValidationError:
            continue
        if changed != block:
            return changed
    raise AssertionError(f"no value of {knob} is known beside {was!r}; teach it to other_values.py")


def _others(was: Any, kind: Any) -> Iterator[Any]:
    if isinstance(was, bool):
        yield not was
    elif isinstance(was, int | float):
        yield from (was + 1, 1, 2 * was, 0.5)
    elif isinstance(was, tuple):
        yield from ((*was, "other"), ())
    else:
        yield from (word for word in get_args(kind) if isinstance(word, str))
        yield f"other-{was}"
