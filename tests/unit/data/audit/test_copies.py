"""What pairs of copies say of a set."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from unmask import config
from unmask.data.audit import copies

LIMITS = config.load(Path(__file__).parents[4] / "params.yaml").split.audit


def records() -> pd.DataFrame:
    """Six images: a, b, c real and d, e, f fake; the archive puts c and f in test."""
    return pd.DataFrame(
        {
            "member": list("abcdef"),
            "label": [0, 0, 0, 1, 1, 1],
            "upstream_split": ["train", "train", "test", "train", "", "test"],
            "split": ["train", "test", "test", "train", "train", "test"],
        }
    )


def pairs(*linked: str) -> pd.DataFrame:
    rows = [(link[0], link[1], "near", 3, 0.99) for link in linked]
    made = pd.DataFrame(rows, columns=["left", "right", "kind", "distance_bits", "similarity"])
    return copies.describe_pairs(made, records())


def found(described: pd.DataFrame) -> dict[str, float]:
    return {finding.name: finding.value for finding in copies.findings(described, 6, LIMITS)}


def test_of_a_chain_of_three_two_are_copies() -> None:
    assert found(pairs("ab", "bc"))["duplicate_share"] == pytest.approx(2 / 6)


def test_copies_in_two_of_the_archives_splits_cross() -> None:
    # a and b are in train and c in test, whatever split they are in now; b links a and c.
    assert found(pairs("ab", "bc"))["crossing_share"] == pytest.approx(3 / 6)
    assert found(pairs("bc"))["crossing_share"] == pytest.approx(2 / 6)


def test_a_picture_that_the_archive_puts_nowhere_crosses_nothing() -> None:
    assert found(pairs("ef"))["crossing_share"] == 0


def test_copies_of_both_classes_conflict() -> None:
    # b and d are copies by way of a.
    assert found(pairs("ab", "ad"))["conflict_share"] == pytest.approx(3 / 6)
    assert found(pairs("ad"))["conflict_share"] == pytest.approx(2 / 6)


def test_conflicts_and_crossings_come_first() -> None:
    assert pairs("ab", "bc", "ad")[["left", "right"]].agg("".join, axis=1).tolist() == ["ad", "bc", "ab"]


def test_pairs_are_counted_by_kind_classes_and_splits() -> None:
    assert copies.count_pairs(pairs("ab", "cd", "ef")) == {
        "pairs": 3,
        "by_kind": {"near": 3},
        "by_classes": {"fake and fake": 1, "fake and real": 1, "real and real": 1},
        "by_upstream_splits": {"none and test": 1, "test and train": 1, "train and train": 1},
        "by_splits": {"test and train": 3},
    }


def test_without_pairs_all_is_fine() -> None:
    described = pairs()
    assert set(found(described).values()) == {0.0}
    assert copies.count_pairs(described)["pairs"] == 0


def test_a_limit_is_exceeded_only_above_it() -> None:
    half = replace(LIMITS, **{"duplicate_share": config.Limits(warn=2 / 6, stop=1.0)})
    assert copies.findings(pairs("ab", "bc"), 6, half)[0].verdict == "fine"
