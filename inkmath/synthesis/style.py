"""Writers: how one person's hand bends the shapes of the font, and how the pen moves along them.

What makes a hand is drawn once for each writer (`Style`, and a personal shape for every symbol); what differs between
two symbols of one writer is drawn each time. The pen slows in curves and at the ends of a stroke, after the two-thirds
power law of hand movement (Lacquaniti, Terzuolo and Viviani, Acta Psychologica 1983), and is sampled evenly in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inkmath.synthesis.allographs import SMALL, SPELLED
from inkmath.synthesis.font import CAPITAL_HEIGHT, X_HEIGHT, Glyph, Path, allographs

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTHS = 0.16  # spread of the widths of one writer's shapes, of their logarithm


@dataclass(frozen=True)
class Style:
    """One writer's habits; lengths are in font units, of which an ``x`` is 14 high.

    Attributes:
        slant: shift to the right per unit of height.
        aspect: width of symbols relative to the font; each shape has a width of its own besides.
        x_height: height of small letters without ascender relative to the font; what rises above them ends where
            capitals do, as ever.
        digit_height: height of digits relative to capitals.
        cursive: how much likelier than usual a running form is.
        joining: how often a pen-up that may be left out is.
        constancy: how often the favourite form of a symbol is written, rather than the second.
        personality: how far the writer's shapes lie from the font's.
        variation: how far two of the writer's symbols lie from each other.
        rounding: how far corners are cut.
        hook: length of the hook where the pen comes down; 0 for none.
        hook_angle: the direction it comes from, in radians.
        dot: size of a dot.
        tremor: size of the noise of hand and device.
        backwards: how often a straight stroke is drawn from its other end.
        spacing: gaps between symbols relative to the usual.
        script: size of a script relative to what it stands at.
        fraction: size of numerator and denominator relative to the line.
        raise_jitter: how far symbols stray from the line.
        size_jitter: relative spread of the sizes of symbols.
        slope: how far the line sinks per unit of its length; negative where it rises.
        drift: how far the line wanders from straight.
        bar_first: how often a fraction begins with its bar.
        sup_first: whether superscripts come before subscripts.
        root_last: how often a root is drawn after its content.
        root_strokes: 1, or 2 where the pen is lifted before the bar of a root.
        centred: how often the columns of a matrix are centred, rather than aligned on the left.
        apart: gaps between the rows and columns of a matrix relative to the usual.
        unit: device units in a font unit.
        rate: points for a font unit of straight line.
    """

    slant: float
    aspect: float
    x_height: float
    digit_height: float
    cursive: float
    joining: float
    constancy: float
    personality: float
    variation: float
    rounding: float
    hook: float
    hook_angle: float
    dot: float
    tremor: float
    backwards: float
    spacing: float
    script: float
    fraction: float
    raise_jitter: float
    size_jitter: float
    slope: float
    drift: float
    bar_first: float
    sup_first: bool
    root_last: float
    root_strokes: int
    unit: float
    rate: float
    centred: float
    apart: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Style:
        """A random hand."""
        return cls(
            slant=float(np.clip(rng.normal(0.12, 0.13), -0.25, 0.45)),
            aspect=float(np.clip(rng.lognormal(0.0, 0.13), 0.75, 1.35)),
            x_height=float(np.clip(rng.lognormal(0.0, 0.14), 0.7, 1.35)),
            digit_height=float(np.clip(rng.lognormal(-0.03, 0.1), 0.75, 1.2)),
            cursive=float(rng.choice([0.15, 0.6, 3.0])),
            joining=float(rng.beta(0.6, 3.0)),
            constancy=float(rng.uniform(0.75, 1.0)),
            personality=float(rng.uniform(0.6, 1.6)),
            variation=float(rng.uniform(0.35, 0.8)),
            rounding=float(rng.uniform(0.4, 1.5)),
            hook=float(max(0.0, rng.normal(0.0, 1.0))),
            hook_angle=float(rng.uniform(0.0, 2 * np.pi)),
            dot=float(rng.choice([0.0, 0.4, 0.8, 1.2])),
            tremor=float(rng.uniform(0.01, 0.12)),
            backwards=float(rng.choice([0.0, 0.02, 0.15], p=[0.6, 0.3, 0.1])),
            spacing=float(np.clip(rng.lognormal(0.2, 0.35), 0.6, 2.8)),
            script=float(rng.uniform(0.55, 0.8)),
            fraction=float(rng.uniform(0.75, 1.0)),
            raise_jitter=float(rng.uniform(0.3, 1.8)),
            size_jitter=float(rng.uniform(0.04, 0.15)),
            slope=float(rng.normal(0.0, 0.03)),
            drift=float(rng.uniform(0.0, 3.0)),
            bar_first=float(rng.choice([0.02, 0.1, 0.9], p=[0.5, 0.3, 0.2])),
            sup_first=bool(rng.random() < 0.3),
            root_last=float(rng.choice([0.0, 0.7], p=[0.92, 0.08])),
            root_strokes=int(rng.choice([1, 2], p=[0.88, 0.12])),
            unit=float(np.exp(rng.uniform(np.log(0.5), np.log(40.0)))),
            rate=float(np.exp(rng.uniform(np.log(0.45), np.log(1.3)))),
            centred=float(rng.choice([0.95, 0.3], p=[0.75, 0.25])),
            apart=float(np.clip(rng.lognormal(0.0, 0.2), 0.85, 1.7)),
        )


class Writer:
    """One made-up person: the same seed writes in the same hand, whatever was written before.

    Args:
        seed: numbers that name the writer.
    """

    def __init__(self, seed: Sequence[int]) -> None:
        self._seed = tuple(seed)
        self.style = Style.draw(np.random.default_rng(self._seed))
        self._forms: dict[tuple[str, int], tuple[Path, ...]] = {}

    def symbol(self, label: str, rng: np.random.Generator) -> list[Path]:
        """Write a symbol at unit size.

        Returns:
            Strokes in font units, y downward from the baseline.

        Raises:
            KeyError: the class has no fixed shape, as ``\\sqrt``.
        """
        if label in SPELLED:
            return self._spell(SPELLED[label], rng)
        rank = 0 if rng.random() < self.style.constancy else 1
        return self.free_hand(self._personal(label, rank), rng)

    def free_hand(self, strokes: Sequence[Path], rng: np.random.Generator) -> list[Path]:
        """Vary strokes as two writings of one writer differ."""
        return _bend(strokes, self.style.variation, rng)

    @property
    def decimals(self) -> int:
        """Decimal places that the writer's device records."""
        return 2 if self.style.unit < 4.0 else 0

    def pen(self, path: Path, size: float, rng: np.random.Generator) -> Path:
        """Move the pen along a path and record it.

        Args:
            path: shape ``(points, 2)``, in font units, points evenly and closely spaced; one point makes a dot.
            size: of the symbol, relative to one on the main line.
            rng: source of the noise.

        Returns:
            Shape ``(samples, 2)`` in device units, not yet rounded, at least one sample.
        """
        style = self.style
        if len(path) == 1:
            if style.dot:
                path = path + np.cumsum(rng.normal(0.0, style.dot * size**0.5, size=(rng.integers(2, 6), 2)), axis=0)
        else:
            hook = style.hook * size * min(len(path) / 60, 1.0)
            if hook > 0.3 and rng.random() < 0.7:
                reach = hook * np.array([np.cos(style.hook_angle), np.sin(style.hook_angle)])
                path = np.concatenate([path[0] + np.linspace(1.0, 0.0, 4)[:-1, None] * reach, path])
            path = _sample_in_time(_round(path, style.rounding * size**0.5), style.rate / size**0.5, rng)
            path = path + style.tremor * _smooth_noise(len(path), rng)
        return path * style.unit

    def _personal(self, label: str, rank: int) -> tuple[Path, ...]:
        """The writer's form of a class: the favourite (rank 0), or the second."""
        if (label, rank) not in self._forms:
            rng = np.random.default_rng([*self._seed, rank, *label.encode()])
            ways = allographs(label)
            weights = np.array([weight * (self.style.cursive if glyph.cursive else 1.0) for weight, glyph in ways])
            glyph = ways[int(rng.choice(len(ways), p=weights / weights.sum()))][1]
            self._forms[label, rank] = self._form(label, glyph, rng)
        return self._forms[label, rank]

    def _form(self, label: str, glyph: Glyph, rng: np.random.Generator) -> tuple[Path, ...]:
        style = self.style
        strokes: list[Path] = []
        for index, stroke in enumerate(glyph.strokes):
            if _is_straight(stroke) and rng.random() < style.backwards:
                stroke = stroke[::-1]
            if index and index - 1 in glyph.joinable and rng.random() < style.joining:
                strokes[-1] = _join(strokes[-1], stroke)
            else:
                strokes.append(stroke)
        bent = _bend(strokes, style.personality, rng)
        width = style.aspect * float(np.clip(rng.lognormal(0.0, _WIDTHS), 0.65, 1.55))
        if label in SMALL:
            bent = [_with_x_height(stroke, style.x_height) for stroke in bent]
        elif label.isdigit():
            bent = [stroke * (1.0, style.digit_height) for stroke in bent]
        return tuple(_shear(stroke * (width, 1.0), style.slant) for stroke in bent)

    def _spell(self, word: str, rng: np.random.Generator) -> list[Path]:
        strokes: list[Path] = []
        right = 0.0
        for letter in word:
            drawn = self.symbol(letter, rng)
            left = min(stroke[:, 0].min() for stroke in drawn)
            gap = rng.uniform(1.0, 3.0) if strokes else 0.0
            drawn = [stroke + np.array([right + gap - left, 0.0]) for stroke in drawn]
            if strokes and len(strokes[-1]) > 1 and len(drawn[0]) > 1 and rng.random() < self.style.joining:
                strokes[-1] = _join(strokes[-1], drawn.pop(0))
            strokes.extend(drawn)
            right = max(float(stroke[:, 0].max()) for stroke in strokes)
        return strokes


