"""Training that was interrupted goes on as if it had not been."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from killed_training import KillAt, Killed

from unmask import config
from unmask.data import shards
from unmask.training import checkpoint, fit
from unmask.training.checkpoint import Checkpoint

ROOT = Path(__file__).parents[3]
SIZE = 32
Splits = tuple[shards.ShardIndex, shards.ShardIndex]


def section_of(model: str) -> Any:
    """A small model with all that has a state: dropout, a schedule, moments, batch statistics, two phases."""
    whole = config.load(ROOT / "profiles" / "sample.yaml").train
    optimizer = replace(whole.cnn.recipe.optimizer, name="adamw", schedule="cosine", warmup_share=0.2)
    augmentation = replace(whole.cnn.recipe.augmentation, rotation=10.0, noise=3.0)
    common = {"epochs": 4, "batch_size": 8, "optimizer": optimizer, "augmentation": augmentation}
    common["loss"] = "binary_crossentropy"
    if model == "cnn":
        architecture = replace(
            whole.cnn.architecture, filters=[4], dense_units=4, dropout=0.5, batch_normalization=True
        )
        return replace(whole.cnn, architecture=architecture, recipe=replace(whole.cnn.recipe, **common))
    recipe = replace(whole.resnet50.recipe, **common | {"epochs": 2, "head_epochs": 1, "precision": "float32"})
    return replace(whole.resnet50, recipe=recipe)


def train(section: Any, splits: Splits, *extra: Any, model: str = "cnn", kept: Checkpoint | None = None) -> fit.Trained:
    return fit.train(model, section, training=splits[0], validation=splits[1], callbacks=list(extra), checkpoint=kept)


def assert_equal(one: fit.Trained, other: fit.Trained) -> None:
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)
    assert one.best_epoch == other.best_epoch
    for left, right in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    "killed_at", [pytest.param(0, marks=pytest.mark.slow), 1, pytest.param(3, marks=pytest.mark.slow)]
)
def test_a_training_killed_in_an_epoch_ends_as_one_that_was_not(splits: Splits, tmp_path: Path, killed_at: int) -> None:
    section = section_of("cnn")
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(killed_at), kept=kept)
    assert_equal(train(section, splits, kept=kept), train(section, splits))


def test_a_training_killed_twice_and_by_early_stopping_ends_as_one_that_was_not(splits: Splits, tmp_path: Path) -> None:
    section = section_of("cnn")
    section = replace(section, recipe=replace(section.recipe, epochs=9, early_stopping_patience=1, monitor="accuracy"))
    kept = Checkpoint(tmp_path / "states", key="k")
    for epoch in (1, 2):
        try:
            train(section, splits, KillAt(epoch), kept=kept)
        except Killed:
            continue
    assert_equal(train(section, splits, kept=kept), train(section, splits))


@pytest.mark.parametrize("killed_at", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_a_moving_average_goes_on(splits: Splits, tmp_path: Path, killed_at: int) -> None:
    section = section_of("cnn")
    optimizer = replace(section.recipe.optimizer, ema_momentum=0.9)
    section = replace(section, recipe=replace(section.recipe, optimizer=optimizer))
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(killed_at), kept=kept)
    assert_equal(train(section, splits, kept=kept), train(section, splits))


@pytest.mark.slow
@pytest.mark.parametrize("killed_at", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_both_phases_of_a_fine_tuning_go_on(splits: Splits, tmp_path: Path, killed_at: int) -> None:
    section = section_of("resnet50")
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(killed_at), model="resnet50", kept=kept)
    assert_equal(train(section, splits, model="resnet50", kept=kept), train(section, splits, model="resnet50"))


def test_a_training_killed_after_its_last_epoch_trains_no_more(splits: Splits, tmp_path: Path) -> None:
    section = section_of("cnn")
    kept = Checkpoint(tmp_path / "states", key="k")
    whole = train(section, splits, kept=kept)
    assert_equal(train(section, splits, KillAt(0), KillAt(3), kept=kept), whole)


def test_other_parameters_or_data_have_another_key(splits: Splits) -> None:
    section = section_of("cnn")
    key = checkpoint.key_of(section, training=splits[0], validation=splits[1])
    assert checkpoint.key_of(section, training=splits[0], validation=splits[1]) == key
    changed = replace(section, recipe=replace(section.recipe, seed=8))
    assert checkpoint.key_of(changed, training=splits[0], validation=splits[1]) != key
    assert checkpoint.key_of(section, training=splits[1], validation=splits[1]) != key


def test_a_state_of_another_key_is_not_found_and_clearing_removes_all(splits: Splits, tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "states", key="k")
    train(section_of("cnn"), splits, kept=kept)
    other = Checkpoint(tmp_path / "states", key="other")
    assert other.load() is None
    other.clear()
    assert kept.load() is None
    assert not (tmp_path / "states").exists()


@pytest.mark.parametrize("name", [checkpoint.STATE, checkpoint.ARRAYS])
def test_a_damaged_state_is_told_and_not_used(
    splits: Splits, tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    section = section_of("cnn")
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(1), kept=kept)
    file = tmp_path / "states" / "k" / name
    assert kept.is_whole()
    for content in (file.read_bytes()[:100], b""):
        file.write_bytes(content)
        caplog.clear()
        assert not kept.is_whole()
        assert kept.load() is None
        assert "is damaged" in caplog.text


def test_a_state_that_lacks_an_array_or_an_epoch_is_not_used(tmp_path: Path) -> None:
    kept = Checkpoint(tmp_path / "states", key="k")
    array = np.zeros(3)
    state = checkpoint.State("all", False, [{"epoch": 0}], 0.5, 0, 0, [array], [array, array], [array])
    kept.save(state)
    assert kept.is_whole()
    with np.load(kept.place / checkpoint.ARRAYS) as arrays:
        content = dict(arrays)
    content.popitem()
    np.savez(kept.place / checkpoint.ARRAYS, **content)
    assert not kept.is_whole()
    kept.save(replace(state, rows=[]))
    assert not kept.is_whole()
