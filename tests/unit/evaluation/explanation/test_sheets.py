"""The pictures to look at, each beside its heatmap."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

from unmask.evaluation.explanation import sheets
from unmask.evaluation.predict import Predictions


def predictions(*, labels: list[int], scores: list[float]) -> Predictions:
    members = [f"{'a long way from here/' if n == 0 else ''}{n}.jpg" for n in range(len(labels))]
    return Predictions(members=members, labels=np.array(labels), scores=np.array(scores))


def batches(members: list[str]) -> Iterator[Any]:
    for number, member in enumerate(members):
        yield np.full((1, 4, 4, 3), number + 1, np.uint8), np.array([0]), [member]


@pytest.fixture
def model() -> keras.Model:
    """A network whose logit rises with the brightness of the left."""
    images = keras.Input((4, 4, 3))
    logits = keras.layers.Dense(1, use_bias=False)
    network = keras.Model(images, logits(keras.layers.Flatten()(keras.layers.Rescaling(1.0)(images))))
    weights = np.zeros((4, 4, 3), np.float32)
    weights[:, :2] = 1
    logits.set_weights([weights.reshape(-1, 1)])
    return network


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_the_surest_mistakes_come_first_and_right_answers_are_left_out() -> None:
    found = predictions(labels=[0, 1, 0, 1, 1], scores=[0.2, 0.1, 0.72, 0.3, 0.9])
    assert sheets.mistakes(found, threshold=0.5) == [1, 2, 3]


def test_the_surest_mistakes_lie_farthest_from_the_threshold_not_from_the_label() -> None:
    # At a threshold of 0.1 a fake at 0.09 is a near miss, a real at 0.9 is surely called fake.
    found = predictions(labels=[1, 0, 0], scores=[0.09, 0.9, 0.2])
    assert sheets.mistakes(found, threshold=0.1) == [1, 2, 0]
    assert sheets.nearest(found, threshold=0.1) == [0, 2, 1]


def test_the_scores_nearest_to_the_threshold_come_first() -> None:
    found = predictions(labels=[0, 1, 0, 1, 1], scores=[0.2, 0.1, 0.7, 0.3, 0.9])
    assert sheets.nearest(found, threshold=0.28) == [3, 0, 1, 2, 4]


def test_each_picture_stands_beside_its_heatmap_with_label_score_name_and_answer(model: keras.Model) -> None:
    found = predictions(labels=[0, 1, 1], scores=[0.625, 0.25, 0.75])
    drawn = sheets.draw(model, found, batches(found.members), threshold=0.4, model_name="cnn")
    assert texts(drawn["worst"])[0] == "cnn: the surest of its 2 mistakes on 3 validation images"
    expected = ["real, score 0.625", "…way from here/0.jpg", "called fake", ""]
    expected += ["fake, score 0.250", "1.jpg", "called real", "nothing speaks for it"]
    assert texts(drawn["worst"])[2:] == expected
    shown = [np.asarray(axes.images[0].get_array()) for axes in drawn["worst"].axes]
    assert [int(image.max()) for image in shown[::2]] == [1, 2]
    assert shown[1][:, 0].mean() > 2 * shown[1][:, 3].mean()  # what speaks for fake lies on the left


def test_the_least_sure_are_on_a_sheet_of_their_own(model: keras.Model) -> None:
    found = predictions(labels=[0, 1, 1], scores=[0.625, 0.25, 0.75])
    drawn = sheets.draw(model, found, batches(found.members), threshold=0.4, model_name="cnn")
    assert texts(drawn["uncertain"])[0] == "cnn: the validation images it is least sure of"
    assert [line for line in texts(drawn["uncertain"]) if "score 0" in line] == [
        "fake, score 0.250",
        "real, score 0.625",
        "fake, score 0.750",
    ]


def test_without_a_mistake_the_nearest_to_one_are_shown(model: keras.Model) -> None:
    found = predictions(labels=[0, 1], scores=[0.3, 0.9])
    worst = sheets.draw(model, found, batches(found.members), threshold=0.5, model_name="cnn")["worst"]
    assert texts(worst)[0] == "cnn: no mistake on 2 validation images; these came nearest"
    assert texts(worst)[2] == "real, score 0.300"


def test_a_sheet_holds_sixteen_pictures_at_most(model: keras.Model) -> None:
    found = predictions(labels=[0, 1] * 10, scores=[0.9, 0.1] * 10)
    drawn = sheets.draw(model, found, batches(found.members), threshold=0.5, model_name="cnn")
    assert {name: len(figure.axes) for name, figure in drawn.items()} == {"worst": 32, "uncertain": 32}


def test_only_the_chosen_images_are_kept() -> None:
    assert set(sheets.pick(batches(["0.jpg", "1.jpg", "2.jpg"]), {"2.jpg"})) == {"2.jpg"}


def test_an_overlay_grows_lighter_with_the_heatmap_and_keeps_the_picture() -> None:
    ramp = np.linspace(0, 1, 50, dtype=np.float32)[None]
    lights = [
        sheets.overlay(np.full((1, 50, 3), grey, np.uint8), ramp) @ np.array(sheets.LUMINANCE) for grey in (0, 120)
    ]
    assert (np.diff(lights, axis=-1) > 0).all()
    assert (lights[1] > lights[0] + 40).all()
