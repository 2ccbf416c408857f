"""The search for a loss in MLflow: a run a model, below it a run a loss. Written from the files; twice is once."""

import csv
from collections.abc import Callable
from pathlib import Path

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

from unmask.environment import Environment
from unmask.loss_search.choice import CHOICE, TABLE, read_choice
from unmask.loss_search.scores import HISTORY, SCORES, LossScores, read_scores
from unmask.tracking.contents import EPOCH, Point, digest_of_folder, number
from unmask.tracking.provenance import Revision
from unmask.tracking.runs import EXPERIMENT_TAG, Runs
from unmask.tracking.writing import run_tags

SEARCH_TAG, SCORES_TAG = "loss_search", "loss_scores_sha256"
CHOSEN_TAG, CHOICE_TAG = "chosen_loss", "loss_choice_sha256"
FOLDER = "loss_search"
SCORE = "validation_roc_auc"


def write_loss(
    runs: Runs, *, folder: Path, environment: Environment, find_revision: Callable[[Path], Revision]
) -> list[str]:
    """Adds one loss's run, unless the store has this very one.

    Args:
        runs: the store's.
        folder: `reports/search_loss/<model>-<loss>`.
        environment: the run's surroundings.
        find_revision: tells what revision the folder comes from.

    Returns:
        What was written, in words.
    """
    scores, digest = read_scores(folder), digest_of_folder(folder)
    if not scores.validation_roc_auc or runs.find_tagged(SCORES_TAG, digest):
        return []
    tags = run_tags(
        f"search_loss@{scores.model}-{scores.loss}", environment=environment, revision=find_revision(folder)
    )
    run_id = runs.start(
        f"{scores.model} {scores.loss}",
        parameters={"model": scores.model, "loss": scores.loss, "is_proper": scores.is_proper},
        tags={**tags, MLFLOW_PARENT_RUN_ID: parent(runs, scores, environment=environment)},
    )
    summary = [Point(SCORE, scores.mean, 0), Point(f"{SCORE}_spread", scores.spread, 0)]
    runs.log_points(run_id, [*summary, *curves(folder / HISTORY)])
    runs.log_files(run_id, [folder / name for name in (SCORES, HISTORY)], folder=FOLDER)
    runs.set_tags(run_id, {SCORES_TAG: digest})
    runs.end(run_id, "FINISHED")
    return [f"{scores.model}: loss {scores.loss}"]


def parent(runs: Runs, scores: LossScores, *, environment: Environment) -> str:
    """Finds the run of the whole search, or makes it."""
    if found := runs.find_tagged(SEARCH_TAG, scores.search):
        return str(found.info.run_id)
    run_id = runs.start(
        f"{scores.model} losses",
        parameters={"model": scores.model, "seeds": ", ".join(scores.validation_roc_auc)},
        tags={
            SEARCH_TAG: scores.search,
            EXPERIMENT_TAG: environment.experiment,
            "dvc_stage": f"search_loss, {scores.model}",
            "machine": environment.machine,
        },
    )
    runs.end(run_id, "FINISHED")
    return run_id


def write_choice(runs: Runs, *, folder: Path, search: str) -> list[str]:
    """Adds the table and the choice to the run of the whole search, unless it has these very ones.

    Args:
        runs: the store's.
        folder: `reports/choose_loss/<model>`.
        search: names the search, see `loss_search.scores.LossScores`.

    Returns:
        What was written, in words.
    """
    found, digest = runs.find_tagged(SEARCH_TAG, search), digest_of_folder(folder)
    if not found or found.data.tags.get(CHOICE_TAG) == digest:
        return []
    run_id, loss = str(found.info.run_id), read_choice(folder / CHOICE).loss
    runs.log_files(run_id, [folder / name for name in (TABLE, CHOICE)], folder=FOLDER)
    runs.set_tags(run_id, {CHOSEN_TAG: loss, CHOICE_TAG: digest})
    return [f"{folder.name}: chose the loss {loss}"]


def curves(history: Path) -> list[Point]:
    """Lists a history's values, one curve a seed: `seed_7/validation_loss`."""
    with history.open(encoding="utf-8", newline="") as file:
        return [
            Point(f"seed_{row['seed']}/{name}", value, int(row[EPOCH]))
            for row in csv.DictReader(file)
            for name, cell in row.items()
            if name not in (EPOCH, "seed") and (value := number(cell)) is not None
        ]
