"""Release: the champion of the registry becomes what the package ships, unless what it ships already reads better.

Both are asked to read the same ink, the validation split of the ink table at hand, so that the figures compare. What
ships reads formulas with both networks: they meet here for the first time, so here the search is fitted to the two.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from inkmath.dataset.atomic import replacing
from inkmath.dataset.progress import progress
from inkmath.decoding.expression import (
    NETWORK_FILE,
    SETTINGS_FILE,
    load_expression_reader,
    load_reader_with_opinion,
    prepared,
    write_weights,
)
from inkmath.decoding.network import NetworkError
from inkmath.decoding.symbol import load_symbol_reader
from inkmath.decoding.tuning import fit_confidence, scribbles, searches, tune_reader
from inkmath.ink import Ink
from inkmath.layout.latex import canonical_tokens
from inkmath.layout.matrices import holds_matrix
from inkmath.layout.tree import LayoutError
from inkmath.tracking.location import TrackingError
from inkmath.tracking.registry import CHAMPION

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from inkmath.decoding.search import Search
    from inkmath.tracking.model import Task


class ReleaseRefusedError(TrackingError):
    """The champion is no better than what is released; the message gives both figures."""


class Merit(NamedTuple):
    """How many of how many formulas, or symbols, are read right."""

    right: int
    total: int
    what: str

    @property
    def share(self) -> float:
        """In 0..1."""
        return self.right / max(self.total, 1)

    def __str__(self) -> str:
        return f"{self.share:.2%} of {self.total} validation {self.what}"


@dataclass(frozen=True)
class Release:
    """What was released: how much of the validation ink the champion reads, and how much what was there before.

    ``given`` names the parameters by which the champion's training was given weights of other trainings. Nobody wrote
    down whose ink those had learned from: if it was this ink too, the champion knows some of it by heart.
    """

    champion: Merit
    before: Merit | None
    files: tuple[Path, ...]
    given: tuple[str, ...] = ()


def release(
    client: MlflowClient,
    name: str,
    task: Task,
    inks: Sequence[Ink],
    weights: Path,
    *,
    training: Collection[str] = (),
    replace: bool = False,
    keep_search: bool = False,
    table: str | None = None,
) -> Release:
    """Copy the champion's files to ``weights`` if it reads ``inks`` better than what lies there.

    Args:
        client: of the tracking server. name: registered model. task: what it reads.
        inks: validation ink with trees. weights: directory of the released models.
        training: canonical LaTeX of training formulas, tokens separated by spaces: language is weighed as if those that
        say the same as validation ink had not been learned.
        replace: release the champion in any case: what was trained on the validation ink too is no measure for it.
        keep_search: let formulas be searched as they are by what is released: networks that were trained on nearly all
        writers leave too few to fit a search to.
        table: the md5 of the table that the ink is from: a champion that was trained on another split of it may know
        by heart what it would be judged by.

    Raises:
        ReleaseRefusedError: what is released reads as well or better.
        TrackingError: there is no champion, no ink to compare on, no search to keep, what is released is damaged, or
            the champion was trained on another table.
    """
    import mlflow

    judged = [ink for ink in inks if ink.tree is not None]
    if not judged:
        raise TrackingError("no validation ink with truth to compare on; run dvc repro parse")
    found = _champion(client, name, table, replace)
    version = found.version
    tags = client.get_run(found.run_id).data.tags if found.run_id else {}
    given = tuple(parameter for parameter in ("init_from", "teachers") if f"{parameter}_md5" in tags)
    with tempfile.TemporaryDirectory() as folder:
        mlflow.artifacts.download_artifacts(
            f"models:/{name}/{version}", dst_path=folder, tracking_uri=client.tracking_uri
        )
        (about,) = Path(folder).rglob("reader.json")
        made = about.parent
        try:
            if task == "expression" and keep_search:
                take_search(made, weights)
            elif task == "expression":
                fit_search(made, weights, judged, training)
            candidate = merit(_load(task, made, weights), task, judged)
        except NetworkError as error:
            raise TrackingError(f"the champion, or the symbol model it would read beside: {error}") from error
        before = _merit_before(task, weights, judged, replace)
        if before is not None and candidate.share <= before.share and not replace:
            raise ReleaseRefusedError(
                f"{name} version {version} reads {candidate}, what is released {before.share:.2%}: nothing is changed; "
                "if what is released was trained on this ink, as its model card says, --replace ships the champion all "
                "the same"
            )
        shipped = sorted(file for file in made.iterdir() if file != about)
        if task == "symbol" and not keep_search and (weights / SETTINGS_FILE).is_file():
            searched = Path(folder) / "searched"
            searched.mkdir()
            try:
                for part in (SETTINGS_FILE, NETWORK_FILE):
                    shutil.copyfile(weights / part, searched / part)
                fit_search(searched, made, judged, training)
            except (FileNotFoundError, NetworkError) as error:
                raise TrackingError(
                    f"the formula model that would read beside it: {error}; --keep-search leaves its search alone"
                ) from error
            shipped.append(searched / SETTINGS_FILE)
        with ExitStack() as ends:  # all is written before the first file takes its name
            for file in shipped:
                shutil.copyfile(file, ends.enter_context(replacing(weights / file.name)))
    return Release(candidate, before, tuple(weights / file.name for file in shipped), given)


def _champion(client: MlflowClient, name: str, table: str | None, replace: bool) -> ModelVersion:
    """The champion of a registered model.

    Raises:
        TrackingError: there is none, or it was trained on another table and is not to replace all the same.
    """
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(name, CHAMPION)
    except MlflowException as error:
        raise TrackingError(f"{name} has no {CHAMPION}: train a model first ({error.message})") from error
    if version.tags.get("ink") != table and not replace:
        raise TrackingError(
            f"{name} version {version.version} was trained on another split of the ink than this is, and may know by "
            "heart what it would be judged by; reproduce the data it was trained on (dvc exp apply, dvc repro parse), "
            "or --replace ships it all the same"
        )
    return version


def _merit_before(task: Task, weights: Path, inks: Sequence[Ink], replace: bool) -> Merit | None:
    """How much what is released reads; None where nothing is, or where it is damaged and will be replaced.

    Raises:
        TrackingError: it is damaged.
    """
    try:
        return merit(_load(task, weights, weights), task, inks)
    except FileNotFoundError:
        return None
    except NetworkError as error:
        if replace:
            return None
        raise TrackingError(f"what is released: {error}; --replace ships the champion all the same") from error


def merit(reader: Any, task: Task, inks: Sequence[Ink]) -> Merit:
    """What is read right: formulas by canonical LaTeX, symbols by their first label."""
    right = total = 0
    for ink in inks:
        assert ink.tree is not None
        if task == "expression":
            total += 1
            right += canonical_tokens(reader.read([ink], alternatives=1)[0][0].tree) == canonical_tokens(ink.tree)
            continue
        symbols = [symbol for symbol in ink.tree.symbols if symbol.strokes]
        if symbols:
            alone = [Ink(tuple(ink.strokes[stroke] for stroke in symbol.strokes)) for symbol in symbols]
            answers = reader.classify(alone, top_k=1)
            total += len(symbols)
            right += sum(best[0].label == symbol.label for best, symbol in zip(answers, symbols, strict=True))
    return Merit(right, total, "formulas" if task == "expression" else "symbols")


def fit_search(directory: Path, symbols: Path, inks: Sequence[Ink], training: Collection[str]) -> None:
    """Fit the search of the expression model in ``directory`` to read beside the symbol model in ``symbols``.

    Ink with a matrix takes no part: what is searched is how symbols stand in one cell.
    """
    inks = [ink for ink in inks if ink.tree and not holds_matrix(ink.tree)]
    reader = _load("expression", directory, symbols)
    counts = json.loads((directory / SETTINGS_FILE).read_text(encoding="utf-8"))["trigrams"]
    with progress("Searches", searches(reader, inks)) as advance:
        write_weights(directory, tune_reader(reader, inks, counts, training, advance).weights)


class Confidence(NamedTuple):
    """How many formulas of how many are read right, and how many confidence promises, before and after it is fitted."""

    right: int
    total: int
    promised: float
    promises: float


def fit_confidence_to(inks: Sequence[Ink], directory: Path) -> Confidence:
    """Fit what confidence means to how the expression model in ``directory`` reads some ink, and scribble.

    Args:
        inks: with trees, of hands and formulas that no training has seen; those with a matrix take no part.
        directory: its settings are written anew.

    Raises:
        TrackingError: there is no ink with a tree.
    """
    judged = [ink for ink in inks if ink.tree and not holds_matrix(ink.tree)]
    if not judged:
        raise TrackingError("no ink with truth to fit confidence to")
    reader = _load("expression", directory, directory)
    found, right = [], []
    for ink in map(prepared, [*judged, *scribbles()]):
        (scores,) = reader.scores([ink])
        found.append(reader.search.search(scores, {}, reader.opinion.of(ink) if reader.opinion else None))
        try:
            read = canonical_tokens(found[-1][0].tree(reader.labels))
        except LayoutError:  # no LaTeX can say it
            read = None
        right.append(ink.tree is not None and read == canonical_tokens(ink.tree))

    def promised(search: Search) -> float:
        return float(sum(search.confidence(one)[0] for one in found[: len(judged)]))

    weights = dataclasses.replace(reader.search.weights, confidence=fit_confidence(found, right, [1.0] * len(found)))
    write_weights(directory, weights)
    after = load_expression_reader(directory).search
    return Confidence(sum(right), len(judged), promised(reader.search), promised(after))


def take_search(directory: Path, weights: Path) -> None:
    """Let the expression model in ``directory`` be searched, and its confidence be told, as that in ``weights`` is.

    Raises:
        TrackingError: there is none in ``weights``.
    """
    try:
        write_weights(directory, load_expression_reader(weights).search.weights)
    except (FileNotFoundError, NetworkError) as error:
        raise TrackingError(f"no search to keep ({error}); release without --keep-search") from error


def _load(task: Task, directory: Path, weights: Path) -> Any:
    """The reader in ``directory``; one of formulas hears the opinion of the symbol reader in ``weights``, if any."""
    if task == "symbol":
        return load_symbol_reader(directory)
    return load_reader_with_opinion(directory, partial(load_symbol_reader, weights))
