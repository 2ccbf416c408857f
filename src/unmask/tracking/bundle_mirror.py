"""Mirrors to MLflow a bundle that the stage `export` made; see `mirror.py`."""

from pathlib import Path
from typing import TYPE_CHECKING

from unmask.environment import Environment
from unmask.tracking.contents import read_model
from unmask.tracking.mirror import submit_alone

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs


def record_bundle(folder: Path, *, model_folder: Path, environment: Environment) -> None:
    """Adds a model's bundle to its run, found by the model file's hash; twice is once.

    Args:
        folder: `bundles/<model>`.
        model_folder: holds the model; its run is written from here where the store has none.
        environment: where the store is.
    """

    def job(runs: "Runs") -> None:
        from unmask.tracking.bundles import write_bundle
        from unmask.tracking.writing import find_or_rebuild

        model = read_model(model_folder.name, model_folder)
        find_or_rebuild(runs, model=model, environment=environment)
        write_bundle(runs, model=model, folder=folder, environment=environment)

    submit_alone(job, environment=environment)
