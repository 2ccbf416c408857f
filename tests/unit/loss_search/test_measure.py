"""What a loss is measured by: the same for all, and the same twice."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unmask import config
from unmask.config import LossBudget
from unmask.data import shards
from unmask.loss_search.measure import Measured, measure

ROOT = Path(__file__).parents[3]
SIZE = 32
BUDGET = LossBudget(seeds=[1, 2], epochs=2, epoch_share=0.5)


@pytest.fixture
def splits(tmp_path: Path, make_image: Callable[..., bytes]) -> dict[str, shards.ShardIndex]:
    about = {"preprocess": {"image_size": SIZE, "fit": "resize", "resample": "box"}}
    for name, count in (("train", 32), ("validation", 12)):
        faces = [shards.Example(str(n), n % 2, f"{n:064x}", make_image(n, size=(SIZE, SIZE))) for n in range(count)]
        shards.write(tmp_path / name, faces, total=count, shard_megabytes=1.0, about=about)
    return {
        "training": shards.read_index(tmp_path / "train"),
        "validation": shards.read_index(tmp_path / "validation"),
    }


@pytest.fixture(scope="module")
def section() -> Any:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    return replace(
        whole,
        architecture=replace(whole.architecture, filters=[4], dense_units=4),
        recipe=replace(whole.recipe, batch_size=8),
    )


def measured(section: Any, splits: dict[str, shards.ShardIndex], loss: str = "brier") -> Measured:
    return measure("cnn", section, loss=loss, budget=BUDGET, **splits)


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
