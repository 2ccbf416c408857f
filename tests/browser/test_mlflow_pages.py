"""What a person sees in MLflow: two runs with equal names of parameters and metrics, side by side, and a signature."""

import json

import mlflow
import pytest
from mlflow.entities import Run
from playwright.sync_api import Page, expect

from unmask.environment import Environment
from unmask.tracking.store import locate

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
]

PARAMETERS = {"architecture.filters", "model", "recipe.epochs", "recipe.optimizer.learning_rate"}
expect.set_options(timeout=60_000)  # a busy machine draws slowly

METRICS = {
    "accuracy",
    "learning_rate",
    "loss",
    "roc_auc",
    "test_accuracy_score",
    "test_accuracy_score_high",
    "test_accuracy_score_low",
    "test_roc_auc_score",
    "threshold",
    "validation_accuracy",
    "validation_loss",
    "validation_roc_auc",
}


@pytest.fixture
def runs(environment: Environment) -> list[Run]:
    client = mlflow.MlflowClient(locate(environment).uri)
    experiment = client.get_experiment_by_name("unmask")
    return list(client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]))


def experiment_page(address: str, runs: list[Run]) -> str:
    return f"{address}/#/experiments/{runs[0].info.experiment_id}"


def test_both_runs_have_the_same_names(runs: list[Run]) -> None:
    assert [set(run.data.params) for run in runs] == [PARAMETERS, PARAMETERS]
    assert [set(run.data.metrics) for run in runs] == [METRICS, METRICS]


def test_the_experiment_page_lists_both_runs(page: Page, address: str, runs: list[Run]) -> None:
    page.goto(f"{experiment_page(address, runs)}/runs")
    for name in ("cnn", "resnet50"):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    expect(page.get_by_text("2 matching runs")).to_be_visible()


def test_the_compare_page_shows_both_side_by_side(page: Page, address: str, runs: list[Run]) -> None:
    chosen = json.dumps([run.info.run_id for run in runs])
    page.goto(f"{address}/#/compare-runs?runs={chosen}&experiments={json.dumps([runs[0].info.experiment_id])}")
    expect(page.get_by_text("Comparing 2 Runs from 1 Experiment")).to_be_visible()
    for name in sorted(PARAMETERS):
        expect(page.get_by_role("rowheader", name=name, exact=True)).to_have_count(1)
    for name in sorted(METRICS):
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(1)
    places = [
        page.get_by_text(words, exact=True).bounding_box()["y"] for words in ("test_accuracy_score", "0.914", "0.821")
    ]
    assert max(places) - min(places) < 20, "not on one line"


def test_the_run_page_names_data_and_tags(page: Page, address: str, runs: list[Run]) -> None:
    page.goto(f"{experiment_page(address, runs)}/runs/{runs[0].info.run_id}")
    text = page.locator("body")
    for words in ("train (dddddddddddd)", "model_sha256", "git_commit", "dvc repro train@cnn", "Finished"):
        expect(text).to_contain_text(words)


def test_the_model_page_shows_the_signature(page: Page, address: str, runs: list[Run]) -> None:
    model = runs[0].outputs.model_outputs[0].model_id
    page.goto(f"{experiment_page(address, runs)}/models/{model}")
    expect(page.get_by_text("pictures (-1, 16, 16, 3)")).to_be_visible()
    page.goto(f"{experiment_page(address, runs)}/models/{model}/artifacts")
    page.get_by_text("MLmodel", exact=True).click()
    expect(page.locator("body")).to_contain_text("signature")
    expect(page.locator("body")).to_contain_text('"shape": [-1, 16, 16, 3]')
