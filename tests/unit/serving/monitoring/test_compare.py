"""Drift is found where it is, and where there is none hardly ever: measured over many draws."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from unmask.serving.monitoring import compare
from unmask.serving.monitoring.compare import Rule, chi_square, classes, count, holm, least_seen
from unmask.serving.monitoring.measures import NAMES

RULE = Rule(significance=0.01, limit=0.1)
DRAWS = 400
STRICT = Rule(significance=0.05, limit=0.0)


def pictures(number: int, seed: int) -> pd.DataFrame:
    """Draws pictures as a set of photographs has them: few sizes, qualities with ties, some that are no JPEGs."""
    generator = np.random.default_rng(seed)
    quality = generator.choice([75.0, 90.0, 92.0, 95.0, math.nan], number, p=[0.5, 0.2, 0.1, 0.1, 0.1])
    side = generator.choice([128.0, 256.0, 1024.0], number, p=[0.2, 0.7, 0.1])
    columns = {
        "score": generator.beta(0.5, 0.5, number),
        "distance": generator.gamma(20, 0.05, number),
        "brightness": generator.normal(110, 25, number),
        "width": side,
        "height": side * generator.choice([1.0, 0.75], number),
        "jpeg_quality": quality,
    }
    return pd.DataFrame(columns).round(6)


def drifted(reference: pd.DataFrame, new: pd.DataFrame, rule: Rule = RULE) -> list[str]:
    return [found.measure.name for found in compare.compare(reference, new, rule) if found.is_drift]


def test_false_alarms_are_no_more_frequent_than_the_significance_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "DRAWS", 999)  # so that the draws take seconds
    alarms = sum(bool(drifted(pictures(150, 2 * draw), pictures(90, 2 * draw + 1), STRICT)) for draw in range(DRAWS))
    # Of 400 draws at 0.05, 20 are expected at most; more than 31 would come by chance once in 100 times.
    assert alarms <= stats.binom.ppf(0.99, DRAWS, STRICT.significance)


def test_each_test_alone_says_by_chance_as_often_as_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "DRAWS", 999)
    found: dict[str, list[float]] = {name: [] for name in NAMES}
    for draw in range(DRAWS):
        for one in compare.compare(pictures(150, 2 * draw), pictures(90, 2 * draw + 1), STRICT):
            found[one.measure.name].append(one.p_value)
    most = stats.binom.ppf(0.999, DRAWS, 0.1)  # 40 are expected, 59 at most
    shares = {name: sum(p_value <= 0.1 for p_value in p_values) for name, p_values in found.items()}
    assert all(number <= most for number in shares.values()), shares
    # And hardly fewer: a test that never speaks up would pass the line above.
    assert all(number >= stats.binom.ppf(0.001, DRAWS, 0.1) for number in shares.values()), shares


@pytest.mark.parametrize("name", NAMES)
def test_a_shift_in_one_measure_is_found_there_and_nowhere_else(name: str) -> None:
    reference, new = pictures(300, 1), pictures(300, 2)
    assert drifted(reference, new) == []
    new[name] = new[name] * 1.5 + 0.3
    assert drifted(reference, new) == [name]


def test_other_formats_are_found_though_every_quality_is_the_same() -> None:
    reference, new = pictures(300, 1), pictures(300, 2)
    new.loc[new.index[:150], "jpeg_quality"] = math.nan
    assert drifted(reference, new) == ["jpeg_quality"]


def test_a_difference_too_small_to_matter_is_no_drift_however_significant() -> None:
    reference, new = pictures(20_000, 1), pictures(20_000, 2)
    new["brightness"] += 3.0
    found = next(one for one in compare.compare(reference, new, RULE) if one.measure.name == "brightness")
    # 3 of 25 is 0.12 standard deviations: the curves are 2 * Phi(0.06) - 1 = 0.048 apart.
    assert found.corrected < 1e-6
    assert found.difference == pytest.approx(0.048, abs=0.015)
    assert not found.is_drift


def test_a_large_difference_that_may_be_chance_is_no_drift() -> None:
    reference, new = pictures(22, 1), pictures(22, 2)
    found = compare.compare(reference, new, RULE)
    assert max(one.difference for one in found) > RULE.limit
    assert not any(one.is_drift for one in found)


def test_one_size_against_another_is_all_of_the_pictures_and_no_division_by_zero() -> None:
    one, other = pd.Series([256.0] * 200), pd.Series([224.0] * 20)
    assert chi_square(count(one, one, absent="")) == (0.0, 1.0)
    difference, p_value = chi_square(count(one, other, absent=""))
    assert difference == 1.0
    assert p_value == pytest.approx(1e-4)  # one of 10,000: no drawn table is as extreme


def test_the_difference_of_counts_is_half_the_sum_of_the_differences_of_shares() -> None:
    # Shares 0.5, 0.5, 0 and 0.25, 0.25, 0.5: half of 0.25 + 0.25 + 0.5.
    one, other = pd.Series([1.0] * 50 + [2.0] * 50), pd.Series([1.0] * 10 + [2.0] * 10 + [math.nan] * 20)
    counted = count(one, other, absent="no JPEG")
    assert list(counted.names) == ["1", "2", "no JPEG"]
    assert chi_square(counted)[0] == pytest.approx(0.5)


def test_the_p_value_of_counts_is_that_of_shuffling() -> None:
    # A table of few: 5 of 10 against 0 of 5. Fisher's exact test orders tables alike here: 0.1009.
    one, other = pd.Series([1.0] * 5 + [2.0] * 5), pd.Series([2.0] * 5)
    exact = stats.fisher_exact([[5, 5], [0, 5]]).pvalue
    assert chi_square(count(one, other, absent=""))[1] == pytest.approx(exact, abs=0.015)


def test_many_values_make_classes_of_about_as_many_and_a_common_one_is_alone() -> None:
    values = np.array([*range(100), *[256] * 100], dtype=np.float64)
    firsts, names = classes(values)
    assert names == ["0 to 19", "20 to 39", "40 to 59", "60 to 79", "80 to 99", "256"]
    assert firsts.tolist() == [0, 20, 40, 60, 80, 256]


def test_few_values_are_each_a_class() -> None:
    assert classes(np.array([5.0, 1.0, 1.0, 1.0]))[1] == ["1", "5"]


def test_holm_multiplies_by_those_that_are_left() -> None:
    # Sorted 0.01, 0.02, 0.4: times 3, 2, 1; none may fall below one before it.
    assert holm([0.4, 0.01, 0.02]) == pytest.approx([0.4, 0.03, 0.04])
    assert holm([0.02, 0.015]) == pytest.approx([0.03, 0.03])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_least_difference_that_is_seen_is_where_the_test_begins_to_speak() -> None:
    least = least_seen(300, 200, rule=RULE, measures=1)
    critical = stats.kstwobign.isf(RULE.significance) * math.sqrt(1 / 300 + 1 / 200)
    assert least == pytest.approx(critical, rel=0.01)
    assert least_seen(3, 3, rule=RULE, measures=6) == 1.0


def test_what_is_not_known_of_both_is_left_out_with_the_reason() -> None:
    reference, new = pictures(100, 1), pictures(100, 2)
    new = new.drop(columns=["width"])
    new.loc[10:, "distance"] = math.nan
    found = {one.measure.name: one.reason for one in compare.compare(reference, new, RULE)}
    assert found["width"] == "the scores do not say"
    assert found["distance"] == "the scores have 10 pictures to compare, fewer than 20"
    assert found["score"] == found["jpeg_quality"] == ""
    turned = {one.measure.name: one.reason for one in compare.compare(new, reference, RULE)}
    assert turned["width"] == "the reference does not say"


def test_the_same_pictures_give_the_same_numbers() -> None:
    reference, new = pictures(100, 1), pictures(100, 2)
    assert compare.compare(reference, new, RULE) == compare.compare(reference, new, RULE)
