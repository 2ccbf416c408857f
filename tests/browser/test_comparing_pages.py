"""Whether MLflow's own pages answer what people ask: which model is best, which loss won, which champion was before."""

import json
from collections.abc import Callable

import pytest
from judged_checkout import Checkout
from mlflow import MlflowClient
from mlflow.entities import Run
from playwright.sync_api import Page, expect
from two_months import BEST_LOSS, CHOSEN_LOSS, EXPERIMENT, LOSS_AUC, NOVEMBER, OCTOBER

from unmask.tracking.session import ask
from unmask.tracking.store import locate
from unmask.tracking.views import VIEWS, add_views

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
expect.set_options(timeout=60_000)  # a busy machine draws slowly

AXES = ("model", "recipe.optimizer.learning_rate"), ("validation_roc_auc_score", "test_roc_auc_score")
NAME = "attributes.`Run Name`"
ROWS = ".ag-center-cols-container .ag-row"  # what scrolls; the names' column stands still, in rows of its own
COLUMN = """name => [...document.querySelectorAll(`.ag-row [col-id="${CSS.escape(name)}"]`)]
    .map(cell => [Number(cell.closest('.ag-row').getAttribute('row-index')), cell.querySelector('a') ?? cell])
    .sort((one, other) => one[0] - other[0])
    .map(([_, cell]) => cell.innerText.trim())"""
PLOT = "() => document.querySelector('.js-plotly-plot').data[0].dimensions.map(axis => [axis.label, axis.values])"


@pytest.fixture(scope="module")
def client(months: Checkout) -> MlflowClient:
    return MlflowClient(locate(months.environment).uri)


@pytest.fixture(scope="module")
def links(months: Checkout, months_address: str) -> dict[str, str]:
    """A view's name to its address."""
    return {name: f"{months_address}{path}" for name, path in ask(add_views, environment=months.environment).items()}


@pytest.fixture
def table(small_page: Page, links: dict[str, str], client: MlflowClient) -> Callable[[str], None]:
    """Opens a saved view by its link."""

    def open_view(name: str) -> None:
        small_page.goto(links[name])
        expect(small_page.get_by_test_id("saved-views-trigger")).to_have_text(name)
        expect(small_page.locator(ROWS)).to_have_count(len(found(client, name)))

    return open_view


def found(client: MlflowClient, name: str) -> list[Run]:
    """The runs of a view, in its order, by MLflow's own search."""
    (view,) = [view for view in VIEWS.values() if view.name == name]
    experiment = client.get_experiment_by_name("unmask").experiment_id
    return list(client.search_runs([experiment], view.runs, order_by=[f"{view.order} DESC"]))


def headers(page: Page) -> list[str]:
    """The names of the columns, from left to right."""
    cells = page.locator(".ag-header-cell[col-id]:not([col-id='0'])").all()
    texts = [cell.inner_text().strip() for cell in sorted(cells, key=lambda cell: cell.bounding_box()["x"])]
    return [text for text in texts if text]


def column(page: Page, name: str) -> list[str]:
    """A column's cells, from top to bottom."""
    return page.evaluate(COLUMN, name)


def choose(page: Page, place: int, options: tuple[str, ...]) -> None:
    """Chooses from a list of the page of comparison."""
    box = page.get_by_role("combobox").nth(place)
    for option in options:
        box.click()
        box.fill(option)
        page.locator(f'[title="{option}"][class*="select-item-option"]').click()
    box.press("Escape")


def test_each_column_of_a_view_is_one_that_its_runs_have(client: MlflowClient) -> None:
    for view in VIEWS.values():
        present = {
            f"{kind}.`{name}`"
            for run in found(client, view.name)
            for kind, values in (("metrics", run.data.metrics), ("params", run.data.params), ("tags", run.data.tags))
            for name, value in values.items()
            if value != ""
        }
        assert set(view.columns) - present == set(), view.name


