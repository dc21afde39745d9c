"""Training: fit loops and checkpoints."""


class TrainingError(ValueError):
    """A training cannot begin or go on; the message says why and what to do."""
