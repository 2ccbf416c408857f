"""What holds for every loss of the folder."""

from pathlib import Path

import keras
import numpy as np
import pytest
import yaml

from unmask import losses
from unmask.errors import ConfigError

ROOT = Path(__file__).parents[2]
LABELS = np.array([[0.0], [1.0], [1.0]], dtype="float32")


@pytest.mark.parametrize("name", losses.names())
def test_right_logits_cost_less_than_wrong_ones(name: str) -> None:
    right, wrong = (LABELS * 2 - 1) * 4, (1 - LABELS * 2) * 4
    loss = losses.load(name).build()
    assert float(loss(LABELS, right)) < float(loss(LABELS, wrong))


@pytest.mark.parametrize("name", losses.names())
def test_large_logits_stay_finite(name: str) -> None:
    assert np.isfinite(float(losses.load(name).build()(LABELS, np.full((3, 1), 1e4, dtype="float32"))))


@pytest.mark.parametrize("name", losses.names())
def test_survives_being_written_and_read(name: str) -> None:
    loss = losses.load(name).build()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    logits = np.array([[0.3], [-1.0], [2.0]], dtype="float32")
    assert float(again(LABELS, logits)) == pytest.approx(float(loss(LABELS, logits)))


def test_binary_crossentropy_of_logit_zero_is_the_logarithm_of_two() -> None:
    # sigmoid(0) = 0.5, and -log(0.5) = 0.6931.
    zeros = np.zeros((3, 1), dtype="float32")
    assert float(losses.load("binary_crossentropy").build()(LABELS, zeros)) == pytest.approx(0.6931472)


def test_brier_is_the_mean_squared_difference() -> None:
    # Logits of ln 3 and -ln 3 are scores of 0.75 and 0.25: (0.75 - 0)^2 = 0.5625 and twice (0.25 - 1)^2 = 0.5625.
    logits = np.array([[np.log(3)], [-np.log(3)], [-np.log(3)]], dtype="float32")
    assert float(losses.load("brier").build()(LABELS, logits)) == pytest.approx(0.5625)


def test_squared_hinge_takes_labels_for_signs() -> None:
    # max(0, 1 - sign * logit)^2: (1 + 0.5)^2 = 2.25, (1 - 0.5)^2 = 0.25 and 0 beyond the margin; their mean is 0.8333.
    logits = np.array([[0.5], [0.5], [2.0]], dtype="float32")
    assert float(losses.load("squared_hinge").build()(LABELS, logits)) == pytest.approx(2.5 / 3)


def test_smoothed_labels_are_least_at_their_own_probability() -> None:
    # The least for a label of 0.95 is its entropy, at a logit of ln(0.95 / 0.05).
    logit = float(np.log(0.95 / 0.05))
    logits = np.array([[-logit], [logit], [logit]], dtype="float32")
    entropy = -(0.95 * np.log(0.95) + 0.05 * np.log(0.05))
    assert float(losses.load("label_smoothed").build()(LABELS, logits)) == pytest.approx(entropy)


@pytest.mark.parametrize("name", losses.names())
def test_proper_losses_and_no_others_are_least_at_the_probability(name: str) -> None:
    # Of many images that look alike, 70% are fake: the expected loss by the score that all of them get.
    scores = np.linspace(0.01, 0.99, 99, dtype="float32")
    expected = []
    for score in scores:
        logits = np.full((2, 1), np.log(score / (1 - score)), dtype="float32")
        loss_of_real, loss_of_fake = (
            float(losses.load(name).build()(np.full((2, 1), label, dtype="float32"), logits)) for label in (0, 1)
        )
        expected.append(0.3 * loss_of_real + 0.7 * loss_of_fake)
    best = float(scores[int(np.argmin(expected))])
    assert (best == pytest.approx(0.7, abs=0.005)) is losses.load(name).IS_PROPER, best


def test_the_search_tries_every_loss() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert tuple(stages["search_loss"]["matrix"]["loss"]) == losses.names()
    chosen_from = [dep for dep in stages["choose_loss"]["deps"] if dep.startswith("reports/")]
    assert chosen_from == [f"reports/search_loss/${{item.model}}-{name}" for name in losses.names()]


def test_unknown_loss_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="unknown loss 'hinge'; there are: binary_crossentropy, brier"):
        losses.load("hinge")