def test_the_table_of_models_has_the_best_on_top_and_the_chosen_columns(
    small_page: Page, client: MlflowClient, table: Callable[[str], None], keep: Callable[[str, int], None]
) -> None:
    table("Models: which is best")
    expect(small_page.get_by_text("5 matching runs")).to_be_visible()
    assert headers(small_page)[:7] == [
        "Run Name",
        "Created",
        "validation_roc_auc_score",
        "test_roc_auc_score",
        "test_accuracy_score",
        "recipe.loss",
        "champion_since",
    ]
    assert column(small_page, NAME) == ["resnet50", "cnn", "cnn", "resnet50", f"cnn {EXPERIMENT}"]
    runs = found(client, "Models: which is best")
    for metric in ("validation_roc_auc_score", "test_roc_auc_score", "test_accuracy_score"):
        shown = [float(cell) for cell in column(small_page, f"metrics.`{metric}`")]
        assert shown == [run.data.metrics[metric] for run in runs]
    assert column(small_page, "params.`recipe.loss`") == [CHOSEN_LOSS] * 5
    assert column(small_page, "tags.`champion_since`")[0] == NOVEMBER.decided
    keep("mlflow-models", 470)


def test_the_table_of_losses_says_which_won_and_by_how_much(
    small_page: Page, table: Callable[[str], None], keep: Callable[[str, int], None]
) -> None:
    table("Losses: which won")
    best_first = sorted(LOSS_AUC, key=LOSS_AUC.__getitem__, reverse=True)
    assert best_first[0] == BEST_LOSS
    assert column(small_page, NAME) == [*(f"cnn {loss}" for loss in best_first), "cnn losses"]
    shown = column(small_page, "metrics.`validation_roc_auc`")
    assert [float(cell) for cell in shown[:-1]] == [LOSS_AUC[loss] for loss in best_first]
    assert column(small_page, "tags.`chosen_loss`") == ["-"] * len(LOSS_AUC) + [CHOSEN_LOSS]
    keep("mlflow-losses", 500)


def test_the_losses_are_nested_below_their_search(small_page: Page, links: dict[str, str]) -> None:
    small_page.goto(links["Models: which is best"].partition("?")[0])
    expect(small_page.get_by_text("11 matching runs")).to_be_visible()
    search = small_page.locator(".ag-row", has=small_page.get_by_role("link", name="cnn losses", exact=True))
    expect(search).to_have_count(1)
    below = small_page.get_by_role("link", name=f"cnn {BEST_LOSS}", exact=True)
    expect(below).to_have_count(0)
    search.locator("[col-id*='Run Name'] button").click()
    expect(below).to_have_count(1)
    left = {
        name: small_page.get_by_role("link", name=name, exact=True).first.bounding_box()["x"]
        for name in ("cnn losses", f"cnn {BEST_LOSS}")
    }
    assert left[f"cnn {BEST_LOSS}"] > left["cnn losses"], "not shown below it"


def test_comparing_the_chosen_runs_draws_parallel_coordinates(
    small_page: Page, client: MlflowClient, table: Callable[[str], None], keep: Callable[[str, int], None]
) -> None:
    table("Models: which is best")
    small_page.locator(".ag-header .ag-checkbox-input").first.check(force=True)
    small_page.get_by_test_id("runs-compare-button").click()
    expect(small_page.get_by_text("Comparing 5 Runs from 1 Experiment")).to_be_visible()
    small_page.get_by_role("button", name="Clear All").click()
    for place, options in enumerate(AXES):
        choose(small_page, place, options)
    for name in (*AXES[0], *AXES[1]):
        expect(small_page.locator(".parcoords .axis-title", has_text=name)).to_be_visible()
    drawn = dict(small_page.evaluate(PLOT))
    runs = found(client, "Models: which is best")
    assert list(drawn) == [*AXES[0], *AXES[1]]
    for metric in AXES[1]:
        assert drawn[metric] == [run.data.metrics[metric] for run in runs]
    assert drawn[AXES[0][1]] == [0.0003, 0.001, 0.001, 0.0003, 0.003]
    keep("mlflow-parallel", 600)


@pytest.fixture
def compared(small_page: Page, client: MlflowClient, months_address: str) -> list[Run]:
    """Opens the page that compares November's two models."""
    runs = [run for run in found(client, "Models: which is best") if run.data.params["recipe.seed"] == "8"]
    chosen, experiments = json.dumps([run.info.run_id for run in runs]), json.dumps([runs[0].info.experiment_id])
    small_page.goto(f"{months_address}/#/compare-runs?runs={chosen}&experiments={experiments}")
    expect(small_page.get_by_text("Comparing 2 Runs from 1 Experiment")).to_be_visible()
    return runs


