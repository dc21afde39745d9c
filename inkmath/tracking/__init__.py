"""Tracking: one MLflow run for each training, resumed by its evaluation, with a model that reads InkML."""

from inkmath.tracking.location import TrackingError, checkpoint_file
from inkmath.tracking.model import ModelFiles
from inkmath.tracking.provenance import params_hash, validation_data
from inkmath.tracking.run import Run, resume_run, training_run

__all__ = [
    "ModelFiles",
    "Run",
    "TrackingError",
    "checkpoint_file",
    "params_hash",
    "resume_run",
    "training_run",
    "validation_data",
]
