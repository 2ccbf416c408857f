"""Intervals of shares, against a textbook's and a library's."""

import numpy as np
import pytest
from scipy.stats import binomtest

from unmask.evaluation.shares import effective_count, interval_of_share, wilson


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
    assert effective_count(np.array([True, False, True, True]), np.arange(4), confidence=0.95) == 4


def test_copies_count_as_the_one_they_are_of() -> None:
    # Ten pictures, each four times: as much is known as of ten, less the correction of an estimated variance, 10 / 9,
    # and Student's quantiles of 39 and 9 degrees of freedom, 2.0227 and 2.2622, squared.
    is_right = np.repeat(np.arange(10) < 7, 4)
    expected = 9 * (2.0227 / 2.2622) ** 2
    assert effective_count(is_right, np.repeat(np.arange(10), 4), confidence=0.95) == pytest.approx(expected, rel=1e-3)


def test_images_that_are_all_alike_count_by_their_clusters() -> None:
    assert effective_count(np.ones(12, dtype=bool), np.repeat(np.arange(3), 4), confidence=0.95) == 3


@pytest.mark.parametrize("frames", [3, 7, 10, 50, 100])
def test_one_video_counts_as_one_picture_however_many_frames_it_has(frames: int) -> None:
    assert effective_count(np.arange(frames) % 3 > 0, np.zeros(frames, dtype=np.int64), confidence=0.95) == 1


def test_two_videos_of_equal_shares_count_as_two_pictures() -> None:
    assert effective_count(np.tile(np.arange(50) < 30, 2), np.repeat([0, 1], 50), confidence=0.95) == 2


@pytest.mark.parametrize("num_videos", [5, 20])
def test_intervals_hold_the_true_share_as_often_as_they_say(num_videos: int) -> None:
    generator, held = np.random.default_rng(3), 0
    for _ in range(300):
        shares = generator.beta(6, 2, num_videos)  # 0.75 on average
        is_right = (generator.random((num_videos, 30)) < shares[:, None]).ravel()
        _, low, high = interval_of_share(is_right, np.repeat(np.arange(num_videos), 30), confidence=0.95)
        held += low <= 0.75 <= high
    assert held / 300 > 0.92


def test_bounds_farther_out_trust_few_clusters_less() -> None:
    generator = np.random.default_rng(5)
    clusters = np.repeat(np.arange(8), 10)
    is_right = generator.random(80) < generator.beta(3.0, 1.0, 8)[clusters]
    usual, wide = (effective_count(is_right, clusters, confidence=confidence) for confidence in (0.95, 0.9975))
    assert wide < 0.8 * usual
