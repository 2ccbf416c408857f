"""The real pipeline, shrunk, run by DVC in a clone: what runs, what is cached, what arrives in MLflow."""

import json
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from unmask.data.drawing.specimen import draw_specimen
from unmask.serving.bundle.read import load_bundle
from unmask.serving.engines import ENGINES, INT8, PARITY_LIMIT
from unmask.serving.export import load_exported

sys.path.insert(0, str(Path(__file__).parent))

from project import EXTERNAL, LOSSES, ROOT, Project, make_project, search_among

EXACT_ENGINES = [name for name in ENGINES if name != INT8]
QUESTIONS = ("cat ", "dvc exp show", "dvc metrics", "dvc params", "dvc plots")  # of a page: what trains nothing


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The pipeline, reproduced once; the tests below go on from there in the order they stand."""
    project = make_project(tmp_path_factory.mktemp("project"), site_cache=tmp_path_factory.mktemp("site-cache"))
    project.repro()
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "reproduced")
    return project


def test_nothing_runs_again_when_nothing_changed(project: Project) -> None:
    assert project.repro() == []


def test_git_sees_no_output_of_the_pipeline(project: Project) -> None:
    assert project.run("git", "status", "--porcelain").stdout == ""
    tracked = project.run("git", "ls-files").stdout.splitlines()
    made = [path for path in tracked if path.startswith(("data/", "models/", "reports/", "mlruns/"))]
    assert made == [EXTERNAL]  # says what the folder is for


def test_the_store_holds_one_finished_run_a_model_with_curves_scores_and_lineage(project: Project) -> None:
    runs = project.runs()
    assert sorted(run["model"] for run in runs) == ["cnn", "resnet50"]
    for run in runs:
        assert run["status"] == "FINISHED"
        assert {"model_sha256", "data_sha256", "git_commit"} <= set(run["tags"])
        assert {"validation_loss", "test_roc_auc_score", "test_accuracy_score_low"} <= set(run["metrics"])
        assert len(run["splits"]) == 3
        assert {"images_per_second", "input_wait_share"} <= set(run["metrics"])
    names = [{name for name in run["metrics"] if not name.startswith("system/")} for run in runs]
    assert names[0] == names[1]


@pytest.mark.parametrize("model", ["cnn", "resnet50"])
def test_the_reproduced_models_behave(project: Project, model: str) -> None:
    shown = project.run("unmask", "check", model).stderr
    assert "FAILED" not in shown
    assert "left out" not in shown  # the scores that evaluate stored were compared too


@pytest.mark.parametrize("model", ["cnn", "resnet50"])
def test_a_bundles_engines_agree_with_keras_on_500_pictures(project: Project, model: str) -> None:
    pictures = [draw_specimen(seed=5, label=index % 2, index=index, image_size=32) for index in range(500)]
    folder = project.root / "bundles" / model
    detectors = [load_exported(folder / "model.keras"), *(load_bundle(folder, engine=name) for name in EXACT_ENGINES)]
    keras_scores, *others = [np.array([verdict.score for verdict in one.predict(pictures)]) for one in detectors]
    assert keras_scores.std() > 1e-4
    for scores in others:
        assert np.abs(scores - keras_scores).max() <= PARITY_LIMIT


def test_dvc_shows_metrics_plots_and_parameters(project: Project) -> None:
    assert "roc_auc_score" in project.run("dvc", "metrics", "show").stdout
    assert "index.html" in project.run("dvc", "plots", "show").stdout
    assert project.run("dvc", "params", "diff").stdout.strip() == ""


def test_a_bad_parameter_stops_before_anything_is_lost(project: Project) -> None:
    project.set_parameters({"train.cnn.recipe.optimizer.learning_rate": -1.0})
    failed = project.run("dvc", "repro", is_checked=False)
    assert failed.returncode != 0
    message = "train.cnn.recipe.optimizer.learning_rate: got -1.0; expected greater than 0"
    assert message in failed.stderr
    assert "Traceback" not in failed.stderr
    assert (project.root / "models" / "cnn" / "model.keras").exists()
    project.run("git", "checkout", "params.yaml")


def test_a_changed_evaluation_parameter_retrains_nothing(project: Project) -> None:
    project.set_parameters({"evaluate.calibration_bins": 5})
    evaluated = {f"{stage}@{model}" for stage in ("evaluate", "export") for model in ("cnn", "resnet50")}
    assert set(project.repro()) == {*evaluated, "compare"}
    assert len(project.runs()) == 2


def test_a_changed_learning_rate_reruns_its_own_model_only(project: Project) -> None:
    project.set_parameters({"train.cnn.recipe.optimizer.learning_rate": 0.002})
    cells = [f"search_loss@cnn-{loss}" for loss in LOSSES]  # switched off, but by the same recipe
    ran = project.repro()
    own = {f"{stage}@cnn" for stage in ("train", "evaluate", "evaluate_external", "export")}
    assert set(ran) == {*cells, *own, "compare"}
    assert len(project.runs()) == 3


@pytest.mark.slow
def test_search_chooses_the_loss_and_another_loss_trains_its_own_cell_only(project: Project) -> None:
    searching = {"search_loss.cnn.epochs": 1, "search_loss.cnn.seeds": [1, 2], "train.cnn.recipe.loss": "searched"}
    before = (project.root / "params.yaml").read_text()  # with what the tests above have changed
    project.set_parameters(searching)
    cells = [f"search_loss@cnn-{loss}" for loss in LOSSES]
    ran = project.repro("train@cnn")
    assert sorted(ran[: len(cells)]) == cells
    assert ran[len(cells)] == "choose_loss@cnn"
    choice = project.root / "reports" / "choose_loss" / "cnn"
    loss = json.loads((choice / "choice.json").read_text())["loss"]
    table = pd.read_csv(choice / "table.csv")
    assert sorted(table["loss"]) == sorted(LOSSES)
    assert table.loc[table["chosen"], "loss"].tolist() == [loss]
    trained = json.loads((project.root / "models" / "cnn" / "training.json").read_text())
    assert trained["parameters"]["recipe.loss"] == loss
    nested = [run for run in project.runs() if "mlflow.parentRunId" in run["tags"]]
    assert sorted(run["tags"]["dvc_stage"] for run in nested) == sorted(cells)
    add_loss(project, "a_worse_one")
    assert project.repro("choose_loss@cnn") == ["search_loss@cnn-a_worse_one", "choose_loss@cnn"]
    assert "a_worse_one" in (choice / "table.csv").read_text()
    project.run("git", "checkout", "dvc.yaml")
    (project.root / "params.yaml").write_text(before)
    (project.root / "src" / "unmask" / "losses" / "a_worse_one.py").unlink()
    shutil.rmtree(project.root / "reports" / "search_loss" / "cnn-a_worse_one")
    project.repro()


def add_loss(project: Project, name: str) -> None:
    """A loss that rewards wrong answers, in its file and in the pipeline's lists."""
    folder = project.root / "src" / "unmask" / "losses"
    wrong = "import keras\n\nIS_PROPER = False\n\n\ndef build():\n    return lambda y, z: keras.ops.mean(y * z)\n"
    (folder / f"{name}.py").write_text(wrong)
    search_among([name, *LOSSES], project.root / "dvc.yaml")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(project: Project) -> None:
    folders = ("data", "models/cnn")
    before = project.content(*folders)
    project.run("dvc", "repro", "-f", "-s", "download", "index", "split", "preprocess", "train@cnn")
    assert project.content(*folders) == before


