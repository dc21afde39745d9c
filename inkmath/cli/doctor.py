"""``inkmath doctor``: is everything there, and does it work?"""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import typer

from inkmath.cli.options import Weights  # noqa: TC001 -- typer reads annotations as it runs
from inkmath.cli.report import EXIT_FAILED, say

if TYPE_CHECKING:
    from pathlib import Path

    from inkmath.decoding.reading import Candidate
    from inkmath.ink import Stroke
    from inkmath.recognizer import Recognizer

NEEDED = (
    *("numpy", "lxml", "onnxruntime", "typer", "fastapi", "uvicorn", "pydantic", "prometheus-client", "lark"),
    *("hershey-fonts", "requests", "rich", "ruamel.yaml"),
)
OPTIONAL = {
    "sympy": "Recognition.to_sympy()",
    "matplotlib": "PNG pictures and plots",
    "scikit-image": "images of handwriting",
    "dvc": "the pipeline",
    "mlflow": "the pipeline",
    "tensorflow": "training",
}


def doctor(weights: Weights = None) -> None:
    """Check the installation: versions, released weights, and a formula read as a test.

    Exit status 1 when something that recognition needs is missing or broken.

    Examples:

      inkmath doctor

      inkmath doctor --weights models/expression/trained
    """
    from inkmath import __version__
    from inkmath.recognizer import WEIGHTS

    say(f"inkmath {__version__}, Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    sound = True
    for package in NEEDED:
        sound = _package(package, None) and sound
    for package, purpose in OPTIONAL.items():
        _package(package, purpose)
    sound = _weights(weights or WEIGHTS) and sound
    sound = _self_test(weights) and sound
    if not sound:
        raise typer.Exit(EXIT_FAILED)


def _line(good: bool | None, what: str, detail: str) -> None:
    mark, colour = {True: ("ok", "green"), False: ("FAIL", "red"), None: ("-", "bright_black")}[good]
    say(f"{typer.style(f'{mark:>4}', fg=colour)}  {what:<18} {detail}")


def _package(package: str, purpose: str | None) -> bool:
    """Report a package's version; ``purpose`` says what needs it, None that nothing works."""
    for distribution in (package, f"{package}-cpu"):  # TensorFlow has this name where it brings no CUDA
        try:
            _line(True, distribution, version(distribution))
            return True
        except PackageNotFoundError:
            continue
    _line(None if purpose else False, package, f"not installed; needed for {purpose}" if purpose else "not installed")
    return False


def _weights(directory: Path) -> bool:
    files = sorted(file for file in directory.glob("*") if file.is_file()) if directory.is_dir() else []
    size = sum(file.stat().st_size for file in files) / 1e6
    known = [file for file in files if file.suffix == ".onnx"]
    found = ", ".join(file.stem for file in known) or "none"
    _line(len(known) > 0, "weights", f"{found} ({size:.1f} MB in {directory})")
    return len(known) > 0


def _self_test(weights: Path | None) -> bool:
    """Read the example that comes with the page."""
    from importlib.resources import files
    from time import perf_counter

    from inkmath.inkml import parse_inkml
    from inkmath.recognizer import Recognizer

    example = parse_inkml((files("inkmath.web") / "page" / "example.inkml").read_bytes())
    assert example.tree is not None
    symbol = [example.strokes[index] for index in example.tree.symbols[0].strokes]
    try:
        recognizer = Recognizer.load(weights)
        began = perf_counter()
        recognizer.recognize(example)
        loaded = perf_counter()
        result = recognizer.recognize(example)
        warm = perf_counter()
        named = _classified(recognizer, symbol)
    except (OSError, ValueError) as broken:
        _line(False, "self-test", str(broken))
        return False
    _line(True, "formula", f"{result.latex}  ({result.confidence:.0%} sure)")
    if named:
        _line(True, "symbol", f"{named.label}  ({named.probability:.0%} sure)")
    else:
        _line(None, "symbol", "no model of symbols here; classify needs it, and recognize reads better with it")
    _line(True, "speed", f"{loaded - began:.2f} s with loading, {1000 * (warm - loaded):.0f} ms warm")
    right = result.latex == example.latex
    _line(right or None, "self-test", "read as written" if right else f"written was {example.latex}")
    return True


def _classified(recognizer: Recognizer, symbol: list[Stroke]) -> Candidate | None:
    """The likeliest label of a symbol; None where models of formulas come alone, as the pipeline writes them."""
    try:
        return recognizer.classify(symbol, top_k=1)[0]
    except FileNotFoundError:
        return None
