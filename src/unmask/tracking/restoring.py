"""Writing to MLflow what it lacks, from the files that the pipeline made: `unmask track`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from unmask import config
from unmask.environment import Environment
from unmask.errors import TrackingError, UnmaskError
from unmask.loss_search.scores import read_scores
from unmask.tracking.contents import CHAMPION_FILE, MODEL_FILE, TRAINING_FILE, TrainedModel, read_model
from unmask.tracking.provenance import revision_of_output
from unmask.tracking.quiet import quiet
from unmask.tracking.session import Session, address_of

MODELS = Path("models")
REPORTS = Path("reports/evaluate")
EXTERNALS = Path("reports/evaluate_external")
LOSSES = Path("reports/search_loss")
CHOICES = Path("reports/choose_loss")
COMPARISON = Path("reports/compare")
BUNDLES = Path("bundles")


def track(root: Path, *, section: config.EvaluateConfig, environment: Environment) -> list[str]:
    """Writes the missing runs again from the files; twice is once.

    Args:
        root: the checkout: its `models/*`, `reports/evaluate/*`, `reports/search_loss/*` and the comparison are read.
        section: the evaluation's section.
        environment: where the store is.

    Returns:
        What was written, in words; empty where the store had all of it.

    Raises:
        TrackingError: the store cannot be used, or files are damaged; what the others say is written all the same.
    """
    written: list[str] = []
    damaged: list[str] = []

    def attempt(job: Callable[[], None]) -> None:
        try:
            job()
        except UnmaskError as error:  # of the files: MLflow's own are others
            damaged.append(str(error))

    def model_job(folder: Path) -> None:
        from unmask.tracking.writing import write_model

        report, model = root / REPORTS / folder.name, read_finished(folder)
        written.extend(
            write_model(session.runs, model=model, report_folder=report, section=section, environment=environment)
        )

    def external_job(folder: Path) -> None:
        from unmask.tracking.external import write_external

        external, model = root / EXTERNALS / folder.name, read_finished(folder)
        written.extend(write_external(session.runs, model=model, folder=external, environment=environment))

    def bundle_job(folder: Path) -> None:
        from unmask.tracking.bundles import write_bundle

        bundle, model = root / BUNDLES / folder.name, read_finished(folder)
        written.extend(write_bundle(session.runs, model=model, folder=bundle, environment=environment))

    def loss_job(folder: Path) -> None:
        from unmask.tracking.loss_search import write_loss

        written.extend(
            write_loss(session.runs, folder=folder, environment=environment, find_revision=revision_of_output)
        )

    def choice_job(folder: Path) -> None:
        from unmask.tracking.loss_search import write_choice

        for search in sorted({read_scores(loss).search for loss in tried_losses(root, model=folder.name)}):
            written.extend(write_choice(session.runs, folder=folder, search=search))

    def comparison_job() -> None:
        from unmask.tracking.writing import write_comparison

        written.extend(write_comparison(session.runs, folder=root / COMPARISON, environment=environment))

    def views_job() -> None:
        from unmask.tracking.views import add_views

        add_views(session.runs)

    with quiet() as wait_longer:
        wait_longer()
        session = Session(environment, on_failure=lambda _: None, connect_seconds=None)
        for folder in tried_losses(root):
            session.submit(partial(attempt, partial(loss_job, folder)))
        for folder in sorted((root / CHOICES).glob("*")):
            session.submit(partial(attempt, partial(choice_job, folder)))
        for folder in finished_models(root / MODELS):
            session.submit(partial(attempt, partial(model_job, folder)))
            session.submit(partial(attempt, partial(external_job, folder)))
            session.submit(partial(attempt, partial(bundle_job, folder)))
        if (root / COMPARISON / CHAMPION_FILE).exists():
            session.submit(partial(attempt, comparison_job))  # last: it joins the run of its champion
        session.submit(views_job)
        session.close(seconds=None)
    if session.worker.failure is not None:
        raise TrackingError(f"cannot write to MLflow's store {address_of(environment)}: {session.worker.failure}")
    if damaged:
        raise TrackingError("; ".join([*dict.fromkeys(damaged), "all else is in MLflow's store"]))
    return written


def has_runs(root: Path) -> bool:
    """Whether a checkout holds anything that `track` could write."""
    return bool(finished_models(root / MODELS) or tried_losses(root))


def tried_losses(root: Path, *, model: str = "*") -> list[Path]:
    """Lists the folders of the losses that a search tried, with every model or one, by name."""
    return sorted((root / LOSSES).glob(f"{model}-*"))


def read_finished(folder: Path) -> TrainedModel:
    """Reads a model folder for `track`, where a damaged one is an error."""
    try:
        return read_model(folder.name, folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrackingError(f"{folder} is damaged ({error}): run `dvc repro` or `dvc checkout`") from error


def finished_models(models: Path) -> list[Path]:
    """Lists the folders that a training finished, by name."""
    return sorted(file.parent for file in models.glob(f"*/{MODEL_FILE}") if (file.parent / TRAINING_FILE).exists())
