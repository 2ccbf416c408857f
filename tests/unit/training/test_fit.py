"""Training by recipe: what it returns, what it repeats, and how it stops."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask import artifacts, config
from unmask.config import TrainCnnConfig
from unmask.data import shards
from unmask.errors import TrainingError
from unmask.training import artifact, fit

ROOT = Path(__file__).parents[3]
SIZE = 32


@pytest.fixture(scope="module")
def section() -> TrainCnnConfig:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    architecture = replace(whole.architecture, filters=[4], dense_units=4)
    return replace(
        whole,
        architecture=architecture,
        recipe=replace(whole.recipe, epochs=3, batch_size=8, loss="binary_crossentropy"),
    )


def train(section: Any, splits: tuple[shards.ShardIndex, shards.ShardIndex], name: str = "cnn") -> fit.Trained:
    return fit.train(name, section, training=splits[0], validation=splits[1], callbacks=[])


def test_history_has_a_row_an_epoch_and_written_out_names(section: Any, splits: Any) -> None:
    history = train(section, splits).history
    assert history["epoch"].tolist() == [0, 1, 2]
    names = {"loss", "accuracy", "roc_auc"}
    assert set(history) == {"epoch", "phase", "learning_rate", *names, *(f"validation_{name}" for name in names)}


def test_same_seed_gives_the_same_file(section: Any, splits: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        trained = train(section, splits)
        artifact.save(tmp_path / name, trained, description={})
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_saved_model_holds_no_optimiser_and_the_best_epochs_weights(section: Any, splits: Any, tmp_path: Path) -> None:
    trained = train(section, splits)
    artifact.save(tmp_path / "model", trained, description={"model": "cnn"})
    loaded = keras.saving.load_model(tmp_path / "model" / artifact.MODEL, safe_mode=True)
    assert not loaded.compiled
    for one, other in zip(loaded.get_weights(), trained.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    described = artifacts.read_json(tmp_path / "model" / artifact.DESCRIPTION)
    assert described["model_sha256"] == artifacts.sha256_of_file(tmp_path / "model" / artifact.MODEL)
    assert described["best_epoch"] == trained.history["validation_loss"].idxmin()


def test_training_stops_when_validation_gets_no_better(section: Any, splits: Any) -> None:
    # At a learning rate of almost 0 no epoch is better than the first by a float's width for long.
    optimizer = replace(section.recipe.optimizer, learning_rate=1e-30)
    recipe = replace(section.recipe, epochs=9, early_stopping_patience=2, optimizer=optimizer)
    trained = train(replace(section, recipe=recipe), splits)
    assert len(trained.history) == 3
    assert trained.best_epoch == 0


def test_loss_that_is_no_number_stops_with_advice(section: Any, splits: Any) -> None:
    optimizer = replace(section.recipe.optimizer, learning_rate=1e30)
    with pytest.raises(TrainingError, match=r"the loss became .*: lower optimizer\.learning_rate"):
        train(replace(section, recipe=replace(section.recipe, optimizer=optimizer, epochs=5)), splits)


def test_head_phase_needs_a_backbone(section: Any, splits: Any) -> None:
    with pytest.raises(TrainingError, match=r"cnn has no backbone to freeze: set recipe\.head_epochs to 0"):
        train(replace(section, recipe=replace(section.recipe, head_epochs=1)), splits)


def test_head_phase_leaves_the_backbone_as_it_was(splits: Any) -> None:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.resnet50
    recipe = replace(whole.recipe, epochs=1, head_epochs=2, batch_size=16, precision="float32")
    starts: list[list[np.ndarray]] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
            starts.append(self.model.get_layer("backbone").get_weights())

    section = replace(whole, recipe=recipe)
    trained = fit.train("resnet50", section, training=splits[0], validation=splits[1], callbacks=[Watch()])
    assert trained.history["phase"].tolist() == ["head", "head", "all"]
    assert trained.history["epoch"].tolist() == [0, 1, 2]
    for before, after in zip(starts[0], starts[2], strict=True):
        np.testing.assert_array_equal(before, after)
    assert any(
        not np.array_equal(before, after)
        for before, after in zip(starts[2], trained.model.get_layer("backbone").get_weights(), strict=True)
    )


def test_precision_policy_is_put_back(section: Any, splits: Any) -> None:
    train(replace(section, recipe=replace(section.recipe, precision="mixed_bfloat16", epochs=1)), splits)
    assert keras.config.dtype_policy().name == "float32"
