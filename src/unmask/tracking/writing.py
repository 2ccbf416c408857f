"""What is written for a trained model and for its evaluation, in the order that makes a half-written run harmless.

A run gets its `model_sha256` last: one that was cut short is never taken for whole, and is written anew.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unmask import config
from unmask.artifacts import read_json
from unmask.environment import Environment
from unmask.tracking.contents import (
    CHAMPION_FILE,
    FIRST_BATCH_FILE,
    HISTORY_FILE,
    METRICS_FILE,
    TRAINING_FILE,
    Point,
    TrainedModel,
    audit_files,
    damaged,
    digest_of_files,
    digest_of_folder,
    read_evaluation,
)
from unmask.tracking.provenance import Revision, revision_of_output
from unmask.tracking.runs import EXPERIMENT_TAG, MODEL_TAG, TRAINING_TAG, Runs

SHARDS = "data/shards"
TRAINING_FOLDER = "training"
EVALUATION_FOLDER = "evaluation"
COMPARISON_FOLDER = "compare"
DATA_FOLDER = "data"
EVALUATION_TAG = "evaluation_sha256"
AUDIT_TAG = "audit_sha256"
COMPARISON_TAG = "comparison_sha256"


def run_name(model_name: str, environment: Environment) -> str:
    """The model's name, and the experiment's where there is one."""
    return f"{model_name} {environment.experiment}".rstrip()


def run_tags(stage: str, *, environment: Environment, revision: Revision) -> dict[str, str]:
    """The tags that are known before a stage such as "train@cnn" has run."""
    return {
        "git_commit": revision.commit,
        "git_dirty": revision.dirty,
        EXPERIMENT_TAG: environment.experiment,
        "dvc_stage": stage,
        "machine": environment.machine,
        "mlflow.source.name": f"dvc repro {stage}",
        "mlflow.source.type": "PROJECT",
        "mlflow.source.git.commit": revision.commit,
    }


def train_stage(model_name: str) -> str:
    """Names the stage that trains a model."""
    return f"train@{model_name}"


def run_parameters(model_name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run: those of its section, and which model."""
    return {"model": model_name, **parameters}


def unfinished_run(runs: Runs, *, key: str) -> str | None:
    """Finds the run of a training that was interrupted, by what it is made of; one with a model is over."""
    found = runs.find_tagged(TRAINING_TAG, key)
    return None if found is None or MODEL_TAG in found.data.tags else str(found.info.run_id)


def write_training(runs: Runs, *, run_id: str, model: TrainedModel) -> None:
    """Fills a started run from the finished model folder."""
    from unmask.tracking.models import log_model  # here: it imports Keras, which nothing else in this file needs

    runs.log_missing_points(run_id, model.curves)
    runs.log_splits(run_id, model.splits, folder=SHARDS)
    files = [model.folder / name for name in (HISTORY_FILE, TRAINING_FILE, FIRST_BATCH_FILE)]
    runs.log_files(run_id, [file for file in files if file.exists()], folder=TRAINING_FOLDER)
    write_audit(runs, run_id=run_id, model=model)
    log_model(model, run_id=run_id, uri=runs.store.uri)
    runs.set_tags(run_id, {"data_sha256": model.data_sha256, MODEL_TAG: model.sha256})


def write_audit(runs: Runs, *, run_id: str, model: TrainedModel) -> bool:
    """Adds what is known of a model's data, unless the run has this very audit: its source, index's and split's audits.

    Returns:
        Whether anything was written.
    """
    files = audit_files(model)
    digest = digest_of_files(files)
    if not files or runs.get(run_id).data.tags.get(AUDIT_TAG) == digest:
        return False
    for file in files:
        runs.log_files(run_id, [file], folder=f"{DATA_FOLDER}/{file.parent.name}")
    runs.set_tags(run_id, {AUDIT_TAG: digest})
    return True


def find_or_rebuild(runs: Runs, *, model: TrainedModel, environment: Environment) -> tuple[str, bool]:
    """Finds a model's run, or writes it again from the files.

    Returns:
        The run's id, and whether it was written now.
    """
    if found := runs.find(model.sha256, experiment=environment.experiment):
        return str(found.info.run_id), False
    revision = revision_of_output(model.folder)
    run_id = runs.start(
        run_name(model.name, environment),
        parameters=run_parameters(model.name, model.parameters),
        tags={
            **run_tags(train_stage(model.name), environment=environment, revision=revision),
            "rebuilt_from_files": "true",
        },
    )
    write_training(runs, run_id=run_id, model=model)
    runs.end(run_id, "FINISHED")
    return run_id, True


def write_model(
    runs: Runs, *, model: TrainedModel, report_folder: Path, section: config.EvaluateConfig, environment: Environment
) -> list[str]:
    """Writes what a store lacks about one model: its run, and its evaluation where there is one.

    Returns:
        What was written, in words.
    """
    run_id, is_new = find_or_rebuild(runs, model=model, environment=environment)
    written = [f"{model.name}: training"] if is_new else []
    if write_audit(runs, run_id=run_id, model=model):
        written.append(f"{model.name}: audit of its data")
    has_report = (report_folder / METRICS_FILE).exists()
    if has_report and write_evaluation(runs, run_id=run_id, report_folder=report_folder, section=section):
        written.append(f"{model.name}: evaluation")
    return written


def write_evaluation(runs: Runs, *, run_id: str, report_folder: Path, section: config.EvaluateConfig) -> bool:
    """Adds an evaluation to its model's run, unless the run has this very one.

    The section goes into tags: MLflow's parameters cannot change, and one model may be judged again in another way.

    Returns:
        Whether anything was written.

    Raises:
        EvaluationError: its `metrics.json` is damaged.
    """
    run = runs.get(run_id)
    digest = digest_of_folder(report_folder)
    if run.data.tags.get(EVALUATION_TAG) == digest:
        return False
    outputs = run.outputs.model_outputs if run.outputs else []
    scores, test = read_evaluation(report_folder / METRICS_FILE)
    points = [Point(name, value, 0) for name, value in scores.items()]
    runs.log_points(run_id, points, model_id=outputs[0].model_id if outputs else None)
    runs.log_splits(run_id, [test] if test else [], folder=SHARDS)
    runs.log_folder(run_id, report_folder, folder=EVALUATION_FOLDER)
    how = config.flatten(section) if dataclasses.is_dataclass(section) else {}
    runs.set_tags(run_id, {**{f"evaluate.{key}": str(value) for key, value in how.items()}, EVALUATION_TAG: digest})
    return True


def write_comparison(runs: Runs, *, folder: Path, environment: Environment) -> list[str]:
    """Adds the comparison of the models to its champion's run, unless the run has this very one.

    Args:
        runs: the store's.
        folder: `reports/compare`.
        environment: the run's surroundings.

    Returns:
        What was written, in words; nothing where no run has the champion's model.

    Raises:
        EvaluationError: its `champion.json` is damaged.
    """
    try:
        champion = read_json(folder / CHAMPION_FILE)
        name, sha256 = champion["model"], champion["model_sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(folder / CHAMPION_FILE) from error
    digest = digest_of_folder(folder)
    found = runs.find(sha256, experiment=environment.experiment)
    if found is None or found.data.tags.get(COMPARISON_TAG) == digest:
        return []
    run_id = str(found.info.run_id)
    runs.log_folder(run_id, folder, folder=COMPARISON_FOLDER)
    runs.set_tags(run_id, {COMPARISON_TAG: digest})
    return [f"{name}: comparison of the models"]