def test_an_experiment_in_a_copy_of_the_checkout_arrives_in_the_main_store(project: Project) -> None:
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "before the experiment", "--allow-empty")
    before = len(project.runs())
    project.run("dvc", "exp", "run", "--temp", "--name", "elsewhere", "-S", "train.cnn.recipe.seed=8")
    assert len(project.runs()) == before + 1
    assert_agreement(project, "elsewhere")
    assert_trace(project, "elsewhere", seed=8)


def test_the_commands_of_the_page_on_comparing_answer(project: Project) -> None:
    project.run("git", "tag", "october", project.run("git", "log", "--format=%H", "--grep=^reproduced").stdout.strip())
    project.run("git", "tag", "november")
    commands = [command for command in documented(ROOT / "docs" / "comparing.md") if command.startswith(QUESTIONS)]
    assert len(commands) > 5
    for command in commands:
        answer = project.run("sh", "-c", command.replace("brier", "elsewhere")).stdout
        assert answer.count("\n") > 0, command
    changed = project.run("dvc", "params", "diff", "october", "november").stdout
    assert "train.cnn.recipe.optimizer.learning_rate" in changed
    page = (project.root / "dvc_plots" / "index.html").read_text()
    assert '"rev": "october"' in page
    assert '"rev": "november"' in page


