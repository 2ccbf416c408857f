"""What pairs of copies say of a data set: how much is double, what crosses splits, what has two labels."""

from typing import Any

import pandas as pd

from unmask.config import AuditConfig
from unmask.data.audit.findings import Finding
from unmask.data.components import join
from unmask.records import LABEL_NAMES

KEEPS_TOGETHER = "split keeps copies in one split whatever the archive says, so that none is learnt from and judged by."
ADVICE = {
    "duplicate_share": (
        "Copies make a set look larger than it is, and weigh some pictures twice. They stay together in one split."
    ),
    "crossing_share": (
        f"In the archive's own splits a model would be judged by pictures that it has learnt. {KEEPS_TOGETHER}"
    ),
    "conflict_share": (
        "A picture that is real and fake at once: an edit so small that nobody sees it, or a wrong label. Look at the "
        "pairs and correct the archive; no model can learn both."
    ),
}


def describe_pairs(copies: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Adds to each pair of copies what their records say.

    Args:
        copies: columns left and right (members), kind, distance_bits, similarity.
        records: columns member, label, upstream_split and split.

    Returns:
        The pairs with `left_label`, `right_split` and so on, and whether they cross the archive's splits
        (`is_crossing`) and classes (`is_conflict`); those that do come first, then by kind and similarity.
    """
    about = records.set_index("member")[["label", "upstream_split", "split"]]
    pairs = copies.join(about.add_prefix("left_"), on="left").join(about.add_prefix("right_"), on="right")
    upstream = pairs[["left_upstream_split", "right_upstream_split"]]
    pairs["is_crossing"] = (upstream != "").all(axis=1) & (upstream.iloc[:, 0] != upstream.iloc[:, 1])
    pairs["is_conflict"] = pairs["left_label"] != pairs["right_label"]
    order = ["is_conflict", "is_crossing", "kind", "similarity", "left", "right"]
    ascending = [False, False, True, False, True, True]
    return pairs.sort_values(order, ascending=ascending, ignore_index=True)


def count_pairs(pairs: pd.DataFrame) -> dict[str, Any]:
    """Counts pairs by kind, by classes and by splits, ready for JSON.

    Args:
        pairs: from `describe_pairs`.
    """
    labels = pairs[["left_label", "right_label"]].map(LABEL_NAMES.get)
    return {
        "pairs": len(pairs),
        "by_kind": count_values(pairs["kind"]),
        "by_classes": count_values(joined(labels)),
        "by_upstream_splits": count_values(
            joined(pairs[["left_upstream_split", "right_upstream_split"]].replace("", "none"))
        ),
        "by_splits": count_values(joined(pairs[["left_split", "right_split"]])),
    }


def joined(sides: pd.DataFrame) -> pd.Series:
    """Names both sides of each pair, in one order."""
    return pd.Series([" and ".join(sorted(pair)) for pair in sides.itertuples(index=False)], dtype=object)


def count_values(values: pd.Series) -> dict[str, int]:
    """Counts each value that occurs."""
    return {str(value): int(number) for value, number in values.value_counts().sort_index().items()}


def findings(pairs: pd.DataFrame, num_images: int, config: AuditConfig) -> list[Finding]:
    """Holds the copies against the limits.

    Args:
        pairs: from `describe_pairs`.
        num_images: in the whole set.
        config: the limits, as shares of all images.
    """
    members = in_sets(pairs)
    sets = members.groupby("set")
    is_conflict = sets["label"].transform("nunique") > 1
    splits = members["upstream_split"].where(members["upstream_split"] != "")
    is_crossing = (splits.groupby(members["set"]).transform("nunique") > 1) & splits.notna()
    doubles, crossing, conflicts = len(members) - sets.ngroups, int(is_crossing.sum()), int(is_conflict.sum())
    counted = (
        ("duplicate_share", doubles, config.duplicate_share, "are copies of another image of the set."),
        ("crossing_share", crossing, config.crossing_share, "have a copy in another of the archive's own splits."),
        ("conflict_share", conflicts, config.conflict_share, "have a copy of the other class."),
    )
    return [
        Finding(name, count / max(num_images, 1), limits, f"{count} of {num_images} images {what}", ADVICE[name])
        for name, count, limits, what in counted
    ]


def in_sets(pairs: pd.DataFrame) -> pd.DataFrame:
    """Lists the images that are in any pair, with the set of copies each belongs to.

    The pairs join all copies of a picture but do not name each two of them, so what a picture has copies of is a matter
    of its set.

    Returns:
        Columns member, label, upstream_split and set.
    """
    names = {"left": "member", "left_label": "label", "left_upstream_split": "upstream_split"}
    left = pairs[list(names)].rename(columns=names)
    right = pairs[[name.replace("left", "right") for name in names]].set_axis(list(left), axis=1)
    ends = pd.concat([left, right], ignore_index=True)
    codes, members = pd.factorize(ends["member"])
    sets = join(len(members), [(codes[: len(pairs)], codes[len(pairs) :])])
    return ends.assign(set=sets[codes]).drop_duplicates("member", ignore_index=True)
