"""Comparing models: who wins, on which split, and what stands beside it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from unmask.errors import ConfigError, EvaluationError
from unmask.evaluation.compare import cells, compare, differences, differences_markdown, markdown
from unmask.evaluation.metrics import METRIC_NAMES


def report(*, validation: float, test: float, images: str = "same") -> dict[str, Any]:
    return {
        "model_sha256": f"hash of {validation}",
        "test_shards_sha256": images,
        "validation": dict.fromkeys(METRIC_NAMES, validation),
        "test": {name: {"value": test, "low": test - 0.1, "high": test + 0.1} for name in METRIC_NAMES},
        "records": {"validation": {"real": 10, "fake": 10}, "test": {"real": 1000, "fake": 1000}},
    }


@pytest.mark.parametrize(
    ("metric", "winner"), [("roc_auc_score", "cnn"), ("log_loss", "resnet50"), ("brier_error", "resnet50")]
)
def test_champion_is_the_best_on_validation_whatever_test_says(metric, winner):
    reports = {"cnn": report(validation=0.8, test=0.6), "resnet50": report(validation=0.7, test=0.9)}
    champion = compare(reports, champion_metric=metric).champion
    assert (champion.model, champion.metric, champion.split) == (winner, metric, "validation")
    assert champion.value == reports[winner]["validation"][metric]
    assert champion.model_sha256 == reports[winner]["model_sha256"]


def test_of_equals_the_first_by_name_is_champion():
    reports = {name: report(validation=0.8, test=0.8) for name in ("resnet50", "cnn")}
    assert compare(reports, champion_metric="f1_score").champion.model == "cnn"


def test_table_has_every_metric_of_both_splits_and_the_papers_numbers():
    reports = {"cnn": report(validation=0.8, test=0.6), "resnet50": report(validation=0.7, test=0.9)}
    table = compare(reports, champion_metric="f1_score").table
    assert len(table) == 2 * 2 * len(METRIC_NAMES) + 2
    paper = table[table["origin"] == "Elsharaby"].set_index("model")
    assert paper["value"].to_dict() == {"cnn": 0.72, "resnet50": 0.98852}
    assert set(paper["split"]) == {"reported on the full 140k test split"}
    assert paper["low"].isna().all()


def test_markdown_shows_value_bounds_paper_and_champion():
    reports = {"cnn": report(validation=0.8, test=0.6), "resnet50": report(validation=0.7, test=0.9)}
    lines = markdown(compare(reports, champion_metric="accuracy_score")).splitlines()
    assert lines[0] == "| on the test split | cnn (champion) | resnet50 |"
    assert lines[1] == "| --- | --- | --- |"
    assert lines[2] == "| images | 2,000 | 2,000 |"
    assert "| accuracy_score | 0.600 (0.500 to 0.700) | 0.900 (0.800 to 1.000) |" in lines
    assert "| accuracy_score, Elsharaby, reported on the full 140k test split | 0.72 | 0.98852 |" in lines
    assert lines[-1] == "Champion: cnn, by accuracy_score 0.8000 on validation."


def test_model_unknown_to_the_paper_has_no_reported_number():
    reports = {"vision": report(validation=0.8, test=0.6)}
    lines = cells(compare(reports, champion_metric="accuracy_score"))
    assert not [line for line in lines if "Elsharaby" in line[0]]


def test_models_judged_on_different_images_are_not_compared():
    reports = {"a": report(validation=0.8, test=0.6, images="one"), "b": report(validation=0.8, test=0.6, images="two")}
    with pytest.raises(EvaluationError, match="different test images: a on one, b on two"):
        compare(reports, champion_metric="f1_score")


def test_nothing_to_compare_is_refused():
    with pytest.raises(EvaluationError, match="no evaluations"):
        compare({}, champion_metric="f1_score")


def test_unknown_metric_is_refused_with_those_there_are():
    with pytest.raises(ConfigError, match=r"compare.champion_metric 'auc'; there are: accuracy_score, .*roc_auc_score"):
        compare({"cnn": report(validation=0.8, test=0.6)}, champion_metric="auc")


def predictions(scores: list[float]) -> pd.DataFrame:
    members = [f"{number}.jpg" for number in range(len(scores))]
    labels = [number % 2 for number in range(len(scores))]
    return pd.DataFrame({"member": members, "label": labels, "score": scores, "cluster": members})


def test_a_clearly_better_model_differs_and_an_equal_one_does_not() -> None:
    generator = np.random.default_rng(1)
    labels = np.arange(200) % 2
    good, poor = (0.5 + 0.2 * (2 * labels - 1) + generator.normal(0, noise, 200) for noise in (0.05, 1.0))
    tables = {"good": predictions(list(good)), "like": predictions(list(good)), "poor": predictions(list(poor))}
    found = differences(tables, thresholds=dict.fromkeys(tables, 0.5), confidence=0.95)
    assert len(found) == 3 * 2
    by_pair = {(row.first, row.second, row.metric): row for row in found.itertuples()}
    assert not by_pair["good", "poor", "roc_auc_score"].is_noise
    assert by_pair["good", "poor", "accuracy_score"].p_value < 1e-6
    assert by_pair["good", "like", "roc_auc_score"].is_noise
    text = differences_markdown(found)
    assert "- roc_auc_score: good +0.000 (+0.000 to +0.000) against like, p = 1: within noise." in text
    assert "a difference." in text


def test_order_of_rows_does_not_matter() -> None:
    one, other = predictions([0.1, 0.9, 0.6, 0.4]), predictions([0.2, 0.8, 0.3, 0.7])
    mixed = {"a": one.iloc[::-1], "b": other}
    thresholds = {"a": 0.5, "b": 0.5}
    expected = differences({"a": one, "b": other}, thresholds=thresholds, confidence=0.95)
    pd.testing.assert_frame_equal(differences(mixed, thresholds=thresholds, confidence=0.95), expected)


def test_predictions_of_other_images_are_not_compared() -> None:
    tables = {"a": predictions([0.1, 0.9]), "b": predictions([0.1, 0.9, 0.2])}
    with pytest.raises(EvaluationError, match="a and b were judged on different images"):
        differences(tables, thresholds={"a": 0.5, "b": 0.5}, confidence=0.95)
