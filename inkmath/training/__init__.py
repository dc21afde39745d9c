"""Training: fit loops and checkpoints."""


class TrainingError(ValueError):
    """A training cannot begin or go on; the message says why and what to do."""


def say_now(line: str) -> None:
    """Print a line at once, also where the output is a file."""
    print(line, flush=True)
