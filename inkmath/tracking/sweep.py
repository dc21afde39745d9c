"""Sweeps: a parent run in MLflow that gathers the runs of queued experiments, and what they gave at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log
from typing import TYPE_CHECKING

from inkmath.counting import counted
from inkmath.tracking.location import TrackingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

    from inkmath.tracking.location import Location

PARENT = "mlflow.parentRunId"

SAMPLES = "validation_samples"
"""Tag of a run: the digest of what its validation figures were measured on, wherever on a machine that lies."""

LONGEST = 8
"""Characters of a number that are written on a picture as they are."""


def parent_run(client: MlflowClient, location: Location, experiment_id: str, sweep: str) -> str:
    """The id of the run that stands for a sweep; made by whichever training of the sweep comes first."""
    with location.lock():
        found = _find_parent(client, experiment_id, sweep)
        if found is None:
            found = client.create_run(experiment_id, tags={"sweep": sweep, "sweep_parent": "true"}, run_name=sweep)
            # No training can know that it is the last one, so the parent does not stay open.
            client.set_terminated(found.info.run_id)
    return str(found.info.run_id)


def note_best(
    client: MlflowClient, location: Location, run_id: str, metric: str, value: float, samples: str
) -> list[str]:
    """Show a sweep's best validation figure, and whose it is, on its parent.

    Does nothing for a run outside a sweep, nor for a figure that is no number: no other would ever be better. Figures
    on other ``samples`` than the sweep's first one are not compared: a larger share of others need not be better.

    Returns:
        Lines that say what was not compared.
    """
    parent_id = client.get_run(run_id).data.tags.get(PARENT)
    if parent_id is None or not isfinite(value):
        return []
    with location.lock():
        parent = client.get_run(parent_id)
        if parent.data.tags.get(SAMPLES, samples) != samples:
            name = parent.info.run_name
            return [f"sweep {name}: {metric} {value:.6g} is not compared with its best, measured on other samples"]
        client.set_tag(parent_id, SAMPLES, samples)
        known = parent.data.metrics.get(metric)
        if known is None or value > known:
            client.log_metric(parent_id, metric, value)
            client.set_tag(parent_id, "best_run", run_id)
    return []


def _find_parent(client: MlflowClient, experiment_id: str, sweep: str) -> MlflowRun | None:
    found = client.search_runs(
        [experiment_id],
        filter_string=f"tags.sweep = '{sweep}' and tags.sweep_parent = 'true'",
        order_by=["attributes.start_time ASC"],
        max_results=1,
    )
    return found[0] if found else None


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep.

    Attributes:
        name: the ``track.sweep`` they were given.
        metric: the validation figure that the sweep is judged by.
        runs: in the order they began.
        varied: for each parameter that is not the same in all runs, its value in each; and `SAMPLES`, where figures
            were measured on several sets of them.
        curves: for each run, the figure after every epoch; empty for a run that logged none.
    """

    name: str
    metric: str
    runs: list[MlflowRun]
    varied: dict[str, list[str]]
    curves: list[list[float]]

    @property
    def values(self) -> list[float]:
        """The figure of each run; NaN for a run without one."""
        return [run.data.metrics.get(self.metric, float("nan")) for run in self.runs]

    def table(self) -> str:
        """A line for each run: its name, status, varied parameters and figure."""
        head = ["run", "status", *self.varied, self.metric]
        rows = [
            [run.info.run_name, run.info.status, *(column[index] for column in self.varied.values()), f"{value:.4f}"]
            for index, (run, value) in enumerate(zip(self.runs, self.values, strict=True))
        ]
        widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
        lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows))
        return "\n".join(line.rstrip() for line in lines)

    def draw(self) -> Figure:
        """The figure over the epochs, and beside it each run as a line through its parameters to its figure."""
        from matplotlib import colormaps
        from matplotlib.figure import Figure

        figure = Figure(figsize=(13, 5.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
        known = [value for value in self.values if value == value]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        shades = [colormaps["viridis"](0.95 * (value - low) / (high - low or 1.0)) for value in self.values]
        for curve, shade in zip(self.curves, shades, strict=True):
            left.plot(range(1, len(curve) + 1), curve, color=shade, marker=".")
        left.xaxis.get_major_locator().set_params(integer=True)
        left.set(xlabel="epoch", ylabel=self.metric, title=counted(len(self.runs), "run"))
        left.grid(alpha=0.3)
        self._draw_parallel(right, shades)
        return figure

    def _draw_parallel(self, axes: Axes, shades: Sequence[tuple[float, ...]]) -> None:
        columns = {name: _positions(values) for name, values in self.varied.items()}
        columns[self.metric] = _positions([f"{value:.4g}" for value in self.values])
        for index, shade in enumerate(shades):
            heights = [positions[index] for positions, _ in columns.values()]
            axes.plot(range(len(columns)), heights, color=shade, alpha=0.85, linewidth=1.6)
        for place, (_, ticks) in enumerate(columns.values()):
            axes.axvline(place, color="0.6", linewidth=0.8, zorder=0)
            for label, height in ticks.items():
                axes.annotate(
                    label, (place, height), xytext=(4, 0), textcoords="offset points", fontsize=8, va="center",
                    bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75},
                )  # fmt: skip
        axes.set_xticks(range(len(columns)), [name.replace(".", ".\n", 1) for name in columns], fontsize=9)
        axes.set(yticks=[], title=f"sweep {self.name}", xlim=(-0.15, len(columns) - 0.7))
        for side in ("left", "right", "top", "bottom"):
            axes.spines[side].set_visible(False)


def read_sweep(client: MlflowClient, experiment: str, name: str, metric: str) -> Sweep:
    """Everything MLflow knows of a sweep.

    Raises:
        TrackingError: the experiment has no such sweep, the sweep has no runs, or they have other figures.
    """
    found = client.get_experiment_by_name(experiment)
    # By their own tag: where two machines began a sweep in one moment, it has two parents.
    gathered = (
        client.search_runs(
            [found.experiment_id],
            filter_string=f"tags.sweep = '{name}'",
            order_by=["attributes.start_time ASC"],
            max_results=10_000,
        )
        if found
        else []
    )
    runs = [run for run in gathered if "sweep_parent" not in run.data.tags]
    if not runs:
        raise TrackingError(f"the MLflow experiment {experiment} has no sweep {name}; train with -S track.sweep={name}")
    figures = sorted({figure for run in runs for figure in run.data.metrics})
    if figures and metric not in figures:
        raise TrackingError(f"no run of the sweep {name} has a figure {metric}; they have {', '.join(figures)}")
    names = sorted({name for run in runs for name in run.data.params})
    columns = {name: [run.data.params.get(name, "") for run in runs] for name in names}
    samples = [run.data.tags.get(SAMPLES, "") for run in runs]
    if len({*samples} - {""}) > 1:
        columns[SAMPLES] = samples
    return Sweep(
        name=name,
        metric=metric,
        runs=list(runs),
        varied={name: values for name, values in columns.items() if len(set(values)) > 1},
        curves=[_curve(client, run.info.run_id, metric) for run in runs],
    )


def _curve(client: MlflowClient, run_id: str, metric: str) -> list[float]:
    first: dict[int, float] = {}
    for point in sorted(client.get_metric_history(run_id, metric), key=lambda point: point.timestamp):
        # The figure of the kept weights follows that of the last epoch, at the same step.
        first.setdefault(point.step, point.value)
    return [first[step] for step in sorted(first)]


def _positions(values: list[str]) -> tuple[list[float], dict[str, float]]:
    """Heights in 0..1 for the values of an axis, and the labels to write on it: numbers to scale, words evenly."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        order = sorted(set(values))
        places = {value: rank / max(1, len(order) - 1) for rank, value in enumerate(order)}
        return [places[value] for value in values], places
    known = [number for number in numbers if number == number]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low > 0 and high / low >= 8:  # learning rates and widths are chosen by factors
        numbers, low, high = [log(number) for number in numbers], log(low), log(high)
    heights = [(number - low) / (high - low or 1.0) for number in numbers]
    # What a sampler drew has more digits than a picture has room for.
    labels = [value if len(value) <= LONGEST else f"{float(value):.4g}" for value in values]
    by_label = {label: height for label, height in zip(labels, heights, strict=True) if isfinite(height)}
    if len(by_label) > 8:
        ends = sorted(by_label, key=lambda label: by_label[label])
        by_label = {label: by_label[label] for label in (ends[0], ends[len(ends) // 2], ends[-1])}
    return heights, by_label
