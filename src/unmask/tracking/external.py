"""Writing how a model does on faces from elsewhere into the model's run."""

from pathlib import Path

from unmask.artifacts import sha256_of_file
from unmask.data.record_tables import read_external
from unmask.environment import Environment
from unmask.tracking.contents import FORBIDDEN, Point, TrainedModel
from unmask.tracking.runs import Runs

TABLE = "external.csv"
EXTERNAL_FOLDER = "external"
EXTERNAL_TAG = "external_sha256"
SCORES = ("roc_auc_score", "accuracy_score", "balanced_accuracy_score", "best_balanced_accuracy_score")


def write_external(runs: Runs, *, model: TrainedModel, folder: Path, environment: Environment) -> list[str]:
    """Adds the table, and of each set the scores as metrics, unless the run has this very table.

    Args:
        runs: the store's.
        model: what was judged.
        folder: `reports/evaluate_external/<model>`.
        environment: the run's surroundings.

    Returns:
        What was written, in words; nothing where no set was judged or no run has the model.
    """
    table = folder / TABLE
    rows = read_external(table) if table.exists() else []
    found = runs.find(model.sha256, experiment=environment.experiment)
    if not rows or found is None:
        return []
    digest = sha256_of_file(table)
    if found.data.tags.get(EXTERNAL_TAG) == digest:
        return []
    run_id = str(found.info.run_id)
    points = [
        Point(FORBIDDEN.sub("_", f"external_{row['set']}_{score}"), float(row[score]), 0)
        for row in rows
        for score in SCORES
        if row[score] is not None
    ]
    runs.log_points(run_id, points)
    runs.log_folder(run_id, folder, folder=EXTERNAL_FOLDER)
    runs.set_tags(run_id, {EXTERNAL_TAG: digest})
    return [f"{model.name}: faces from elsewhere"]
