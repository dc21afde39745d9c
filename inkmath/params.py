"""Typed parameters: one frozen block per stage, read from ``params.yaml``, every value checked before any work begins.

``params.yaml`` is the only place that holds values, so no field here has a default; what a knob means stands there
beside it. The classes hold what a value may be.
"""

from __future__ import annotations

import difflib
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

SYNTHETIC_PLACES = ("data/raw/synthetic/train", "data/raw/synthetic/test")
"""Where the stage ``synthesize`` puts the ink of training and test writers."""

Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1)]
Place = Annotated[str, Field(min_length=1)]

_NAME, _ADDRESS = r"^[\w. -]+$", r"^\w+://"
Name = Annotated[str, Field(pattern=_NAME, max_length=200)]
Address = Annotated[str, Field(pattern=_ADDRESS)]
_IN_WORDS = {
    _NAME: "only letters, digits, spaces and . _ - are allowed, as in rates-2",
    _ADDRESS: "a protocol and an address are wanted, as in tcp://10.0.0.5:8786",
}


class ParamsError(ValueError):
    """``params.yaml`` cannot be used; the message names the file, each key, its value and what to do."""


class Block(BaseModel):
    """A group of parameters: frozen, and closed to names it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Base(Block):
    """What every stage shares."""

    seed: int = Field(ge=0, lt=2**31)


class Data(Block):
    """Where the ink comes from; each place is a directory, a file or an archive."""

    source: Literal["synthetic", "inkml"]
    train: str = Field(min_length=1)
    test: str = Field(min_length=1)
    user: str = Field(min_length=1)
    shapes: str = Field(min_length=1)

    @model_validator(mode="after")
    def _places_fit_the_source(self) -> Self:
        # DVC watches `train` and `test` for changes, so they must be what is read, whatever the source.
        if self.source == "synthetic" and (self.train, self.test) != SYNTHETIC_PLACES:
            train, test = SYNTHETIC_PLACES
            raise ValueError(
                f"made-up ink lies in train: {train} and test: {test}, not in {self.train} and {self.test}; "
                "set source: inkml to read ink from there"
            )
        return self

    def reads(self, folder: Path) -> bool:
        """Whether a place of ink is, holds or lies in a folder."""
        there = folder.resolve()
        places = [Path(place).resolve() for place in (self.train, self.test, self.user, self.shapes)]
        return any(place.is_relative_to(there) or there.is_relative_to(place) for place in places)


class Synthesize(Block):
    """Made-up handwriting."""

    train: Count
    test: Count
    writers: int = Field(ge=4)
    symbols: int = Field(ge=8, le=60)


class Parse(Block):
    """InkML to a table."""

    valid: float = Field(gt=0.0, lt=0.5)


class Redraw(Block):
    """Training ink once more as it comes back from its picture."""

    share: Probability


class Normalize(Block):
    """Symbols as arrays of one shape."""

    points: int = Field(ge=8, le=1024)
    spacing: float = Field(ge=0.0, le=1.0)
    deduplicate: bool
    smooth: int = Field(ge=0, le=15)
    dehook: bool
    deslant: bool
    context: bool
    composed: int = Field(ge=0, le=100)


class Encode(Block):
    """Symbol labels as numbers."""

    min_count: Count
    shapes: bool


class Augment(Block):
    """Random changes of each training symbol, drawn anew in each epoch."""

    enabled: bool
    rotate: float = Field(ge=0.0, le=45.0)
    scale: Fraction
    shear: float = Field(ge=0.0, le=1.0)
    distort: float = Field(ge=0.0, le=0.5)
    stroke_shift: float = Field(ge=0.0, le=0.5)
    stroke_scale: float = Field(ge=0.0, le=0.5)
    drop: Fraction
    reorder: float = Field(ge=0.0, le=1.0)
    reverse: float = Field(ge=0.0, le=1.0)
    jitter: float = Field(ge=0.0, le=0.2)
    coarse: Probability
    alone: Probability


class Learning(Block):
    """What trained weights a training begins with, how much of them is kept, and what models it learns from."""

    OUTPUT: ClassVar[str]
    """What DVC removes before the training begins: where its model is written."""

    init_from: Place | None
    init_share: Fraction
    teachers: tuple[Place, ...]
    teachers_share: Probability

    @model_validator(mode="after")
    def _share_of_something(self) -> Self:
        if self.init_share > 0 and self.init_from is None:
            raise ValueError("init_share: there are no weights begun from to keep; name them in init_from, or set 0")
        return self

    @model_validator(mode="after")
    def _given_models_outlast(self) -> Self:
        output = Path(self.OUTPUT).absolute()
        for given in (self.init_from, *self.teachers):
            if given is not None and Path(normpath(Path(given).absolute())).is_relative_to(output):
                raise ValueError(
                    f"init_from, teachers: DVC removes {self.OUTPUT} before this training begins; copy {given} "
                    "elsewhere and name the copy (dvc checkout brings back what is gone)"
                )
        return self

    @model_validator(mode="after")
    def _teachers_are_heard(self) -> Self:
        if bool(self.teachers) != (self.teachers_share > 0):
            raise ValueError("teachers_share: set it above 0 and name teachers, or set it to 0 and teachers to []")
        return self


class Train(Learning):
    """The symbol classifier and how it learns."""

    OUTPUT = "models/symbol"

    architecture: Literal["lstm", "conv_bilstm", "conv", "conv_maps"]
    units: int = Field(ge=4, le=2048)
    dropout: Fraction
    epochs: Count
    batch_size: int = Field(ge=1, le=8192)
    learning_rate: float = Field(gt=0.0, le=1.0)
    schedule: Literal["constant", "cosine"]
    weight_decay: float = Field(ge=0.0, le=1.0)
    label_smoothing: Fraction
    keep: Literal["best", "last"]
    patience: Count
    branches: int = Field(ge=1, le=16)
    max_minutes: NotNegative
    augment: Augment

    @model_validator(mode="after")
    def _branches_end(self) -> Self:
        if self.branches > 1 and (self.keep != "last" or self.epochs < 2):
            raise ValueError(
                "branches: each is the second half of the epochs, whose end is kept; set keep to last and epochs to 2 "
                "or more, or branches to 1"
            )
        return self


class Evaluate(Block):
    """What the symbol report shows."""

    confusions: int = Field(ge=1, le=200)


class NormalizeExpression(Block):
    """Formulas as arrays, a token per stroke."""

    points: int = Field(ge=4, le=256)


class EncodeExpression(Block):
    """What is learned of formula truths before any training: vocabulary, trigrams, heights of lines."""

    min_count: Count
    shapes: bool


class Mix(Block):
    """How often what is done to a formula before it is trained on; probabilities."""

    exchange: Probability
    case: Probability
    relabel: Probability
    hand: Probability
    spell: Probability
    sign: Probability
    prime: Probability
    accent: Probability
    graft: Probability
    respace: Probability
    join: Probability
    swap: Probability
    shuffle: Probability
    lift: Probability
    coarse: Probability


class TrainExpression(Learning):
    """The expression model and how it learns."""

    OUTPUT = "models/expression/trained"

    architecture: Literal["stroke_graph", "stroke_conv"]
    width: int = Field(ge=8, le=2048)
    layers: int = Field(ge=1, le=48)
    heads: int = Field(ge=1, le=64)
    dropout: Fraction
    epochs: Count
    pair_width: int = Field(ge=4, le=512)
    products: Literal["float32", "bfloat16"]
    batch_strokes: int = Field(ge=1, le=65536)
    learning_rate: float = Field(gt=0.0, le=1.0)
    warmup: int = Field(ge=0)
    decay: Fraction
    branches: int = Field(ge=1, le=16)
    judge_every: Count
    mix: Mix
    max_minutes: NotNegative

    @model_validator(mode="after")
    def _branches_have_a_descent(self) -> Self:
        if self.branches > 1 and self.decay == 0:
            raise ValueError("branches: each is a descent of the learning rate, but decay is 0; raise it, or set 1")
        return self

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} do not divide width {self.width}; change one of them")
        return self


class EvaluateExpression(Block):
    """What the expression report shows."""

    failures: int = Field(ge=0, le=500)


class Track(Block):
    """Where MLflow keeps runs and models."""

    experiment: Name
    sweep: Name | None
    uri: str | None
    register_model: bool


class Compute(Block):
    """How the machine is used.

    No result depends on ``processes`` or ``scheduler``, and no stage runs again for them. ``threads`` changes the order
    in which numbers are summed: another number of them trains other weights.
    """

    processes: int = Field(ge=0, le=1024)
    scheduler: Address | None
    threads: int = Field(ge=0, le=1024)


class Params(Block):
    """Everything that can be set, one block per stage."""

    base: Base
    data: Data
    synthesize: Synthesize
    parse: Parse
    redraw: Redraw
    normalize: Normalize
    encode: Encode
    train: Train
    evaluate: Evaluate
    normalize_expression: NormalizeExpression
    encode_expression: EncodeExpression
    train_expression: TrainExpression
    evaluate_expression: EvaluateExpression
    track: Track
    compute: Compute

    def with_value(self, name: str, value: str) -> Params:
        """These parameters with another value of one, both written as for ``dvc exp run -S``: ``train.units``, ``32``.

        Raises:
            ParamsError: there is no such parameter, or it cannot have the value, whatever the others are.
        """
        changed = self.model_dump()
        *blocks, last = name.split(".")
        block = changed
        for part in blocks:
            block = block.setdefault(part, {})
            if not isinstance(block, dict):
                raise ParamsError(f"{name}: unknown parameter; {part} is none that holds others")
        try:
            block[last] = YAML(typ="safe", pure=True).load(value)
        except (YAMLError, ValueError) as error:  # ValueError: what looks like a date and is none
            raise ParamsError(
                f"{name} = {value}: is no YAML ({str(error).splitlines()[0]}); change the value"
            ) from error
        try:
            return Params.model_validate(changed)
        except ValidationError as error:
            faults = [fault for fault in error.errors(include_url=False) if fault["type"] != "value_error"]
            if not faults:  # it may be meant together with another
                return self
            raise ParamsError("\n".join(map(_fault, faults))) from None


def load_params(path: str | Path = "params.yaml") -> Params:
    """Read and check every parameter.

    Raises:
        ParamsError: the file is missing or is no YAML mapping, or it has an unknown, missing or unusable value. All
            faults are named at once, a line each.
    """
    path = Path(path)
    try:
        # YAML 1.2, as DVC reads and writes it: `1e-3` is a number, and a key given twice is an error.
        raw = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ParamsError(f"{path}: no such file; run from the directory that holds params.yaml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParamsError(f"{path}: cannot be read ({error})") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = str(error.problem).splitlines()[0]
        raise ParamsError(f"{path}:{place}: {problem}; correct the YAML there") from error
    except (YAMLError, ValueError) as error:  # ValueError: what looks like a date and is none
        raise ParamsError(f"{path}: is not YAML ({error})") from error
    if not isinstance(raw, dict):
        raise ParamsError(f"{path}: is empty, or no mapping of blocks; it needs {', '.join(Params.model_fields)}")
    try:
        return Params.model_validate(raw)
    except ValidationError as error:
        faults = [f"{path}: {_fault(detail)}" for detail in error.errors(include_url=False)]
        raise ParamsError("\n".join(faults)) from None


def _fault(detail: ErrorDetails) -> str:
    """One validation error as `key = value: what is wrong; what to do`."""
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        known = _known_names(detail["loc"][:-1])
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        remedy = f"did you mean {near[0]}?" if near else f"known here: {', '.join(known)}"
        return f"{key} = {detail['input']!r}: unknown parameter; {remedy}"
    if detail["type"] == "missing":
        return f"{key}: missing; add it"
    if detail["type"] == "value_error":
        return f"{key}: {detail['ctx']['error']}"
    if detail["type"] == "tuple_type":
        return f"{key} = {detail['input']!r}: a list is wanted; write [{detail['input']}]"
    if detail["type"] == "string_pattern_mismatch":
        return f"{key} = {detail['input']!r}: {_IN_WORDS[detail['ctx']['pattern']]}"
    message = detail["msg"][0].lower() + detail["msg"][1:]
    return f"{key} = {detail['input']!r}: {message}; change the value"


def _known_names(location: tuple[Any, ...]) -> list[str]:
    block: type[BaseModel] = Params
    for part in location:
        nested = block.model_fields[str(part)].annotation
        assert isinstance(nested, type)
        block = nested
    return list(block.model_fields)
