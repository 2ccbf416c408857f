"""Mirrors to MLflow what the pipeline wrote: from the stages, and again from the files for `unmask track`.

Files are the truth and MLflow shows them: a store that is down or slow costs a stage one warning, never its output.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from unmask import config
from unmask.environment import Environment
from unmask.tracking.contents import TrainedModel, read_model
from unmask.tracking.provenance import current_revision
from unmask.tracking.quiet import quiet
from unmask.tracking.session import attempt, warn

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs


def record_evaluation(
    *,
    model_name: str,
    model_folder: Path,
    report_folder: Path,
    section: config.EvaluateConfig,
    environment: Environment,
) -> None:
    """Adds an evaluation to the run of the model it judged, found by the model file's hash; twice is once.

    Args:
        model_name: the model's name in `params.yaml`.
        model_folder: holds the model that was judged; its run is written from here where the store has none.
        report_folder: holds `metrics.json` and the plots.
        section: the evaluation's section.
        environment: where the store is.
    """

    def job(runs: "Runs") -> None:
        from unmask.tracking.writing import write_model

        model = read_model(model_name, model_folder)
        write_model(runs, model=model, report_folder=report_folder, section=section, environment=environment)

    submit_alone(job, environment=environment)


def record_external(folder: Path, *, model_folder: Path, environment: Environment) -> None:
    """Adds how a model does on faces from elsewhere to its run, found by the model file's hash; twice is once.

    Args:
        folder: `reports/evaluate_external/<model>`.
        model_folder: holds the model; its run is written from here where the store has none.
        environment: where the store is.
    """

    def write(runs: "Runs", model: TrainedModel) -> None:
        from unmask.tracking.external import write_external

        write_external(runs, model=model, folder=folder, environment=environment)

    add_to_run(write, model_folder=model_folder, environment=environment)


def add_to_run(write: Callable[["Runs", TrainedModel], None], *, model_folder: Path, environment: Environment) -> None:
    """Adds something to a model's run, which is written first where the store has none.

    Args:
        write: adds it.
        model_folder: holds the model.
        environment: where the store is.
    """

    def job(runs: "Runs") -> None:
        from unmask.tracking.writing import find_or_rebuild

        model = read_model(model_folder.name, model_folder)
        find_or_rebuild(runs, model=model, environment=environment)
        write(runs, model)

    submit_alone(job, environment=environment)


def record_comparison(folder: Path, *, model_folder: Path, environment: Environment) -> None:
    """Adds the comparison of the models to its champion's run, found by the model file's hash; twice is once.

    A DVC experiment that left the champion as it was has no run of it, and gets none: it would look like a training.

    Args:
        folder: `reports/compare`.
        model_folder: holds the champion; its run is written from here where the store has none.
        environment: where the store is.
    """

    def job(runs: "Runs") -> None:
        from unmask.tracking.writing import find_or_rebuild, write_comparison

        if not environment.experiment:
            find_or_rebuild(runs, model=read_model(model_folder.name, model_folder), environment=environment)
        write_comparison(runs, folder=folder, environment=environment)

    submit_alone(job, environment=environment)


def record_loss(folder: Path, *, environment: Environment) -> None:
    """Adds what the search found of one loss, `reports/search_loss/<model>-<loss>`; twice is once."""

    def job(runs: "Runs") -> None:
        from unmask.tracking.loss_search import write_loss

        write_loss(runs, folder=folder, environment=environment, find_revision=current_revision)

    submit_alone(job, environment=environment)


def record_choice(folder: Path, *, search: str, environment: Environment) -> None:
    """Adds a choice and its table, `reports/choose_loss/<model>`, to the run of the search that it is made of."""

    def job(runs: "Runs") -> None:
        from unmask.tracking.loss_search import write_choice

        write_choice(runs, folder=folder, search=search)

    submit_alone(job, environment=environment)


def submit_alone(job: "Callable[[Runs], None]", *, environment: Environment) -> None:
    """Runs one job in a session of its own."""
    attempt(job, environment=environment, on_failure=warn(environment))


def load() -> None:
    """Imports all that writing needs, MLflow and TensorFlow among it: for a caller that hides how they start."""
    with quiet():
        importlib.import_module("unmask.tracking.models")
