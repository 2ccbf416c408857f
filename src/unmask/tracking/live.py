"""The run of a training, written live: curves, the machine's load, at the end the model.

A store that is down or slow costs one warning, never the training.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import keras

from unmask import config
from unmask.environment import Environment
from unmask.tracking.callback import LiveCurves
from unmask.tracking.contents import Point, read_model
from unmask.tracking.provenance import CHANGES_FILE, changes, current_revision
from unmask.tracking.quiet import quiet
from unmask.tracking.session import CONNECT_SECONDS, FINISH_SECONDS, Session, warn

if TYPE_CHECKING:
    from unmask.tracking.machine_load import MachineLoad

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
            if patch := changes(Path.cwd()):
                self.session.runs.log_bytes(self.run_id, patch, file=CHANGES_FILE)

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
