"""Which images of a split belong together."""

import pandas as pd

from unmask.data.clusters import clusters_of
from unmask.records import COPY_COLUMNS


def records(*rows: tuple[str, str]) -> pd.DataFrame:
    members, groups = zip(*rows, strict=True)
    return pd.DataFrame({"member": members, "label": 0, "group": groups, "sha256": members})


def copies(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame([(*pair, "near", 3, 0.9) for pair in pairs], columns=list(COPY_COLUMNS))


def test_frames_of_one_video_and_copies_are_named_by_the_first_of_them() -> None:
    found = clusters_of(records(("d", "video"), ("a", ""), ("c", "video"), ("b", ""), ("e", "")), copies(("b", "d")))
    assert found == {"a": "a", "b": "b", "c": "b", "d": "b", "e": "e"}


def test_copies_in_other_splits_join_nothing() -> None:
    assert clusters_of(records(("a", ""), ("b", "")), copies(("a", "elsewhere"), ("b", "elsewhere"))) == {
        "a": "a",
        "b": "b",
    }