def test_the_curves_of_both_models_are_on_one_axis_of_epochs(
    small_page: Page, client: MlflowClient, compared: list[Run], keep: Callable[[str, int], None]
) -> None:
    small_page.get_by_role("link", name="loss", exact=True).click()
    expect(small_page.get_by_text("Completed Runs")).to_be_visible()
    choose(small_page, 0, ("validation_loss",))
    expect(small_page.get_by_text("loss vs validation_loss")).to_be_visible()
    for run in compared:
        for place, metric in enumerate(("loss", "validation_loss")):
            curve = client.get_metric_history(run.info.run_id, metric)
            assert [point.step for point in curve] == list(range(12)), "a step is an epoch, from 0"
            least = min(curve, key=lambda point: point.value)
            link = small_page.get_by_role("link", name=run.info.run_name, exact=True)
            row = small_page.get_by_role("row").filter(has=link).nth(place)
            expect(row).to_contain_text(f"{curve[-1].value:g} (step=11)")
            expect(row).to_contain_text(f"{least.value:g} (step={least.step})")
            expect(small_page.get_by_text(f"{run.info.run_name} ({metric})", exact=True)).to_be_visible()
    keep("mlflow-curves", 480)


def test_mlflow_moves_the_values_of_compared_metrics_but_not_their_names(small_page: Page, compared: list[Run]) -> None:
    """Where this fails, MLflow is mended: docs/comparing.md need not warn of it any more."""
    name = small_page.get_by_role("link", name="accuracy", exact=True)
    name.scroll_into_view_if_needed()
    before = name.bounding_box()
    beside = before["x"] + 600, before["y"] + 5
    small_page.mouse.move(*beside)
    read = "([x, y]) => document.elementFromPoint(x, y).innerText"
    assert small_page.evaluate(read, beside) == f"{compared[0].data.metrics['accuracy']:.3g}"
    small_page.mouse.wheel(0, 400)
    small_page.wait_for_timeout(1000)
    assert small_page.evaluate(read, beside) != f"{compared[0].data.metrics['accuracy']:.3g}"
    assert name.bounding_box() == before


def test_the_models_page_says_who_is_champion_who_challenges_and_who_was_before(
    small_page: Page, months_address: str, keep: Callable[[str, int], None]
) -> None:
    small_page.goto(f"{months_address}/#/models/unmask")
    versions = {
        number: small_page.get_by_role("row").filter(has=small_page.get_by_role("link", name=f"Version {number}"))
        for number in (1, 2, 3)
    }
    for number, model, alias in ((3, "cnn", "challenger"), (2, "resnet50", "champion"), (1, "cnn", None)):
        expect(versions[number]).to_contain_text(f"model: {model}")
        for name in ("champion", "challenger"):
            expect(versions[number].get_by_text(f"@ {name}")).to_have_count(int(name == alias))
    expect(versions[1]).to_contain_text(f"champion_since: {OCTOBER.decided}")
    expect(versions[2]).to_contain_text(f"champion_since: {NOVEMBER.decided}")
    expect(versions[3]).not_to_contain_text("champion_since")
    keep("mlflow-champion", 720)


def test_the_last_two_champions_are_compared_from_the_models_page(
    small_page: Page, client: MlflowClient, months_address: str
) -> None:
    small_page.goto(f"{months_address}/#/models/unmask")
    for number in (1, 2):
        row = small_page.get_by_role("row").filter(has=small_page.get_by_role("link", name=f"Version {number}"))
        row.get_by_role("checkbox").check(force=True)
    small_page.get_by_test_id("compareButton").click()
    expect(small_page.get_by_text("Comparing 2 Versions")).to_be_visible()
    for run in found(client, "Champions: the last ones"):
        expect(small_page.get_by_text(run.info.run_id)).to_be_visible()
        for name in ("test_roc_auc_score", "test_accuracy_score"):
            row = small_page.get_by_role("row").filter(has_text=name).first
            expect(row).to_contain_text(f"{run.data.metrics[name]:.3g}")


def test_the_table_of_champions_has_the_present_one_on_top(
    small_page: Page, table: Callable[[str], None], keep: Callable[[str, int], None]
) -> None:
    table("Champions: the last ones")
    assert column(small_page, NAME) == ["resnet50", "cnn"]
    assert column(small_page, "tags.`champion_since`") == [NOVEMBER.decided, OCTOBER.decided]
    assert column(small_page, "params.`model`") == ["resnet50", "cnn"]
    keep("mlflow-champions", 400)
