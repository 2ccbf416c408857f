"""Mirrors to MLflow a bundle that the stage `export` made; see `mirror.py`."""

from pathlib import Path
from typing import TYPE_CHECKING

from unmask.environment import Environment
from unmask.tracking.contents import TrainedModel
from unmask.tracking.mirror import add_to_run

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs


def record_bundle(folder: Path, *, model_folder: Path, environment: Environment) -> None:
    """Adds a model's bundle to its run, found by the model file's hash; twice is once.

    Args:
        folder: `bundles/<model>`.
        model_folder: holds the model; its run is written from here where the store has none.
        environment: where the store is.
    """

    def write(runs: "Runs", model: TrainedModel) -> None:
        from unmask.tracking.bundles import write_bundle

        write_bundle(runs, model=model, folder=folder, environment=environment)

    add_to_run(write, model_folder=model_folder, environment=environment)
