"""Mirrors to MLflow what the pipeline wrote: live from the stages, and again from the files for `unmask track`.

Files are the truth and MLflow shows them: a store that is down or slow costs a stage one warning, never the training.
"""

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from unmask import config
from unmask.environment import Environment
from unmask.tracking.callback import LiveCurves
from unmask.tracking.contents import Point, read_model
from unmask.tracking.provenance import current_revision
from unmask.tracking.quiet import quiet
from unmask.tracking.session import Session, warn

if TYPE_CHECKING:
    from unmask.tracking.machine_load import MachineLoad
    from unmask.tracking.runs import Runs

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10
FINISH_SECONDS = 120  # a model of 100 MB on a slow line
STOP_SECONDS = 10  # when training was stopped or failed

FINISHED = "FINISHED"


class TrainingRun:
    """The run of one training.

    Attributes:
        callbacks: for `fit`: live curves, or nothing where there is no store.
    """

    def __init__(self, session: Session, *, wait_longer: Callable[[], None]) -> None:
        """Starts with short waits.

        Args:
            session: a connection, usable or not.
            wait_longer: called before files are sent; see `quiet`.
        """
        self.session = session
        self.wait_longer = wait_longer
        self.run_id = ""
        self.load: list[MachineLoad] = []
        self.callbacks: list[keras.callbacks.Callback] = [LiveCurves(self.log)]

    def start(
        self, *, model_name: str, section: config.TrainingSection, environment: Environment, key: str, goes_on: bool
    ) -> None:
        """Starts the run, or takes up that of an interrupted training."""

        def job() -> None:
            from unmask.tracking.runs import TRAINING_TAG
            from unmask.tracking.writing import run_name, run_parameters, run_tags, train_stage, unfinished_run

            if goes_on and (found := unfinished_run(self.session.runs, key=key)):
                self.session.runs.go_on(found)
                self.run_id = found
                return
            revision = current_revision(Path.cwd())
            tags = run_tags(train_stage(model_name), environment=environment, revision=revision)
            self.run_id = self.session.runs.start(
                run_name(model_name, environment),
                parameters=run_parameters(model_name, config.flatten(section)),
                tags={**tags, TRAINING_TAG: key},
            )

        def watch_load() -> None:
            from unmask.tracking.machine_load import MachineLoad

            self.load.append(MachineLoad(self.session.store, run_id=self.run_id))

        self.session.submit(job)
        self.session.submit(watch_load)

    def log(self, points: Sequence[Point]) -> None:
        """Queues values of curves."""
        self.session.submit(lambda: self.session.runs.log_points(self.run_id, points))

    def record(self, model_folder: Path) -> None:
        """Queues the finished model folder: curves, data, files, and the model with its signature."""

        def job() -> None:
            from unmask.tracking.writing import write_training

            model = read_model(model_folder.name, model_folder)
            write_training(self.session.runs, run_id=self.run_id, model=model)

        self.wait_longer()  # `end` bounds it
        self.session.submit(self.end_load)  # what follows is no training
        self.session.submit(job)

    def end_load(self) -> None:
        """Lets go of the machine's load; for the session's thread."""
        for load in self.load:
            load.end()

    def end(self, status: str) -> None:
        """Ends the run, and waits until all of it has arrived."""
        self.session.submit(self.end_load)
        self.session.submit(lambda: self.session.runs.end(self.run_id, status))
        self.session.close(seconds=FINISH_SECONDS if status == FINISHED else STOP_SECONDS)


@contextmanager
def training_run(
    *, model_name: str, section: config.TrainingSection, environment: Environment, key: str = "", goes_on: bool = False
) -> Iterator[TrainingRun]:
    """Tracks one training; see the module's text for what happens without a store.

    Args:
        model_name: the model's name in `params.yaml`.
        section: its section's dataclass; becomes the run's parameters.
        environment: where the store is, and the run's surroundings.
        key: names all that the training is made of; see `training.checkpoint.key_of`.
        goes_on: whether the training was interrupted and goes on now; its run then goes on as well.

    Yields:
        The run: give `.callbacks` to `fit`, and the finished folder to `.record`.
    """
    with quiet() as wait_longer:
        session = Session(environment, on_failure=warn(environment), connect_seconds=CONNECT_SECONDS)
        run = TrainingRun(session, wait_longer=wait_longer)
        run.start(model_name=model_name, section=section, environment=environment, key=key, goes_on=goes_on)
        try:
            yield run
        except (KeyboardInterrupt, SystemExit):  # Ctrl+C, and SIGTERM: see `console.run_stage`
            run.end("KILLED")
            raise
        except BaseException:
            run.end("FAILED")
            raise
        run.end(FINISHED)


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

    def job(runs: "Runs") -> None:
        from unmask.tracking.external import write_external
        from unmask.tracking.writing import find_or_rebuild

        model = read_model(model_folder.name, model_folder)
        find_or_rebuild(runs, model=model, environment=environment)
        write_external(runs, model=model, folder=folder, environment=environment)

    submit_alone(job, environment=environment)


def record_comparison(folder: Path, *, model_folder: Path, environment: Environment) -> None:
    """Adds the comparison of the models to its champion's run, found by the model file's hash; twice is once.

    Args:
        folder: `reports/compare`.
        model_folder: holds the champion; its run is written from here where the store has none.
        environment: where the store is.
    """

    def job(runs: "Runs") -> None:
        from unmask.tracking.writing import find_or_rebuild, write_comparison

        find_or_rebuild(runs, model=read_model(model_folder.name, model_folder), environment=environment)
        write_comparison(runs, folder=folder, environment=environment)

    submit_alone(job, environment=environment)


def record_loss(folder: Path, *, environment: Environment) -> None:
    """Adds what the search found of one loss, `reports/search_loss/<model>-<loss>`; twice is once."""

    def job(runs: "Runs") -> None:
        from unmask.tracking.loss_search import write_loss

        write_loss(runs, folder=folder, environment=environment)

    submit_alone(job, environment=environment)


def record_choice(folder: Path, *, search: str, environment: Environment) -> None:
    """Adds a choice and its table, `reports/choose_loss/<model>`, to the run of the search that it is made of."""

    def job(runs: "Runs") -> None:
        from unmask.tracking.loss_search import write_choice

        write_choice(runs, folder=folder, search=search)

    submit_alone(job, environment=environment)


def submit_alone(job: "Callable[[Runs], None]", *, environment: Environment) -> None:
    """Runs one job in a session of its own."""
    with quiet() as wait_longer:
        session = Session(environment, on_failure=warn(environment), connect_seconds=CONNECT_SECONDS)
        wait_longer()  # `close` bounds it
        session.submit(lambda: job(session.runs))
        session.close(seconds=FINISH_SECONDS)


def load() -> None:
    """Imports all that writing needs, MLflow and TensorFlow among it: for a caller that hides how they start."""
    with quiet():
        importlib.import_module("unmask.tracking.writing")
