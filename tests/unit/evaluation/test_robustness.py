"""The grid of perturbations, with models whose answers are known."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.judge import Judge
from unmask.evaluation.predict import Batch
from unmask.evaluation.robustness import COLUMNS, first_images, measure_grid, summary
from unmask.perturbations import PERTURBATIONS

JUDGE = Judge(calibration=Calibration(), threshold=0.5, confidence=0.95)


class Detail:
    """Calls a picture fake by its fine detail: what JPEG, blur and resizing take away."""

    def __init__(self) -> None:
        self.sizes: set[int] = set()

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        self.sizes.add(len(x))
        detail = np.abs(np.diff(x, axis=2)).mean(axis=(1, 2, 3))
        return (detail[:, None] - 10).astype(np.float32)


def images(count: int, *, size: int = 32) -> tuple[np.ndarray, np.ndarray, list[str]]:
    generator = np.random.default_rng(4)
    labels = np.arange(count) % 2
    noise = generator.normal(size=(count, size, size, 3)) * np.where(labels, 30, 3)[:, None, None, None]
    return np.clip(128 + noise, 0, 255).astype(np.uint8), labels, [f"{number:03}.png" for number in range(count)]


def batches(count: int, *, size: int = 8) -> Iterator[Batch]:
    pictures, labels, members = images(count)
    for start in range(0, count, size):
        end = start + size
        yield pictures[start:end], labels[start:end], members[start:end]


def grid(count: int = 20, *, batch: int = 8, seed: int = 1) -> pd.DataFrame:
    return measure_grid(Detail(), batches(count, size=batch), PERTURBATIONS, judge=JUDGE, clusters={}, seed=seed)


def cell(table: pd.DataFrame, name: str, severity: int) -> pd.Series:
    (row,) = [row for _, row in table.iterrows() if (row["perturbation"], row["severity"]) == (name, severity)]
    return row


def test_every_perturbation_and_severity_has_a_row() -> None:
    table = grid()
    assert list(table.columns) == COLUMNS
    assert len(table) == 1 + sum(len(one.AMOUNTS) for one in PERTURBATIONS.values())
    assert table["images"].unique().tolist() == [20]
    assert table["amount"].isna().tolist() == [True] + [False] * (len(table) - 1)


def test_a_model_that_lives_on_detail_falls_where_detail_goes() -> None:
    table = grid()
    assert cell(table, "none", 0)["accuracy_score"] == 1
    assert cell(table, "none", 0)["mean_score_shift"] == 0
    assert cell(table, "blur", 5)["accuracy_score"] == 0.5
    assert cell(table, "blur", 5)["mean_score_shift"] < -0.4
    assert cell(table, "noise", 5)["mean_score_shift"] > 0.3
    worst = summary(table)["worst"]
    assert worst["accuracy_score"] == table["accuracy_score"].min()
    assert summary(table)["untouched_accuracy_score"] == 1


def test_batches_and_their_order_do_not_matter() -> None:
    pd.testing.assert_frame_equal(grid(batch=8), grid(batch=20))


def test_another_seed_draws_other_noise() -> None:
    one, other = grid(seed=1), grid(seed=2)
    random = one["perturbation"].isin(["noise", "crop"])
    assert not one[random].equals(other[random])
    pd.testing.assert_frame_equal(one[~random], other[~random])


def test_the_model_sees_one_size_of_batch() -> None:
    model = Detail()
    measure_grid(model, batches(20), PERTURBATIONS, judge=JUDGE, clusters={}, seed=1)
    assert model.sizes == {8}


def test_frames_of_one_video_widen_the_intervals() -> None:
    # In blurred pictures this model is right about every real and wrong about every fake: half of each cluster, or
    # all or none of it where a video holds one class alone.
    members = images(20)[2]
    together = {member: "ab"[number % 2] for number, member in enumerate(members)}
    of_videos = measure_grid(Detail(), batches(20), PERTURBATIONS, judge=JUDGE, clusters=together, seed=1)
    widths = [
        cell(table, "blur", 5)["accuracy_high"] - cell(table, "blur", 5)["accuracy_low"]
        for table in (of_videos, grid())
    ]
    assert widths[0] > 2 * widths[1]


@pytest.mark.parametrize("count", [0, 1])
def test_images_of_one_class_are_refused(count: int) -> None:
    with pytest.raises(EvaluationError, match="needs real and fake images"):
        grid(count)


@pytest.mark.parametrize(("count", "expected"), [(0, []), (5, [5]), (8, [8]), (11, [8, 3]), (99, [8, 8, 4])])
def test_only_the_first_images_are_taken(count: int, expected: list[int]) -> None:
    found = list(first_images(batches(20), count=count))
    assert [len(members) for _, _, members in found] == expected
    assert all(len(pictures) == len(labels) == len(members) for pictures, labels, members in found)
