"""The tables behind the plots, worked by hand."""

import numpy as np
import pytest

from unmask.evaluation.curves import MAX_POINTS, confusion, curves, precision_recall, reliability, roc

# Sorted by score: fake, fake, real, fake, real, real.
LABELS = np.array([1, 1, 0, 1, 0, 0])
SCORES = np.array([0.9, 0.8, 0.6, 0.4, 0.3, 0.1])


def test_roc_runs_from_corner_to_corner_over_the_worked_points():
    points = roc(LABELS, SCORES).to_numpy().tolist()
    third = pytest.approx(1 / 3, abs=1e-6)
    assert points[0] == [0, 0]
    assert points[-1] == [1, 1]
    assert [0, pytest.approx(2 / 3, abs=1e-6)] in points  # two fakes before the first real
    assert [third, 1] in points  # all fakes after one real


def test_precision_recall_holds_the_worked_points_by_rising_recall():
    table = precision_recall(LABELS, SCORES)
    assert table["recall"].is_monotonic_increasing
    assert [1, 0.75] in table.to_numpy().tolist()  # all three fakes among the first four


def test_reliability_counts_each_bin():
    # Bins [0, 0.5) and [0.5, 1]: 0.1, 0.3, 0.4 with one fake; 0.6, 0.8, 0.9 with two.
    table = reliability(LABELS, SCORES, bins=2)
    assert table["images"].tolist() == [3, 3]
    assert table["fakes"].tolist() == [1, 2]
    assert table["mean_score"].tolist() == pytest.approx([0.8 / 3, 2.3 / 3], abs=1e-6)
    assert table["fake_share"].tolist() == pytest.approx([1 / 3, 2 / 3], abs=1e-6)


def test_reliability_puts_a_border_up_and_one_into_the_last_bin():
    table = reliability(np.array([0, 1]), np.array([0.5, 1.0]), bins=2)
    assert table[["low", "high", "images"]].to_numpy().tolist() == [[0.5, 1, 2]]


def test_confusion_has_a_row_an_image_in_words():
    table = confusion(np.array([0, 1, 1]), np.array([0, 0, 1]))
    assert table["actual"].tolist() == ["real", "fake", "fake"]
    assert table["predicted"].tolist() == ["real", "real", "fake"]


def test_long_curves_are_thinned_and_keep_their_ends():
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 20_000)
    table = roc(labels, generator.random(20_000))
    assert len(table) == MAX_POINTS
    assert table.iloc[0].tolist() == [0, 0]
    assert table.iloc[-1].tolist() == [1, 1]
    area = np.trapezoid(table["true_positive_rate"], table["false_positive_rate"])
    assert area == pytest.approx(0.5, abs=0.02)


def test_confusion_uses_the_models_threshold(make_evaluation):
    tables = curves(make_evaluation(labels=[0, 1], scores=[0.6, 0.8], threshold=0.7), bins=5)
    assert tables["confusion"]["predicted"].tolist() == ["real", "fake"]
