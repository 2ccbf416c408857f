"""Runs in one store: starting, finding, filling and ending them. Importing this module imports mlflow (seconds)."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

from unmask.errors import TrackingError
from unmask.records import TRAIN
from unmask.tracking.contents import Point, Split
from unmask.tracking.store import EXPERIMENT, EXPERIMENT_TAGS, Store

DETECTOR_TAG = "detector_model_id"  # of a run: the model of MLflow's that holds its bundle
MODEL_TAG = "model_sha256"
EXPERIMENT_TAG = "dvc_experiment"
TRAINING_TAG = "training_key"
CONTEXTS = {TRAIN: "training"}

PARAMETERS_PER_CALL = 100  # MLflow's limits
METRICS_PER_CALL = 1000
DIGEST_CHARACTERS = 12  # MLflow takes 36 at most; shown beside the name on every page

Item = TypeVar("Item")


class Runs:
    """The project's experiment in one store."""

    def __init__(self, store: Store) -> None:
        """Connects, and makes the experiment where it is missing.

        Args:
            store: a store that exists; see `store.prepare`.
        """
        self.store = store
        self.client = MlflowClient(tracking_uri=store.uri)
        self.experiment_id = self.find_experiment()

    def find_experiment(self) -> str:
        """Gives the experiment's id; another process may be making it at the same time."""
        if found := self.client.get_experiment_by_name(EXPERIMENT):
            return str(found.experiment_id)
        try:
            return str(self.client.create_experiment(EXPERIMENT, self.store.artifacts or None, EXPERIMENT_TAGS))
        except MlflowException:
            if found := self.client.get_experiment_by_name(EXPERIMENT):
                return str(found.experiment_id)
            raise

    def start(self, name: str, *, parameters: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        """Starts a run.

        Returns:
            Its id.
        """
        run = self.client.create_run(self.experiment_id, tags=dict(tags), run_name=name)
        run_id = str(run.info.run_id)
        entries = [Param(key, str(value)) for key, value in parameters.items()]
        for some in chunks(entries, PARAMETERS_PER_CALL):
            self.client.log_batch(run_id, params=some)
        return run_id

    def go_on(self, run_id: str) -> None:
        """Takes an ended run up again."""
        self.client.update_run(run_id, status="RUNNING")

    def end(self, run_id: str, status: str) -> None:
        """Ends a run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(run_id, status)

    def find(self, model_sha256: str, *, experiment: str) -> Run | None:
        """Finds a model's run in a DVC experiment; without one, the run outside experiments first, else the newest."""
        found = self.find_all(model_sha256)
        same = [run for run in found if run.data.tags.get(EXPERIMENT_TAG, "") == experiment]
        return next(iter(same if experiment else [*same, *found]), None)

    def find_all(self, model_sha256: str) -> list[Run]:
        """Lists the runs that made a model, the newest first."""
        query = f"tags.{MODEL_TAG} = '{model_sha256}'"
        return list(self.client.search_runs([self.experiment_id], query, order_by=["attributes.start_time DESC"]))

    def find_tagged(self, tag: str, value: str) -> Run | None:
        """Finds the newest run with a tag."""
        found = self.client.search_runs(
            [self.experiment_id], f"tags.{tag} = '{value}'", order_by=["attributes.start_time DESC"], max_results=1
        )
        return next(iter(found), None)

    def get(self, run_id: str) -> Run:
        """Reads a run."""
        return self.client.get_run(run_id)

    def model_of(self, run_id: str) -> str:
        """Gives the id of the model that a run has logged: the detector where it has one, else the bare network.

        Raises:
            TrackingError: it has none.
        """
        run = self.get(run_id)
        if detector := run.data.tags.get(DETECTOR_TAG):
            return str(detector)
        outputs = run.outputs
        if outputs is None or not outputs.model_outputs:
            raise TrackingError(f"run {run_id} has logged no model: delete it, and unmask track writes it anew")
        return str(outputs.model_outputs[0].model_id)

    def set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Sets tags; a tag may be set again."""
        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    def log_points(self, run_id: str, points: Iterable[Point], *, model_id: str | None = None) -> None:
        """Logs values of curves, for the run and, where named, for its model."""
        now = int(time.time() * 1000)
        metrics = [Metric(point.name, point.value, now, point.step, model_id=model_id) for point in points]
        for some in chunks(metrics, METRICS_PER_CALL):
            self.client.log_batch(run_id, metrics=some)

    def log_missing_points(self, run_id: str, points: Sequence[Point]) -> None:
        """Logs the values that the run does not have yet."""
        present = set(self.get(run_id).data.metrics)
        steps = {
            name: {metric.step for metric in self.client.get_metric_history(run_id, name)}
            for name in {point.name for point in points} & present
        }
        self.log_points(run_id, [point for point in points if point.step not in steps.get(point.name, set())])

    def log_splits(self, run_id: str, splits: Sequence[Split], *, folder: str) -> None:
        """Names the data that a run read, by digest, unless the run names it already; no data is opened."""
        known = self.get(run_id).inputs
        present = {(entry.dataset.name, entry.dataset.digest) for entry in (known.dataset_inputs if known else [])}
        inputs = [
            DatasetInput(
                Dataset(
                    name=split.name,
                    digest=split.digest[:DIGEST_CHARACTERS],
                    source_type="local",
                    source=json.dumps({"uri": f"{folder}/{split.name}"}),
                    profile=json.dumps({"num_rows": split.records}),
                ),
                [InputTag(MLFLOW_DATASET_CONTEXT, CONTEXTS.get(split.name, split.name))],
            )
            for split in splits
            if (split.name, split.digest[:DIGEST_CHARACTERS]) not in present
        ]
        if inputs:
            self.client.log_inputs(run_id, inputs)

    def log_files(self, run_id: str, files: Iterable[Path], *, folder: str) -> None:
        """Copies files into a folder of the run."""
        for file in files:
            self.client.log_artifact(run_id, str(file), folder)

    def log_bytes(self, run_id: str, content: bytes, *, file: str) -> None:
        """Writes bytes as a file of the run."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / file
            path.write_bytes(content)
            self.client.log_artifact(run_id, str(path))

    def log_folder(self, run_id: str, source: Path, *, folder: str) -> None:
        """Copies a folder's content into a folder of the run."""
        self.client.log_artifacts(run_id, str(source), folder)


def chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Cuts a sequence into pieces of at most `size`."""
    return [items[start : start + size] for start in range(0, len(items), size)]
