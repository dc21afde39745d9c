"""Evaluation: figures and pictures of what a model does on a data set."""


class EvaluationError(ValueError):
    """There is nothing to measure; the message says why and what to do."""
