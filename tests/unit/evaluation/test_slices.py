"""Slices of a test split whose accuracies are known."""

import numpy as np
import pandas as pd
import pytest

from unmask.evaluation.calibration import Calibration
from unmask.evaluation.judge import Judge
from unmask.evaluation.slices import measure_slices, slices_of

JUDGE = Judge(calibration=Calibration(), threshold=0.5, confidence=0.95)
MEMBERS = [f"{number:03d}.jpg" for number in range(120)]


def records(**columns: object) -> pd.DataFrame:
    """A hundred and twenty images, every second one fake."""
    plain = {
        "member": MEMBERS,
        "label": np.arange(120) % 2,
        "group": "",
        "upstream_split": "test",
        "bytes": np.arange(120) + 1000,
        "sha256": [f"{number:064d}" for number in range(120)],
        "width": 64,
        "height": 64,
        "format": "JPEG",
        "mode": "RGB",
        "jpeg_quality": pd.array([90] * 120, dtype="Int64"),
    }
    return pd.DataFrame({**plain, **columns})


def predictions(is_right: np.ndarray, *, clusters: list[str] = MEMBERS) -> pd.DataFrame:
    labels = np.arange(120) % 2
    scores = np.where(is_right, labels, 1 - labels) * 0.8 + 0.1
    return pd.DataFrame({"member": MEMBERS, "label": labels, "score": scores, "cluster": clusters})


def slices(table: pd.DataFrame, *, brightness: float = 100.0) -> pd.DataFrame:
    return slices_of(table, brightness=dict.fromkeys(MEMBERS, brightness))


def measured(table: pd.DataFrame, is_right: np.ndarray, **options: object) -> pd.DataFrame:
    found = measure_slices(predictions(is_right, **options), slices(table), judge=JUDGE, least_images=30)
    return found.set_index(["column", "slice"])


def test_a_slice_that_is_judged_badly_comes_first_and_is_called_worse() -> None:
    small = np.arange(120) >= 80
    table = records(width=np.where(small, 32, 64), height=np.where(small, 32, 64))
    found = measured(table, ~(small & (np.arange(120) % 4 < 3)))
    assert found.index[0] == ("size", "32 x 32")
    worst = found.iloc[0]
    assert (worst["images"], worst["real"], worst["fake"]) == (40, 20, 20)
    assert worst["accuracy_score"] == 0.25  # of every four, three are wrong
    assert worst["is_worse"]
    assert not found.loc[("size", "64 x 64"), "is_worse"]


def test_chance_alone_calls_a_slice_worse_no_oftener_than_stated() -> None:
    num_false = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        columns = {name: generator.choice(["a", "b"], 120) for name in ("upstream_split", "format", "mode", "group")}
        num_false += bool(measured(records(**columns), generator.random(120) < 0.8)["is_worse"].any())
    assert num_false / 200 <= 0.05  # one less the judge's confidence


def test_intervals_widen_with_the_number_of_slices() -> None:
    is_right = np.arange(120) % 5 > 0
    few = measured(records(), is_right)
    many = measured(records(mode=np.where(np.arange(120) < 60, "L", "RGB")), is_right)
    row = ("label", "real")
    assert many.loc[row, "accuracy_high"] > few.loc[row, "accuracy_high"]
    assert many.loc[row, "accuracy_low"] < few.loc[row, "accuracy_low"]


def test_small_slices_come_last_and_are_never_worse() -> None:
    is_png = np.arange(120) < 10
    found = measured(records(format=np.where(is_png, "PNG", "JPEG")), ~is_png)
    assert found.index[-1] == ("format", "PNG")
    assert found.iloc[-1]["accuracy_score"] == 0
    assert not found.iloc[-1]["is_worse"]


def test_frames_of_one_video_tell_less_than_images_of_their_own() -> None:
    is_right = np.arange(120) % 24 >= 6
    clusters = [f"video {number // 24}" for number in range(120)]
    alone, together = measured(records(), is_right), measured(records(), np.arange(120) >= 30, clusters=clusters)
    row = ("label", "fake")
    assert together.loc[row, "accuracy_high"] > alone.loc[row, "accuracy_high"]


def test_many_numbers_are_cut_into_quarters_and_missing_ones_named() -> None:
    quality = pd.array([None, *range(119)], dtype="Int64")
    names = slices(records(jpeg_quality=quality))
    # The quartiles of 0 to 118 are 29.5, 59 and 88.5.
    expected = {"none": 1, "up to 29.5": 30, "29.5 to 59": 30, "59 to 88.5": 29, "above 88.5": 30}
    assert names["jpeg_quality"].value_counts().to_dict() == expected


def test_columns_that_tell_nothing_are_left_out() -> None:
    names = slices(records(group=[f"video {number}" for number in range(120)]))
    assert sorted(names.columns) == ["bytes", "label"]


def test_a_slice_of_one_class_has_no_area() -> None:
    found = measured(records(), np.ones(120, dtype=bool))
    assert np.isnan(found.loc[("label", "fake"), "roc_auc_score"])
    assert (found.loc["bytes", "roc_auc_score"] == 1).all()


@pytest.mark.parametrize("member", ["elsewhere.jpg"])
def test_images_of_other_splits_are_left_out(member: str) -> None:
    more = pd.concat([records(), records().head(1).assign(member=member)])
    assert member not in slices(more).index


def test_large_numbers_that_lie_close_together_have_names_of_their_own() -> None:
    names = slices(records(bytes=np.arange(120) + 2_000_054))["bytes"]
    assert names.nunique() == 4
    assert names.iloc[0] == "up to 2,000,084"


def test_small_fractions_are_cut_too() -> None:
    assert slices(records(blur=np.linspace(0.01, 0.04, 120)))["blur"].nunique() == 4
