"""The head's phase on stored features: the same training as through the frozen backbone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from killed_training import KillAt, Killed

from unmask import config
from unmask.data import shards
from unmask.data.features import Features, read_features
from unmask.errors import FeaturesError, TrainingError
from unmask.models import MODELS
from unmask.training import backbone, checkpoint, ensemble, fit, head_features
from unmask.training.checkpoint import Checkpoint

ROOT = Path(__file__).parents[3]
Splits = tuple[shards.ShardIndex, shards.ShardIndex]
NAMES = ["loss", "accuracy", "roc_auc", "validation_loss", "validation_accuracy", "validation_roc_auc", "learning_rate"]
HEAD_EPOCHS = 2


def build_tiny(architecture: Any, *, image_size: int) -> keras.Model:
    """A model of ResNet50's parts whose backbone, with batch normalisation, is two layers."""
    images = keras.Input((image_size, image_size, 3), name="images")
    pictures = keras.Input((image_size, image_size, 3), name="pictures")
    maps = keras.layers.Conv2D(6, 3, strides=2, activation="relu", name="convolution")(pictures)
    maps = keras.layers.BatchNormalization(name="normalisation")(maps)
    values = keras.layers.Rescaling(1 / 255, name="scaling")(images)
    values = keras.Model(pictures, maps, name="backbone")(values)
    values = keras.layers.GlobalAveragePooling2D(name="average")(values)
    values = keras.layers.Flatten(name="flatten")(values)
    values = keras.layers.Dense(architecture.dense_units, activation="relu", name="dense")(values)
    values = keras.layers.Dropout(architecture.dropout, name="dropout")(values)
    return keras.Model(images, keras.layers.Dense(1, dtype="float32", name="logits")(values), name="tiny")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "tiny", build_tiny)


def section_of(*, flip: float = 0.5, **changes: Any) -> Any:
    """All that has a state: dropout, a schedule, moments; variations that the head's phase does not have."""
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.resnet50
    optimizer = replace(whole.recipe.optimizer, name="adamw", weight_decay=0.01, schedule="cosine", warmup_share=0.2)
    augmentation = replace(whole.recipe.augmentation, horizontal_flip=flip, noise=3.0)
    usual = {"epochs": 2, "head_epochs": HEAD_EPOCHS, "batch_size": 8, "precision": "float32"}
    usual |= {"optimizer": optimizer, "augmentation": augmentation, "head_learning_rate": 0.01}
    return replace(
        whole,
        architecture=replace(whole.architecture, dense_units=4, dropout=0.5),
        recipe=replace(whole.recipe, **usual | changes),
    )


def features_of(section: Any, splits: Splits, folder: Path, *, model: str = "tiny") -> Features:
    head_features.write(folder, model, section, shards=splits[0].folder.parent, batch_size=10)
    found = read_features(folder, is_needed=True)
    assert found is not None
    return found


def train(section: Any, splits: Splits, *extra: Any, model: str = "tiny", **options: Any) -> fit.Trained:
    return fit.train(model, section, training=splits[0], validation=splits[1], callbacks=list(extra), **options)


class HeadOnly(keras.callbacks.Callback):
    """Takes the head's weights when its phase is over, and ends training there."""

    weights: list[np.ndarray]

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        if epoch == HEAD_EPOCHS:
            layers = [layer for layer in self.model.layers if layer.name in ("dense", "logits")]
            self.weights = [weights for layer in layers for weights in layer.get_weights()]
            raise Killed


def head_of(section: Any, splits: Splits, folder: Path, **options: Any) -> tuple[pd.DataFrame, list[np.ndarray]]:
    """Trains the head; gives its history and weights."""
    watch, kept = HeadOnly(), Checkpoint(folder, key="k")
    with pytest.raises(Killed):
        train(section, splits, watch, checkpoint=kept, **options)
    state = kept.load()
    assert state is not None
    return pd.DataFrame(state.rows), watch.weights


def assert_same_head(one: tuple[pd.DataFrame, list[np.ndarray]], other: tuple[pd.DataFrame, list[np.ndarray]]) -> None:
    assert one[0]["phase"].tolist() == other[0]["phase"].tolist() == ["head"] * HEAD_EPOCHS
    np.testing.assert_allclose(one[0][NAMES], other[0][NAMES], rtol=1e-3, atol=1e-5)
    for left, right in zip(one[1], other[1], strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("flip", "precision"),
    [pytest.param(0.0, "float32", marks=pytest.mark.slow), (0.5, "float32"), (0.5, "mixed_float16")],
)
def test_head_learns_from_features_what_it_learns_from_images(
    splits: Splits, tmp_path: Path, flip: float, precision: str
) -> None:
    section = section_of(flip=flip, precision=precision)
    features = features_of(section, splits, tmp_path / "features")
    through_backbone = head_of(section, splits, tmp_path / "images")
    assert_same_head(head_of(section, splits, tmp_path / "on-features", features=features), through_backbone)


