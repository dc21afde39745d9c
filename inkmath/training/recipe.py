"""How a formula reader is trained, in numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from inkmath.synthesis.augment import Bend
from inkmath.synthesis.compose import Mix


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes; in each, every formula occurs once whole and once in part. batch_strokes: strokes a step, about.
        learning_rate: at its highest. warmup: steps until there. decay: share of the epochs, at the end, over which it
        falls to nothing. branches: how often those last epochs are trained, each time from where the others began and
        with draws of its own; the mean of what they arrive at is kept. weight_decay: of AdamW. smoothing: of the class
        labels. average: momentum of the averaged weights, which are the ones kept. judge_every: epochs between looks
        at the validation split. teachers_share: of what is learned, what teachers say; the rest is truth.
    """

    seed: int = 0
    epochs: int = 100
    batch_strokes: int = 1200
    learning_rate: float = 1e-3
    warmup: int = 300
    decay: float = 0.3
    branches: int = 1
    weight_decay: float = 0.02
    smoothing: float = 0.05
    judge_every: int = 4
    teachers_share: float = 0.0
    average: float = 0.999
    mix: Mix = field(default_factory=Mix)
    bend: Bend = field(default_factory=Bend)

    @property
    def fork(self) -> int:
        """Epochs before the learning rate falls: there branches leave the trunk."""
        return math.floor(self.epochs * (1.0 - self.decay) + 1e-9)
