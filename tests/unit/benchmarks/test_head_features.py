"""The lines that the benchmark of stored features makes of what it measured."""

import pytest
from benchmarks import head_features
from benchmarks.head_features import ON_FEATURES, ON_KEPT, PLAIN, Measured

from unmask.evaluation.bootstrap import Interval

SECONDS = {ON_FEATURES: [10.0], ON_KEPT: [2.0], PLAIN: [60.0]}


@pytest.mark.parametrize(("area", "verdict"), [(0.81, "met"), (0.74, "missed")])
def test_score_must_not_lie_below_the_plain_ways_interval(area: float, verdict: str) -> None:
    scores = {ON_FEATURES: Interval(area, 0.7, 0.9), PLAIN: Interval(0.8, 0.75, 0.85)}
    lines = head_features.lines_of(SECONDS, Measured([], {ON_FEATURES: [20.0], PLAIN: [80.0]}, scores))
    assert [line.ratio for line in lines[:3]] == [6.0, 4.0, 30.0]
    assert [line.verdict for line in lines] == ["met", "", "", verdict]
