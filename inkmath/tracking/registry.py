"""The model registry: every training adds a version; the alias ``champion`` moves only to a better one."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from inkmath.tracking.location import Location
from inkmath.tracking.model import EXAMPLE, signature
from inkmath.tracking.provenance import samples_of
from inkmath.tracking.sweep import SAMPLES, note_best

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

    from inkmath.tracking.journal import Record

CHAMPION = "champion"


def deliver_model(client: MlflowClient, run_id: str, folder: Path, record: Record) -> list[str]:
    """Log the packed model of a run, register it, and make it champion if it is better.

    Every step is skipped that an earlier, interrupted delivery has done.

    Returns:
        Lines that say what happened.
    """
    location = Location(uri=client.tracking_uri, root=folder.parents[1])
    model_id = _finished_model(client, run_id) or _log(client, run_id, folder, record)
    lines = [f"model models:/{model_id}"]
    if record["registered_as"]:
        with location.lock():
            found = _version_of_run(client, record["registered_as"], run_id)
            found = found or _register(client, run_id, model_id, record)
            lines.append(challenge(client, found))
    samples = samples_of(record["validation_data"])
    client.set_tag(run_id, SAMPLES, samples)
    return lines + note_best(client, location, run_id, record["metric"], record["value"], samples)


def _log(client: MlflowClient, run_id: str, folder: Path, record: Record) -> str:
    import mlflow
    import pandas as pd
    from mlflow.models import Model

    mlflow.set_experiment(experiment_id=client.get_run(run_id).info.experiment_id)
    logged = Model.log(
        artifact_path=None,
        name=record["task"],
        flavor=mlflow.pyfunc,
        run_id=run_id,
        loader_module="inkmath.tracking.model",
        data_path=str(folder / "model"),
        code_paths=[str(folder / "code" / "inkmath")],
        pip_requirements=record["requirements"],
        signature=signature(record["task"]),
        input_example=pd.DataFrame({"inkml": [EXAMPLE]}),
    )
    return str(logged.model_id)


def _finished_model(client: MlflowClient, run_id: str) -> str | None:
    """The run's model if it was logged whole; what an interrupted upload left is deleted."""
    from mlflow.entities import LoggedModelStatus

    experiment = client.get_run(run_id).info.experiment_id
    for model in client.search_logged_models([experiment], filter_string=f"source_run_id = '{run_id}'"):
        if model.status == LoggedModelStatus.READY:
            return str(model.model_id)
        client.delete_logged_model(model.model_id)
    return None


def _version_of_run(client: MlflowClient, name: str, run_id: str) -> ModelVersion | None:
    found = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    return found[0] if found else None


def _register(client: MlflowClient, run_id: str, model_id: str, record: Record) -> ModelVersion:
    import mlflow

    tags = {key: str(record[key]) for key in ("metric", "value", "validation_data")}
    if record.get("ink"):
        tags["ink"] = record["ink"]
    if not record.get("finished", True):  # records of earlier versions do not say
        tags["finished"] = "false"
    return mlflow.register_model(f"models:/{model_id}", record["registered_as"], tags=tags)


def challenge(client: MlflowClient, version: ModelVersion) -> str:
    """Give the alias to ``version`` if it beats the champion; call it with the lock of the location held.

    Without a champion it wins. Equal is not better. Figures under another metric, or on other validation ink, say
    nothing about which is better, so they never move the alias; nor does a model whose training is to go on.
    """
    name, number = version.name, version.version
    tags = version.tags
    here = f"{tags['metric']} {float(tags['value']):.6g}"
    by_hand = f"to crown it: python -m inkmath.tracking champion {name} {number}"
    if not isfinite(float(tags["value"])):
        return f"{name} version {number} ({here}) can be no champion"
    if tags.get("finished") == "false":
        return (
            f"{name} version {number} ({here}) is of a training that was stopped before its end and is to go on, so it "
            f"moves no alias; {by_hand}"
        )
    aliases = client.get_registered_model(name).aliases
    if CHAMPION not in aliases:
        client.set_registered_model_alias(name, CHAMPION, number)
        return f"{name} version {number} is the first champion ({here})"
    if str(aliases[CHAMPION]) == str(number):
        return f"{name} version {number} is the champion ({here})"
    champion = client.get_model_version(name, aliases[CHAMPION])
    if any(champion.tags.get(key) != tags[key] for key in ("metric", "validation_data")):
        return (
            f"{name} version {number} ({here}) is not compared with champion version {champion.version}, which was "
            f"measured otherwise ({champion.tags.get('metric')} on {champion.tags.get('validation_data')}, this on "
            f"{tags['validation_data']}); {by_hand}"
        )
    there = float(champion.tags["value"])
    if float(tags["value"]) > there:
        client.set_registered_model_alias(name, CHAMPION, number)
        return f"{name} version {number} is the new champion ({here}, before {there:.6g})"
    return f"{name} version {number} ({here}) is no better than champion version {champion.version} ({there:.6g})"


def crown(client: MlflowClient, name: str, number: str) -> None:
    """Make a version the champion because a person says so."""
    client.set_registered_model_alias(name, CHAMPION, number)
