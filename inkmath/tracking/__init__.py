"""Tracking: one MLflow run for each training, resumed by its evaluation, with a model that reads InkML."""

import os

from inkmath.tracking.location import TrackingError, checkpoint_file
from inkmath.tracking.model import ModelFiles
from inkmath.tracking.provenance import params_hash, validation_data
from inkmath.tracking.run import Run, resume_run, training_run

# MLflow reads it when it is imported, which is later; else it reports what is called here to its makers. `.dvc/config`
# says the same to DVC.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

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
