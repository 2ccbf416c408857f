"""Intervals of shares, against a textbook's and a library's."""

import numpy as np
import pytest
from scipy.stats import binomtest

from unmask.evaluation.shares import effective_count, wilson


def test_wilson_gives_the_textbook_interval():
    # Wilson's interval of 2 in 10: 0.0567 to 0.5098.
    low, high = wilson(np.array([0.2]), np.array([10]))
    assert (low[0], high[0]) == pytest.approx((0.0567, 0.5098), abs=1e-4)


@pytest.mark.parametrize(("right", "images", "confidence"), [(0, 7, 0.9), (9, 9, 0.95), (3, 40, 0.999)])
def test_wilson_agrees_with_scipy(right: int, images: int, confidence: float) -> None:
    low, high = wilson(np.array([right / images]), np.array([images]), confidence=confidence)
    expected = binomtest(right, images).proportion_ci(confidence, method="wilson")
    np.testing.assert_allclose([low[0], high[0]], [expected.low, expected.high], atol=1e-12)


def test_independent_images_count_each() -> None:
    assert effective_count(np.array([True, False, True, True]), np.arange(4)) == 4


def test_copies_count_as_the_one_they_are_of() -> None:
    # Ten pictures, each four times: as much is known as of ten, less the correction of an estimated variance, 10 / 9.
    is_right = np.repeat(np.arange(10) < 7, 4)
    assert effective_count(is_right, np.repeat(np.arange(10), 4)) == pytest.approx(9)


def test_images_that_are_all_alike_count_by_their_clusters() -> None:
    assert effective_count(np.ones(12, dtype=bool), np.repeat(np.arange(3), 4)) == 3
