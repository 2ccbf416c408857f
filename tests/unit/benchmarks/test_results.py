"""The rows of results and the page made from them."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks import real_faces, results, results_page, workspace

from unmask.evaluation.metrics import METRIC_NAMES

ROOT = Path(__file__).parents[3]


def report(value: float) -> dict[str, Any]:
    bounds = {"value": value, "low": value - 0.05, "high": value + 0.05}
    return {
        "model": "cnn",
        "test": dict.fromkeys(METRIC_NAMES, bounds),
        "records": {"test": {"real": 120, "fake": 120}},
    }


def about(**changes: Any) -> dict[str, Any]:
    usual = {"recipe": "paper", "weights": "none", "minutes": 3.1, "commit": "abc", "command": "python -m x"}
    return {"data": "faces-140k-subset", **usual, **changes}


def test_rows_hold_every_metric_of_the_report():
    rows = results.rows_of(report(0.7), **about())
    assert {row.metric for row in rows} == set(METRIC_NAMES)
    assert {(row.model, row.split, row.value, row.images) for row in rows} == {("cnn", "test", 0.7, 240)}


def test_measuring_again_replaces_rows_and_keeps_the_others():
    first = results.rows_of(report(0.7), **about()) + results.rows_of(report(0.8), **about(recipe="best"))
    rows = results.upsert(first, results.rows_of(report(0.72), **about()))
    assert len(rows) == 2 * len(METRIC_NAMES)
    assert {row.value for row in rows if row.recipe == "paper"} == {0.72}
    assert {row.value for row in rows if row.recipe == "best"} == {0.8}


def test_minutes_are_kept_where_the_same_model_came_from_a_cache():
    first = results.rows_of(report(0.7), **about())
    assert {row.minutes for row in results.upsert(first, results.rows_of(report(0.7), **about(minutes=None)))} == {3.1}
    # Another value is another model: its minutes are not known.
    assert {row.minutes for row in results.upsert(first, results.rows_of(report(0.6), **about(minutes=None)))} == {None}


def test_saved_rows_are_read_back(tmp_path):
    rows = results.rows_of(report(0.7), **about())
    results.save(tmp_path / "results.json", rows)
    assert results.load(tmp_path / "results.json") == rows
    assert results.load(tmp_path / "none.json") == []


@pytest.mark.parametrize(("value", "verdict"), [(0.72, "agrees: it lies within"), (0.8, "does not agree")])
def test_page_says_whether_the_papers_cnn_agrees_with_the_trial(value, verdict):
    page = results_page.render(results.rows_of(report(value), **about()))
    assert f"- accuracy_score: 0.70 there, {value:.3f} ({value - 0.05:.3f} to {value + 0.05:.3f}) here" in page
    assert verdict in page


def test_page_shows_the_row_its_command_and_what_was_not_measured():
    page = results_page.render(results.rows_of(report(0.7), **about()))
    assert "## faces-140k-subset: 240 test images" in page
    assert "| cnn | paper | none | 0.700 (0.650 to 0.750) | 0.700 (0.650 to 0.750) | 3.1 |" in page
    assert "  python -m x\n" in page
    assert "| resnet50 | 0.98852 |" in page
    assert "full set of 140,000 images" in page
    assert "ImageNet weights" in page


def test_page_does_not_say_that_imagenet_is_missing_once_it_is_measured():
    page = results_page.render(results.rows_of(report(0.7), **about(weights="imagenet")))
    assert "ImageNet weights" not in page
    assert "full set of 140,000 images" in page


def test_committed_page_is_the_one_its_rows_make():
    page = results_page.page_of(ROOT / "docs")
    assert (ROOT / "docs" / "results.md").read_text(encoding="utf-8") == page


def test_command_names_the_folder_of_real_data_by_its_variable(tmp_path):
    weights = f"{tmp_path}/start.keras"
    arguments = argparse.Namespace(
        archive=tmp_path / "faces.zip", recipe="paper", model="cnn", set={"a.weights": weights, "a.epochs": 3}
    )
    assert real_faces.spell_command(real_faces.PROGRAM, arguments, real_data=tmp_path) == (
        'python -m benchmarks.real_faces --archive "$UNMASK_REAL_DATA/faces.zip" --recipe paper --model cnn '
        '--set "a.weights=$UNMASK_REAL_DATA/start.keras" --set a.epochs=3'
    )
    assert real_faces.recipe_name("paper", arguments.set) == "paper, a.weights=start.keras, a.epochs=3"


def test_a_recipe_is_not_named_by_how_closely_its_model_is_looked_at() -> None:
    assert real_faces.recipe_name("paper", {"a.epochs": 3, "evaluate.robustness_images": 200}) == "paper, a.epochs=3"


@pytest.mark.parametrize("word", ["/elsewhere/faces.zip", "a.weights=/elsewhere/start.keras"])
def test_path_outside_the_real_data_is_refused(tmp_path, word):
    with pytest.raises(workspace.MeasurementError, match="others can repeat it"):
        real_faces.spell(word, real_data=tmp_path)


def test_parameters_are_a_profile_with_changes(tmp_path):
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "sample.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    changes = {"download.source": "archive", "train.cnn.recipe.epochs": 3}
    parameters = workspace.write_parameters(tmp_path, profile="sample", changes=changes)
    assert parameters.download.source == "archive"
    assert parameters.train.cnn.recipe.epochs == 3
    with pytest.raises(workspace.MeasurementError, match=r"no key 'train\.cnn\.epoch'"):
        workspace.write_parameters(tmp_path, profile="sample", changes={"train.cnn.epoch": 3})
    with pytest.raises(workspace.MeasurementError, match="unknown profile 'best'; there are: sample"):
        workspace.write_parameters(tmp_path, profile="best", changes={})


def test_clone_runs_its_own_code_not_the_installed_package(tmp_path):
    (tmp_path / "src" / "unmask").mkdir(parents=True)
    (tmp_path / "src" / "unmask" / "__init__.py").touch()
    command = [sys.executable, "-c", "import unmask; print(unmask.__file__)"]
    surroundings = workspace.surroundings(tmp_path)
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