def documented(page: Path) -> list[str]:
    """Lists the commands of a page, each on one line."""
    lines = page.read_text().replace("\\\n", "").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def assert_agreement(project: Project, experiment: str) -> None:
    """Holds that an experiment of the CNN has the same scores in `dvc exp show` and in MLflow."""
    commits = json.loads(project.run("dvc", "exp", "show", "--json").stdout)
    shown = [rev for commit in commits for entry in commit["experiments"] or [] for rev in entry["revs"]]
    (ours,) = [rev["data"]["metrics"] for rev in shown if rev["name"] == experiment]
    report = ours["reports/evaluate/cnn/metrics.json"]["data"]
    (run,) = [run for run in project.runs() if run["tags"].get("dvc_experiment") == experiment]
    expected = {f"validation_{name}": value for name, value in report["validation"].items()}
    for name, bounds in report["test"].items():
        suffixes = {"value": "", "low": "_low", "high": "_high"}
        expected |= {f"test_{name}{suffixes[bound]}": value for bound, value in bounds.items()}
    assert len(expected) > 20
    assert {name: run["metrics"][name] for name in expected} == {name: [[0, value]] for name, value in expected.items()}


def assert_trace(project: Project, experiment: str, *, seed: int) -> None:
    """Holds that an experiment's name leads to its CNN's whole chain, run included."""
    traces = json.loads(project.run("unmask", "trace", experiment, "--json").stdout)
    chains = [{link["name"]: link for link in found["links"]} for found in traces]
    (chain,) = [chain for chain in chains if chain["parameters"]["facts"].get("recipe.seed") == seed]
    missing = {name: link["missing"] for name, link in chain.items() if link["missing"]}
    assert list(missing) == ["run"]  # DVC commits an experiment after it has run
    assert "began from changes that no commit has" in missing["run"][0]
    (run,) = [run for run in project.runs() if run["tags"].get("dvc_experiment") == experiment]
    assert run["tags"]["model_sha256"] == chain["model"]["facts"]["sha256"]


def test_runs_come_back_from_the_files(project: Project) -> None:
    shutil.rmtree(project.root / "mlruns")
    project.run("unmask", "track")
    project.run("unmask", "track")
    runs = project.runs()
    assert sorted(run["model"] for run in runs) == ["cnn", "resnet50"]
    assert all("test_roc_auc_score" in run["metrics"] for run in runs)


@pytest.mark.slow
def test_two_queued_experiments_at_once_make_the_store_and_both_arrive(project: Project) -> None:
    shutil.rmtree(project.root / "mlruns", ignore_errors=True)
    project.run("git", "add", ".")
    project.run("git", "commit", "-qm", "before the queue", "--allow-empty")
    for seed in (21, 22):
        project.run("dvc", "exp", "run", "--queue", "--name", f"seed-{seed}", "-S", f"train.cnn.recipe.seed={seed}")
    project.run("dvc", "queue", "start", "--jobs", "2")
    try:
        deadline = time.monotonic() + 500
        while (status := project.run("dvc", "queue", "status").stdout).count("Success") < 2:
            assert "Failed" not in status, status
            assert time.monotonic() < deadline, status
            time.sleep(2)
    finally:
        project.run("dvc", "queue", "stop", "--kill", is_checked=False)
    runs = {run["tags"].get("dvc_experiment", ""): run for run in project.runs()}
    assert {"seed-21", "seed-22"} <= set(runs)
    assert {runs[name]["status"] for name in ("seed-21", "seed-22")} == {"FINISHED"}
    for seed in (21, 22):
        assert_agreement(project, f"seed-{seed}")
        assert_trace(project, f"seed-{seed}", seed=seed)
