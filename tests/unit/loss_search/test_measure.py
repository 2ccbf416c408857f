"""What a loss is measured by: the same for all, and the same twice."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unmask import config
from unmask.config import LossBudget
from unmask.data import shards
from unmask.loss_search.measure import Measured, measure, shares_features
from unmask.training import fit

ROOT = Path(__file__).parents[3]
SIZE = 32
Splits = tuple[shards.ShardIndex, shards.ShardIndex]
BUDGET = LossBudget(seeds=[1, 2], epochs=2, epoch_share=0.5)


@pytest.fixture(scope="module")
def section() -> Any:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    return replace(
        whole,
        architecture=replace(whole.architecture, filters=[4], dense_units=4),
        recipe=replace(whole.recipe, batch_size=8),
    )


def measured(section: Any, splits: Splits, loss: str = "brier") -> Measured:
    return measure("cnn", section, loss=loss, budget=BUDGET, training=splits[0], validation=splits[1])


def test_every_seed_has_its_score_and_its_epochs(section: Any, splits: Any) -> None:
    found = measured(section, splits)
    assert list(found.scores.validation_roc_auc) == ["1", "2"]
    assert all(0 <= area <= 1 for area in found.scores.validation_roc_auc.values())
    assert found.history[["seed", "epoch"]].to_numpy().tolist() == [[1, 0], [1, 1], [2, 0], [2, 1]]
    assert found.scores.is_proper is True


def test_the_same_seed_gives_the_same_scores(section: Any, splits: Any) -> None:
    assert measured(section, splits).scores == measured(section, splits).scores


def test_losses_share_a_search_that_other_parameters_do_not(section: Any, splits: Any) -> None:
    one = measured(section, splits).scores
    other_loss = replace(section, recipe=replace(section.recipe, loss="focal", seed=99, epochs=99))
    assert measured(other_loss, splits, loss="focal").scores.search == one.search
    other = replace(section, recipe=replace(section.recipe, batch_size=4))
    assert measured(other, splits).scores.search != one.search


@pytest.mark.parametrize(
    ("weights", "head_epochs", "epochs", "expected"),
    [("imagenet", 1, 1, True), ("none", 1, 1, False), ("imagenet", 0, 1, False), ("imagenet", 1, 0, False)],
)
def test_trainings_share_features_where_every_seed_has_the_same_backbone(
    weights: str, head_epochs: int, epochs: int, expected: bool
) -> None:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.resnet50
    architecture = replace(whole.architecture, weights=weights)
    section = replace(whole, architecture=architecture, recipe=replace(whole.recipe, head_epochs=head_epochs))
    assert shares_features(section, budget=replace(BUDGET, epochs=epochs)) is expected


def test_every_training_of_a_search_reads_the_features(
    section: Any, splits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    train = fit.train

    def watched(*arguments: Any, features: object, **options: Any) -> fit.Trained:
        read.append(features)
        return train(*arguments, **options)

    monkeypatch.setattr(fit, "train", watched)
    features: Any = object()
    measure("cnn", section, loss="brier", budget=BUDGET, training=splits[0], validation=splits[1], features=features)
    assert read == [features, features]
