"""Tracking: one MLflow run for each training, resumed by its evaluation, with a model that reads InkML."""

from inkmath.tracking.location import TrackingError
from inkmath.tracking.model import ModelFiles
from inkmath.tracking.provenance import validation_data
from inkmath.tracking.run import Run, resume_run, training_run

__all__ = ["ModelFiles", "Run", "TrackingError", "resume_run", "training_run", "validation_data"]
