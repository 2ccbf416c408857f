"""The images a model is most wrong about."""

import numpy as np

from unmask.evaluation import worst
from unmask.evaluation.predict import Predictions


def predictions(*, labels: list[int], scores: list[float]) -> Predictions:
    members = [f"{'a long way from here/' if n == 0 else ''}{n}.jpg" for n in range(len(labels))]
    return Predictions(members=members, labels=np.array(labels), scores=np.array(scores))


def batches(members: list[str]):
    for number, member in enumerate(members):
        yield np.full((1, 4, 4, 3), number, np.uint8), np.array([0]), [member]


def test_the_worst_come_first_whatever_their_label() -> None:
    # Distances from the label: 0.2, 0.9, 0.7, 0.7, 0.1.
    found = predictions(labels=[0, 1, 0, 1, 1], scores=[0.2, 0.1, 0.7, 0.3, 0.9])
    assert worst.farthest(found, count=4) == [1, 2, 3, 0]


def test_each_picture_is_shown_with_its_own_label_score_and_name() -> None:
    found = predictions(labels=[0, 1], scores=[0.625, 0.5])
    figure = worst.draw(found, batches(found.members), threshold=0.4, model_name="cnn")
    texts = [text.get_text() for text in figure.texts]
    assert texts[2:] == ["real, score 0.625", "…way from here/0.jpg", "fake, score 0.500", "1.jpg"]
    assert [int(axes.images[0].get_array().max()) for axes in figure.axes] == [0, 1]


def test_only_the_chosen_images_are_kept() -> None:
    assert set(worst.pick(batches(["0.jpg", "1.jpg", "2.jpg"]), ["2.jpg"])) == {"2.jpg"}
