"""An MLflow store with one of everything that this project writes, and more; and what is in a store, told by MLflow."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
    ViewType,
)

NAME = "unmask"
RUNS, POINTS = 3, 120
ODD = "grün, '\"%s\\ 漢 \n"
FILES = {"training/history.csv": b"epoch,loss\n0,0.5\n", "empty.bin": b"", "plots/a b/ü.png": bytes(range(256)) * 40}
EVERY = ViewType.ALL


def fill(uri: str, *, folder: Path, runs: int = RUNS) -> None:
    """Fills a store: runs with curves, odd numbers and texts, data, files, models, a registry, a deleted run, a trace.

    Args:
        uri: where the store is: a database or a server.
        folder: a place for files on their way.
        runs: how many.
    """
    client = MlflowClient(uri)
    found = client.get_experiment_by_name(NAME)
    experiment = found.experiment_id if found else client.create_experiment(NAME)
    client.set_experiment_tag(experiment, "odd", ODD)
    for path, content in FILES.items():
        (folder / "files" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / path).write_bytes(content)
    with used(uri):
        client.create_registered_model(NAME, tags={"kind": "detector"}, description=ODD)
        for number in range(runs):
            fill_run(client, experiment, number=number, folder=folder)
        client.set_registered_model_alias(NAME, "champion", "1")
        client.set_registered_model_alias(NAME, "challenger", str(runs))
        client.delete_run(client.search_runs([experiment])[0].info.run_id)
        span = mlflow.start_span_no_context("a trace", experiment_id=experiment)
        span.set_inputs({"picture": ODD})
        span.end()
        mlflow.flush_trace_async_logging()


def fill_run(client: MlflowClient, experiment: str, *, number: int, folder: Path) -> None:
    run_id = client.create_run(experiment, run_name=f"cnn {number}", tags={"odd": ODD}).info.run_id
    odd_numbers = [math.nan, math.inf, -math.inf, 5e-324, 0.1 + 0.2, -0.0]
    points = [Metric("loss", 1 / (step + 1 + number), 1000 + step, step) for step in range(POINTS)]
    odd = [Metric("odd", value, 2000, step) for step, value in enumerate(odd_numbers)]
    parameters = [Param(f"recipe.{index}", f"{index / 7}") for index in range(20)]
    client.log_batch(run_id, metrics=points + odd, params=parameters, tags=[RunTag("model_sha256", f"{number:064x}")])
    data = Dataset("train", f"{number:012x}", "local", '{"uri": "data/shards/train"}', profile='{"num_rows": 70}')
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.log_artifacts(run_id, str(folder / "files"))
    model = client.create_logged_model(
        experiment, name="cnn", source_run_id=run_id, tags={"model_sha256": f"{number:064x}"},
        params={"size": "16"}, model_type="cnn",
    )  # fmt: skip
    client.log_model_artifacts(model.model_id, str(folder / "files"))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=3)])
    client.log_batch(run_id, metrics=[Metric("accuracy", 0.9, 3000, 0, model_id=model.model_id)])
    version = client.create_model_version(
        NAME, f"models:/{model.model_id}", run_id=run_id, model_id=model.model_id, tags={"number": str(number)},
        description=ODD, await_creation_for=0,
    )  # fmt: skip
    client.set_model_version_tag(NAME, version.version, "odd", ODD)
    client.set_terminated(run_id, "FINISHED")


@contextmanager
def used(uri: str) -> Iterator[None]:
    """Makes a store MLflow's current one for the block."""
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)


def tell(uri: str, *, folder: Path) -> dict[str, Any]:
    """Says all that MLflow tells of a store, but where its files lie: of these, their bytes.

    Args:
        uri: where the store is: a database or a server.
        folder: a place for files on their way; not there yet.
    """
    client = MlflowClient(uri)
    experiments = client.search_experiments(EVERY)
    ids = [experiment.experiment_id for experiment in experiments]
    runs = list(client.search_runs(ids, run_view_type=EVERY, max_results=50_000))
    models = [model for one in ids for model in client.search_logged_models([one])]
    return {
        "experiments": {
            one.experiment_id: (one.name, one.lifecycle_stage, one.creation_time, one.tags) for one in experiments
        },
        "runs": {run.info.run_id: without_addresses(run.to_dictionary()) for run in runs},
        "points": {
            (run.info.run_id, name): sorted(
                repr(dict(point)) for point in client.get_metric_history(run.info.run_id, name)
            )
            for run in runs
            for name in run.data.metrics
        },
        "files": {run.info.run_id: files_of(client, run.info.run_id, folder / run.info.run_id) for run in runs},
        "models": {model.model_id: without_addresses(model.to_dictionary()) for model in models},
        "registered": {
            entry.name: (
                entry.description,
                entry.tags,
                {alias: str(version) for alias, version in entry.aliases.items()},
                entry.creation_timestamp,
            )
            for entry in client.search_registered_models()
        },
        "versions": sorted(
            (entry.name, int(entry.version), entry.source, entry.run_id, entry.status, repr(sorted(entry.tags.items())))
            for entry in client.search_model_versions()
        ),
    }


def files_of(client: MlflowClient, run_id: str, folder: Path) -> dict[str, bytes]:
    """Fetches the files of a run, by their paths."""
    folder.mkdir(parents=True)
    if client.list_artifacts(run_id):
        client.download_artifacts(run_id, "", str(folder))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def without_addresses(content: Any) -> Any:
    """Leaves out where files lie, and spells numbers so that NaN equals itself."""
    if isinstance(content, dict):
        left_out = ("artifact_uri", "artifact_location")
        return {key: without_addresses(value) for key, value in content.items() if key not in left_out}
    if isinstance(content, list | tuple):
        return sorted(repr(without_addresses(item)) for item in content)
    return repr("" if content is None else content)  # as a server tells it