def _bend(strokes: Sequence[Path], amount: float, rng: np.random.Generator) -> list[Path]:
    """Bend strokes smoothly: the sheet they are on, each as a whole, and each along its length.

    A point moves by about ``amount`` font units; one of a straight stroke by half of that, since lines come easily.
    """
    every = np.concatenate(strokes)  # (P, 2)
    lengths = np.array([len(stroke) for stroke in strokes])  # (S,)
    starts = np.cumsum(lengths) - lengths
    owner = np.repeat(np.arange(len(strokes)), lengths)  # (P,)
    loose = np.array([0.5 if _is_straight(stroke) else 1.0 for stroke in strokes])  # (S,)
    # The sheet: three plane waves, each longer than the symbol.
    extent = max(float(np.ptp(every, axis=0).max()), X_HEIGHT)
    waves = rng.normal(size=(3, 2))
    waves *= (2 * np.pi / (extent * rng.uniform(1.0, 2.5, size=3)) / np.hypot(*waves.T))[:, None]
    bent = np.sin(every @ waves.T + rng.uniform(0.0, 2 * np.pi, size=3)) @ rng.normal(scale=0.8 * amount, size=(3, 2))
    bent *= loose[owner, None]
    bent += every * (1.0 + rng.normal(scale=0.05 * amount, size=2))
    # Each stroke as a whole: moved, turned, scaled.
    turn = rng.normal(scale=0.03 * amount) + rng.normal(scale=0.02 * amount, size=len(strokes))
    scale = 1.0 + rng.normal(scale=0.05 * amount, size=len(strokes))
    centre = np.add.reduceat(bent, starts) / lengths[:, None]  # (S, 2)
    offset = bent - centre[owner]
    offset += turn[owner, None] * offset[:, ::-1] * (-1.0, 1.0)
    bent = (centre + rng.normal(scale=0.5 * amount, size=centre.shape))[owner] + scale[owner, None] * offset
    # Along each stroke: slow waves, weaker in a short one, which has no room to wander.
    size = np.maximum(np.maximum.reduceat(every, starts) - np.minimum.reduceat(every, starts), 0.0).max(axis=1)
    reach = 0.4 * amount * loose * np.minimum(size / X_HEIGHT, 1.0)
    push = rng.normal(size=(len(strokes), 3, 2)) * reach[:, None, None] / np.arange(1, 4)[:, None]
    along = np.pi * (np.arange(len(every)) - starts[owner]) / np.maximum(lengths - 1, 1)[owner]  # (P,)
    bent += np.einsum("pk,pkd->pd", np.cos(along[:, None] * np.arange(1, 4)), push[owner])
    return np.split(bent, starts[1:])