@pytest.mark.slow
def test_resnet50s_head_learns_from_features_what_it_learns_from_images(splits: Splits, tmp_path: Path) -> None:
    section = section_of()
    features = features_of(section, splits, tmp_path / "features", model="resnet50")
    through_backbone = head_of(section, splits, tmp_path / "images", model="resnet50")
    on_features = head_of(section, splits, tmp_path / "on-features", model="resnet50", features=features)
    assert_same_head(on_features, through_backbone)


def test_everything_is_trained_after_the_head_and_the_backbone_not_before(splits: Splits, tmp_path: Path) -> None:
    section = section_of()
    features = features_of(section, splits, tmp_path / "features")
    trained = train(section, splits, features=features)
    assert trained.history["phase"].tolist() == ["head"] * HEAD_EPOCHS + ["all"] * 2
    assert trained.history["epoch"].tolist() == [0, 1, 2, 3]
    assert trained.model.input_shape == (None, 32, 32, 3)
    assert backbone.sha256_of(trained.model) != features.backbone_sha256


@pytest.mark.parametrize("killed_at", [1, pytest.param(HEAD_EPOCHS, marks=pytest.mark.slow)])
def test_a_training_killed_in_an_epoch_ends_as_one_that_was_not(splits: Splits, tmp_path: Path, killed_at: int) -> None:
    section = section_of()
    features = features_of(section, splits, tmp_path / "features")
    kept = Checkpoint(tmp_path / "states", key="k")
    with pytest.raises(Killed):
        train(section, splits, KillAt(killed_at), features=features, checkpoint=kept)
    resumed = train(section, splits, features=features, checkpoint=kept)
    whole = train(section, splits, features=features)
    pd.testing.assert_frame_equal(resumed.history, whole.history, check_exact=True)
    assert resumed.best_epoch == whole.best_epoch
    for left, right in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_stored_features_are_those_of_the_backbone_without_loss(splits: Splits, tmp_path: Path, precision: str) -> None:
    section = section_of(precision=precision)
    features = features_of(section, splits, tmp_path / "features")
    model = backbone.build("tiny", section, image_size=32)
    images = np.concatenate(
        [batch for batch, _, _ in head_features.evaluation_batches(splits[0].folder.parent, "train", 10)]
    )
    # In batches as when they were stored: in others they may be rounded otherwise.
    computed = np.concatenate(
        [backbone.feature_model(model).predict_on_batch(images[start : start + 10]) for start in range(0, 30, 10)]
    )
    np.testing.assert_array_equal(features.training.values[:, 0].astype("float64"), computed.astype("float64"))
    assert features.training.values.dtype == ("float16" if precision == "mixed_float16" else "float32")


def test_features_of_another_backbone_or_precision_or_of_other_images_are_refused(
    splits: Splits, tmp_path: Path
) -> None:
    section = section_of()
    features = features_of(section, splits, tmp_path / "features")
    again = "run `dvc repro head_features`"
    for changes in ({"seed": 8}, {"precision": "mixed_bfloat16"}):
        with pytest.raises(FeaturesError, match=f"was made by another backbone than tiny's: {again}"):
            train(section_of(**changes), splits, features=features)
    with pytest.raises(FeaturesError, match=f"was made of other images than those of .*train: {again}"):
        train(section, (replace(splits[0], sha256="other"), splits[1]), features=features)
    with pytest.raises(FeaturesError, match=f"was made of other images than those of .*validation: {again}"):
        train(section, (splits[0], replace(splits[1], sha256="other")), features=features)


def test_members_with_random_backbones_read_no_features_but_the_first_ones(splits: Splits, tmp_path: Path) -> None:
    section = section_of(members=2, epochs=1, head_epochs=1)
    features = features_of(section, splits, tmp_path / "features")
    data = {"training": splits[0], "validation": splits[1], "features": features}
    trained = ensemble.train("tiny", section, callbacks=[], **data)
    assert trained.history["phase"].tolist() == ["head", "all", "head of member 2", "all of member 2"]


def test_features_without_the_mirror_images_that_a_recipe_asks_for_are_refused(splits: Splits, tmp_path: Path) -> None:
    features = features_of(section_of(flip=0.0), splits, tmp_path / "features")
    assert features.training.values.shape == (30, 1, 6)
    with pytest.raises(FeaturesError, match="lacks the mirror images that horizontal_flip asks for"):
        train(section_of(flip=0.5), splits, features=features)


def test_model_without_a_backbone_has_no_features(splits: Splits, tmp_path: Path) -> None:
    whole = config.load(ROOT / "profiles" / "sample.yaml").train.cnn
    section = replace(whole, recipe=replace(whole.recipe, head_epochs=1))
    with pytest.raises(TrainingError, match=r"cnn has no backbone to freeze: set recipe\.head_epochs to 0"):
        head_features.write(tmp_path / "features", "cnn", section, shards=splits[0].folder.parent, batch_size=8)


def test_other_features_have_another_key(splits: Splits, tmp_path: Path) -> None:
    section = section_of()
    data = {"training": splits[0], "validation": splits[1]}
    one, other = (features_of(section_of(flip=flip), splits, tmp_path / str(flip)) for flip in (0.0, 0.5))
    keys = {checkpoint.key_of(section, features=features, **data) for features in (None, one, other)}
    assert len(keys) == 3
