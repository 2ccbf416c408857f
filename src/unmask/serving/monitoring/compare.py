"""Whether two sets of pictures differ in a measure: by a test, which says that it is no chance, and by how much.

With a few pictures a large difference may be chance; with a million the least one is not. So both are asked: drift is a
difference that is significant, after a correction for the number of measures, and above a limit.

The difference of two distributions is a share of pictures, between 0 and 1, for every measure:
- Continuous measures: the largest distance of the cumulative distributions, which is the statistic of the two-sample
  test of Kolmogorov and Smirnov (`scipy.stats.ks_2samp`).
- Sizes and qualities: half the sum of the differences of the shares of each value ("total variation"). The test of
  Kolmogorov and Smirnov is wrong for them: it takes for granted that no two values are alike, and where most are, it
  finds too little: widths of three kinds it called different 3 times in 1,000 draws where it promises 100. They are
  counted in classes, and the counts tested by chi-square, whose usual distribution does not hold where a class has few
  pictures; so the statistic is compared with that of 9,999 tables drawn at random with the same sums of rows and
  columns (`scipy.stats.chi2_contingency` with `MonteCarloMethod`), which is what shuffling the pictures between the two
  sets does, in a time that does not grow with the pictures. Such a test is right for any counts.

Either difference says at least how large a share of the pictures would have to be others for the two sets to be alike.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from unmask.serving.monitoring.measures import MEASURES, Measure

CLASSES = 10  # at most, of a measure that is not continuous, about as many pictures in each
DRAWS = 9999  # of tables: the least p-value is 1 in 10,000, which the correction for six measures leaves below 0.001
SEED = 7  # the same scores give the same report
FEW = 20  # pictures, below which nothing is tested

Values = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Rule:
    """From where on a difference is drift.

    Attributes:
        significance: how often, at most, drift may be found in any measure where there is none.
        limit: the least difference that counts.
    """

    significance: float
    limit: float


@dataclass(frozen=True)
class Counted:
    """How many pictures lie in each class of a measure.

    Attributes:
        names: of the classes.
        reference: how many of the reference.
        new: how many of those compared with it.
    """

    names: Sequence[str]
    reference: NDArray[np.int64]
    new: NDArray[np.int64]


@dataclass(frozen=True)
class Comparison:
    """What became of one measure.

    Attributes:
        measure: which.
        difference: of the two distributions, in [0, 1]; NaN where nothing was tested.
        p_value: of a difference as large as this by chance.
        corrected: the same for the worst of all measures.
        is_drift: by the rule.
        medians: of the reference and of the pictures compared with it.
        reason: why nothing was tested; empty where it was.
    """

    measure: Measure
    difference: float = math.nan
    p_value: float = math.nan
    corrected: float = math.nan
    is_drift: bool = False
    medians: tuple[float, float] = (math.nan, math.nan)
    reason: str = ""


def compare(reference: pd.DataFrame, new: pd.DataFrame, rule: Rule) -> list[Comparison]:
    """Compares two sets of pictures in all measures.

    Args:
        reference: columns of `measures.NAMES`.
        new: the same; what one of the two lacks is not compared.
        rule: what is drift.

    Returns:
        One comparison a measure.
    """
    tested, left_out = [], {}
    for measure in MEASURES:
        if reason := why_not(reference, new, measure):
            left_out[measure.name] = Comparison(measure, reason=reason)
        else:
            tested.append((measure, *test(reference, new, measure)))
    corrected = holm([p_value for _, _, p_value in tested])
    found = {
        measure.name: Comparison(
            measure,
            difference=difference,
            p_value=p_value,
            corrected=p_corrected,
            is_drift=p_corrected <= rule.significance and difference > rule.limit,
            medians=(float(reference[measure.name].median()), float(new[measure.name].median())),
        )
        for (measure, difference, p_value), p_corrected in zip(tested, corrected, strict=True)
    }
    return [(found | left_out)[measure.name] for measure in MEASURES]


def why_not(reference: pd.DataFrame, new: pd.DataFrame, measure: Measure) -> str:
    """Says why a measure cannot be compared, or nothing."""
    for table, whose in ((reference, "the reference"), (new, "the scores")):
        if measure.name not in table.columns:
            return f"{whose} do{'es' * (whose == 'the reference')} not say"
        count = len(table) if measure.absent else int(table[measure.name].notna().sum())
        if count < FEW:
            return (
                f"{whose} ha{'s' if whose == 'the reference' else 've'} {count} pictures to compare, fewer than {FEW}"
            )
    return ""


def test(reference: pd.DataFrame, new: pd.DataFrame, measure: Measure) -> tuple[float, float]:
    """Compares two sets in one measure.

    Returns:
        The difference, and the p-value.
    """
    if measure.is_continuous:
        one, other = (table[measure.name].dropna().to_numpy() for table in (reference, new))
        return kolmogorov_smirnov(one, other)
    return chi_square(count(reference[measure.name], new[measure.name], absent=measure.absent))


def kolmogorov_smirnov(reference: Values, new: Values) -> tuple[float, float]:
    """Compares two samples of a continuous measure."""
    with warnings.catch_warnings():  # it says so where it goes over from exact to asymptotic p-values
        warnings.filterwarnings("ignore", message="ks_2samp: Exact calculation unsuccessful", category=RuntimeWarning)
        found = stats.ks_2samp(reference, new)
    return float(found.statistic), float(found.pvalue)


def chi_square(counted: Counted) -> tuple[float, float]:
    """Compares how two samples fall into classes."""
    observed = np.array([counted.reference, counted.new])
    if observed.shape[1] < 2:
        return 0.0, 1.0
    drawn = stats.MonteCarloMethod(n_resamples=DRAWS, rng=np.random.default_rng(SEED))
    p_value = stats.chi2_contingency(observed, correction=False, method=drawn).pvalue
    shares = observed / observed.sum(axis=1, keepdims=True)
    return float(np.abs(shares[0] - shares[1]).sum() / 2), float(p_value)


def count(reference: pd.Series, new: pd.Series, *, absent: str) -> Counted:
    """Counts pictures in classes, which both sets together make, so that neither is favoured.

    Args:
        reference: values of one set.
        new: of the other.
        absent: what the class of those without a value is called; empty: they are left out.
    """
    together = pd.concat([reference, new]).dropna().to_numpy()
    firsts, names = classes(together)
    names += [absent] * bool(absent)
    counts = []
    for values in (reference, new):
        known = values.dropna().to_numpy()
        codes = np.searchsorted(firsts, known, side="right") - 1
        row = np.bincount(codes, minlength=len(firsts)).tolist()
        counts.append(row + [len(values) - len(known)] * bool(absent))
    both = np.array(counts, dtype=np.int64)
    used = both.sum(axis=0) > 0
    return Counted([name for name, is_used in zip(names, used, strict=True) if is_used], *both[:, used])


def classes(values: Values) -> tuple[Values, list[str]]:
    """Divides values into classes: each its own where they are few, else about as many pictures in each.

    A value that many pictures share is a class of its own.

    Returns:
        Each class' first value, and its name.
    """
    distinct, counts = np.unique(values, return_counts=True)
    enough = 1 if len(distinct) <= CLASSES else len(values) / CLASSES
    places: list[int] = []
    filled = math.inf
    for place, number in enumerate(counts):
        if filled >= enough or number >= enough:
            places.append(place)
            filled = 0
        filled += number
    lasts = [*(place - 1 for place in places[1:]), len(distinct) - 1]
    spans = [(distinct[first], distinct[last]) for first, last in zip(places, lasts, strict=False)]
    return distinct[places], [f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in spans]


def holm(p_values: Sequence[float]) -> list[float]:
    """Corrects p-values for their number.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (Scandinavian Journal of Statistics, 1979).
    It keeps its promise also for measures that hang together, as width and height do.
    """
    corrected, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = worst
    return corrected


def least_seen(num_reference: int, num_new: int, *, rule: Rule, measures: int) -> float:
    """Says how large a difference must be to be significant with so many pictures.

    Source: the asymptotic critical value of the two-sample test of Kolmogorov and Smirnov, at the level that the
    correction leaves to one measure.
    """
    level = rule.significance / max(1, measures)
    return min(1.0, math.sqrt(-math.log(level / 2) / 2 * (1 / num_reference + 1 / num_new)))
