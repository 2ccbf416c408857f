"""Saved views of MLflow's runs table: a question each, with the runs, the columns and the order that answer it.

MLflow's page keeps a saved view as a tag of the experiment: JSON of a name, two times and the table's state, which is
JSON again. It lists them below its button "Views", and a link opens each. MLflow 3.17.2 has no other way to make one:
https://github.com/mlflow/mlflow/pull/24359.
Importing this module imports mlflow (seconds).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from unmask.tracking.loss_search import CHOSEN_TAG, SCORE
from unmask.tracking.runs import Runs

TAG = "mlflow.sharedViewState."
SINCE_TAG = "champion_since"  # of a run and of a version, once it was champion
LEAST_PIXELS, MARGIN_PIXELS, CHARACTER_PIXELS = 165, 40, 7
MADE = 0  # MLflow asks when a view was made, in ms; it sorts by that, and shows it nowhere


@dataclass(frozen=True)
class View:
    """One saved view.

    Attributes:
        name: what MLflow's list calls it.
        runs: which runs, in MLflow's words for a search.
        order: the column that sorts them, the highest value first.
        columns: beside the run's name, from left to right.
    """

    name: str
    runs: str
    order: str
    columns: tuple[str, ...]


def metric(name: str) -> str:
    """MLflow's name for a metric's column."""
    return f"metrics.`{name}`"


def parameter(name: str) -> str:
    """MLflow's name for a parameter's column."""
    return f"params.`{name}`"


def tag(name: str) -> str:
    """MLflow's name for a tag's column."""
    return f"tags.`{name}`"


VIEWS: Mapping[str, View] = {
    "unmask-models": View(
        name="Models: which is best",
        runs="tags.dvc_stage LIKE 'train@%'",
        order=metric("validation_roc_auc_score"),  # choices are made on validation
        columns=(
            metric("validation_roc_auc_score"),
            metric("test_roc_auc_score"),
            metric("test_accuracy_score"),
            parameter("recipe.loss"),
            tag(SINCE_TAG),
            metric("test_expected_calibration_error"),
            parameter("recipe.seed"),
            tag("dvc_experiment"),
        ),
    ),
    "unmask-losses": View(
        name="Losses: which won",
        runs="tags.dvc_stage LIKE 'search_loss%'",
        order=metric(SCORE),
        columns=(
            metric(SCORE),
            metric(f"{SCORE}_spread"),
            parameter("is_proper"),
            tag(CHOSEN_TAG),
            parameter("seeds"),
            parameter("model"),
            parameter("loss"),
        ),
    ),
    "unmask-champions": View(
        name="Champions: the last ones",
        runs=f"tags.{SINCE_TAG} LIKE '%'",
        order=tag(SINCE_TAG),
        columns=(
            tag(SINCE_TAG),
            parameter("model"),
            metric("test_roc_auc_score"),
            metric("test_accuracy_score"),
            metric("test_expected_calibration_error"),
            tag("git_commit"),
            tag("data_sha256"),
        ),
    ),
}


def wide_enough(column: str) -> int:
    """Gives a width, in pixels, at which a column's name and a loss's or a time can be read whole."""
    return max(LEAST_PIXELS, MARGIN_PIXELS + CHARACTER_PIXELS * len(column.split("`")[1]))


def spell(view: View) -> str:
    """Writes a view as MLflow's page reads it."""
    state = {
        "searchFilter": view.runs,
        "orderByKey": view.order,
        "orderByAsc": False,
        "selectedColumns": view.columns,
        "columnOrder": view.columns,
        "columnWidths": {column: wide_enough(column) for column in view.columns},
    }
    return json.dumps({"name": view.name, "createdAt": MADE, "updatedAt": MADE, "state": json.dumps(state)})


def add_views(runs: Runs) -> Mapping[str, str]:
    """Adds the views that a store's experiment lacks; one that a person has changed stays as it is.

    Returns:
        A view's name to the path of its page, below the server's address.
    """
    present = runs.client.get_experiment(runs.experiment_id).tags
    for key, view in VIEWS.items():
        if f"{TAG}{key}" not in present:
            runs.client.set_experiment_tag(runs.experiment_id, f"{TAG}{key}", spell(view))
    return {
        view.name: f"/#/experiments/{runs.experiment_id}/runs?viewStateShareKey={key}" for key, view in VIEWS.items()
    }
