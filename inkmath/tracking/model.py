"""The logged model: a pyfunc that takes InkML text, one document a row, and gives a label or LaTeX with alternatives.

MLflow loads it through :func:`_load_pyfunc` from a folder that holds the reader's files and ``reader.json``; the code
of ``inkmath`` travels with it, so a process that has only the requirements can serve it.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Literal

from inkmath.tracking.location import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from mlflow.models import ModelSignature

    from inkmath.decoding.reading import ExpressionReader, SymbolReader
    from inkmath.ink import Ink

Task = Literal["symbol", "expression"]

COLUMNS = {
    "symbol": ("label", "probability", "top_labels", "top_probabilities"),
    "expression": ("latex", "confidence", "top_latex", "top_confidences"),
}
"""For each task: the answer, how sure it is (0..1), and both for the best ``top_k``, best first."""

EXAMPLE = (
    '<ink xmlns="http://www.w3.org/2003/InkML">'
    '<trace id="0">0 0, 10 10, 20 20, 30 30</trace><trace id="1">30 0, 20 10, 10 20, 0 30</trace></ink>'
)
"""A cross of two strokes, as input example."""

_REQUIRED = ("mlflow", "numpy", "pandas", "lxml", "filelock")
_DEFAULT_TOP_K = 5
_MAX_TOP_K = 100


@dataclass(frozen=True)
class ModelFiles:
    """What a trained model consists of outside the process that trained it.

    Attributes:
        reader: ``"package.module:function"``. The function is given the directory that holds the files, and returns a
            :class:`~inkmath.decoding.reading.SymbolReader` or :class:`~inkmath.decoding.reading.ExpressionReader`.
        files: the files that it needs, copied side by side under their own names.
        requirements: distributions that it imports besides numpy, pandas and lxml; each is pinned as installed.
    """

    reader: str
    files: tuple[Path, ...]
    requirements: tuple[str, ...] = ()

    def pack(self, folder: Path, task: Task) -> None:
        """Copy the files and the code of ``inkmath`` to ``folder``, and read the example once with what was copied.

        Raises:
            TrackingError: a file is missing, two have the same name, or a requirement is not installed.
        """
        data = folder / "model"
        # Left over from an attempt that failed.
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        for file in self.files:
            if (data / file.name).exists():
                raise TrackingError(f"{file}: a model holds two files named {file.name}; rename one")
            try:
                shutil.copyfile(file, data / file.name)
            except OSError as error:
                raise TrackingError(f"{error.filename}: cannot be logged with the model ({error.strerror})") from error
        (data / "reader.json").write_text(json.dumps({"task": task, "reader": self.reader}), encoding="utf-8")
        package = Path(__file__).parents[1]
        shutil.rmtree(folder / "code", ignore_errors=True)
        shutil.copytree(package, folder / "code" / package.name, ignore=_without_weights)
        _load_pyfunc(str(data)).read([EXAMPLE], top_k=1)

    def pinned(self) -> list[str]:
        """The requirements as ``name==version``, in order."""
        try:
            return [f"{name}=={version(name)}" for name in sorted({*_REQUIRED, *self.requirements})]
        except PackageNotFoundError as error:
            raise TrackingError(f"the model requires {error.name}, which is not installed") from error


class InkModel:
    """What MLflow serves: a reader behind a table of InkML documents."""

    def __init__(self, reader: SymbolReader | ExpressionReader, task: Task) -> None:
        self.reader = reader
        self.task = task

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Read every document of the column ``inkml``.

        Args:
            model_input: one document a row.
            params: ``top_k``, how many answers each may get, 1..100 (default 5).

        Returns:
            A row for each document, in order: the columns of :data:`COLUMNS` and ``error``, which says why a document
            could not be read, with null in the others; it is null for the rest.

        Raises:
            ValueError: ``top_k`` is out of range.
        """
        import pandas as pd

        rows = self.read(list(model_input["inkml"]), top_k=(params or {}).get("top_k", _DEFAULT_TOP_K))
        # Object columns keep None as null; a float column would make it NaN, which is no JSON.
        return pd.DataFrame(rows, columns=[*COLUMNS[self.task], "error"], dtype=object)

    def read(self, documents: Sequence[object], top_k: int) -> list[dict[str, Any]]:
        """The rows of :meth:`predict` as dictionaries."""
        from inkmath.ink import check_size
        from inkmath.inkml import parse_inkml

        if not 1 <= top_k <= _MAX_TOP_K:
            raise ValueError(f"top_k = {top_k}: must be 1 to {_MAX_TOP_K}")
        answer, sure, top_answers, top_sure = COLUMNS[self.task]
        rows: list[dict[str, Any]] = [dict.fromkeys((*COLUMNS[self.task], "error")) for _ in documents]
        inks: dict[int, Ink] = {}
        for index, document in enumerate(documents):
            if not isinstance(document, str):  # null, which a table of pandas may hold as NaN
                rows[index]["error"] = "no document: null where the text of an InkML file is wanted"
                continue
            try:
                # Text that does not begin as XML would be taken for a path, and a served model reads no files.
                text = document.lstrip("\ufeff \t\r\n")
                ink = parse_inkml(text if text.startswith("<") else text.encode())
                check_size(ink)
            except ValueError as error:
                rows[index]["error"] = str(error)
            else:
                inks[index] = ink
        if inks:
            for index, best in zip(inks, self._answers(list(inks.values()), top_k), strict=True):
                names, values = [name for name, _ in best], [value for _, value in best]
                rows[index] |= {answer: names[0], sure: values[0], top_answers: names, top_sure: values}
        return rows

    def _answers(self, inks: list[Ink], top_k: int) -> list[list[tuple[str, float]]]:
        if self.task == "symbol":
            classified = self.reader.classify(inks, top_k=top_k)  # type: ignore[union-attr]
            return [[(each.label, float(each.probability)) for each in best] for best in classified]
        from inkmath.layout.latex import canonical_tokens

        read = self.reader.read(inks, alternatives=top_k)  # type: ignore[union-attr]
        return [[(" ".join(canonical_tokens(each.tree)), float(each.confidence)) for each in best] for best in read]


def _load_pyfunc(path: str) -> InkModel:
    """What MLflow calls to load the model from its folder."""
    folder = Path(path)
    about = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
    return InkModel(resolve_name(about["reader"])(folder), about["task"])


def signature(task: Task) -> ModelSignature:
    """InkML text in, the columns of :data:`COLUMNS` out, ``top_k`` as a parameter."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array

    answer, sure, top_answers, top_sure = COLUMNS[task]
    kinds: dict[str, DataType | Array] = {
        answer: DataType.string,
        sure: DataType.double,
        top_answers: Array(DataType.string),
        top_sure: Array(DataType.double),
        "error": DataType.string,
    }
    return ModelSignature(
        inputs=Schema([ColSpec(DataType.string, "inkml")]),
        outputs=Schema([ColSpec(kind, name, required=False) for name, kind in kinds.items()]),
        params=ParamSchema([ParamSpec("top_k", DataType.long, _DEFAULT_TOP_K)]),
    )


def _without_weights(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if not name.endswith(".py") and not (Path(folder) / name).is_dir()} | {"__pycache__"}