def _shear(path: Path, slant: float) -> Path:
    return np.stack([path[:, 0] - slant * path[:, 1], path[:, 1]], axis=1)


def _with_x_height(path: Path, ratio: float) -> Path:
    """Raise or lower small letters; their ascenders still end at the height of capitals."""
    height = -path[:, 1]
    raised = ratio * X_HEIGHT
    ascending = raised + (height - X_HEIGHT) * (CAPITAL_HEIGHT - raised) / (CAPITAL_HEIGHT - X_HEIGHT)
    return np.stack([path[:, 0], -np.where(height > X_HEIGHT, ascending, ratio * height)], axis=1)


def _is_straight(path: Path) -> bool:
    if len(path) == 1:
        return False
    length = np.hypot(*np.diff(path, axis=0).T).sum()
    return bool(np.hypot(*(path[-1] - path[0])) > 0.98 * length)


def _join(first: Path, second: Path) -> Path:
    """One stroke out of two, with the pen kept down between them."""
    gap = float(np.hypot(*(second[0] - first[-1])))
    steps = np.linspace(0.0, 1.0, max(int(2 * gap), 2))[1:-1, None]
    return np.concatenate([first, first[-1] + steps * (second[0] - first[-1]), second])


def _round(path: Path, width: float) -> Path:
    """Cut corners: a Gaussian of ``width`` units along the path, its ends held."""
    step = float(np.hypot(*np.diff(path, axis=0).T).sum()) / (len(path) - 1)
    reach = min(int(3 * width / step) + 1, len(path) - 1)
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets * step / width) ** 2)
    kernel /= kernel.sum()
    before = 2 * path[0] - path[reach:0:-1]
    after = 2 * path[-1] - path[-2 : -reach - 2 : -1]
    padded = np.concatenate([before, path, after])
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _sample_in_time(path: Path, rate: float, rng: np.random.Generator) -> Path:
    """Samples at even times of a pen that slows in curves and near its ends; ``rate`` samples a unit at full speed."""
    steps = np.diff(path, axis=0)  # (P - 1, 2)
    lengths = np.hypot(*steps.T) + 1e-9
    headings = np.arctan2(steps[:, 1], steps[:, 0])
    turns = np.abs((np.diff(headings) + np.pi) % (2 * np.pi) - np.pi)
    curvature = np.concatenate([turns[:1], turns, turns[-1:]])[: len(steps)] / lengths  # radians a unit
    travelled = np.cumsum(lengths)
    to_end = np.minimum(travelled, travelled[-1] - travelled + lengths)
    speed = (1.0 + 8.0 * curvature) ** (-1 / 3) * np.clip(0.35 + to_end / 5.0, 0.0, 1.0)
    times = np.concatenate([[0.0], np.cumsum(lengths / speed)])
    samples = max(int(times[-1] * rate), 3)
    at = np.arange(samples) * (times[-1] / (samples - 1))
    at[1:-1] += rng.uniform(-0.2, 0.2, size=samples - 2) * times[-1] / samples
    return np.stack([np.interp(at, times, path[:, axis]) for axis in (0, 1)], axis=1)


def _smooth_noise(samples: int, rng: np.random.Generator) -> Path:
    noise = rng.normal(size=(samples + 2, 2))
    smooth: Path = (noise[:-2] + 2 * noise[1:-1] + noise[2:]) / np.sqrt(6.0)
    return smooth
