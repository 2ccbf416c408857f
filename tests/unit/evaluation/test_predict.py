"""Streaming predictions, with a model that answers from the images' mean."""

from collections.abc import Iterator

import numpy as np
import pytest

from unmask.errors import EvaluationError
from unmask.evaluation.predict import predict


class MeanModel:
    """Answers each image's mean; remembers what it was asked."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.kinds: set[np.dtype] = set()

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        self.shapes.append(x.shape)
        self.kinds.add(x.dtype)
        return x.mean(axis=(1, 2, 3), keepdims=False)[:, None].astype(np.float32)


class FixedModel:
    """Answers what it was given, whatever the images."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = answer

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        return self.answer


def batches(values: list[list[int]], *, names: str) -> Iterator[tuple[np.ndarray, np.ndarray, list[str]]]:
    remaining = iter(names)
    for batch in values:
        images = np.array(batch, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8)
        yield images, np.array([value % 2 for value in batch]), [next(remaining) for _ in batch]


def test_scores_are_the_sigmoid_of_logits_sorted_by_member():
    found = predict(MeanModel(), batches([[0, 1], [2, 3]], names="dcba"))
    # Sigmoid of 3, 2, 1, 0.
    assert found.scores == pytest.approx([0.952574127, 0.880797078, 0.731058579, 0.5], abs=1e-9)
    assert found.members == ["a", "b", "c", "d"]
    assert found.labels.tolist() == [1, 0, 1, 0]


def test_scores_near_one_stay_apart():
    # In float32 the sigmoids of 20 and 25 are both exactly 1.
    found = predict(MeanModel(), batches([[20, 25]], names="ab"))
    assert found.scores.dtype == np.float64
    assert found.scores[0] < found.scores[1] < 1


def test_smaller_last_batch_is_filled_to_the_size_of_the_others():
    model = MeanModel()
    found = predict(model, batches([[1, 2, 3], [4]], names="abcd"))
    assert model.shapes == [(3, 2, 2, 3), (3, 2, 2, 3)]
    assert model.kinds == {np.dtype(np.float32)}
    assert len(found.scores) == 4


def test_table_has_a_row_an_image():
    table = predict(MeanModel(), batches([[1, 2]], names="ba")).table({"a": "z"})
    assert list(table.columns) == ["member", "label", "score", "cluster"]
    assert table["cluster"].tolist() == ["z", "b"]
    assert table["member"].tolist() == ["a", "b"]


def test_no_images_are_refused():
    with pytest.raises(EvaluationError, match="no images"):
        predict(MeanModel(), iter([]))


def test_answer_that_is_no_number_is_refused_with_the_image_it_was_for():
    answer = np.array([[1.0], [np.nan]], dtype=np.float32)
    with pytest.raises(EvaluationError, match="answer for b is not a finite number"):
        predict(FixedModel(answer), batches([[1, 2]], names="ab"))


def test_answer_of_another_shape_is_refused():
    with pytest.raises(EvaluationError, match=r"shape \(2, 2\) for 2 images; expected \(2, 1\)"):
        predict(FixedModel(np.zeros((2, 2), np.float32)), batches([[1, 2]], names="ab"))
