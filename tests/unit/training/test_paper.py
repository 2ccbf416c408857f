"""The profile `paper`, held against the paper's text: layers, weights, optimiser, loss, batches, epochs, stopping."""

from dataclasses import replace
from pathlib import Path

import keras
import pytest

from unmask import config, losses
from unmask.config import Config
from unmask.models import MODELS
from unmask.training import optimizers
from unmask.training.callbacks import BestEpoch

PROFILE = Path(__file__).parents[3] / "profiles" / "paper.yaml"


@pytest.fixture(scope="module")
def paper() -> Config:
    return config.load(PROFILE)


def build(paper: Config, name: str, *, weights: str = "none") -> keras.Model:
    architecture = config.training_section(paper, name).architecture
    if name == "resnet50":
        assert architecture.weights == "imagenet"
        architecture = replace(architecture, weights=weights)
    return MODELS[name](architecture, image_size=paper.preprocess.image_size)


def kinds(model: keras.Model) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_cnn_has_three_convolutions_with_pooling_and_two_dense_layers(paper: Config) -> None:
    model = build(paper, "cnn")
    block = ["Conv2D", "MaxPooling2D"]
    assert kinds(model) == ["InputLayer", "Rescaling", *block, *block, *block, "Flatten", "Dense", "Dense"]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [16, 32, 32]
    assert all(layer.pool_size == (2, 2) for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D))
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [64, 1]
    # 256 -> 254 -> 127 -> 125 -> 62 -> 60 -> 30: (9 * 3 + 1) * 16 + (9 * 16 + 1) * 32 + (9 * 32 + 1) * 32
    # + (30 * 30 * 32 + 1) * 64 + 64 + 1.
    assert model.count_params() == 448 + 4_640 + 9_248 + 1_843_264 + 65


def test_resnet50_has_average_pooling_flatten_and_two_dense_layers(paper: Config) -> None:
    model = build(paper, "resnet50")
    head = ["GlobalAveragePooling2D", "Flatten", "Dense", "Dense"]
    assert kinds(model)[-len(head) :] == head
    activations = [layer.activation.__name__ for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert activations == ["relu", "linear"]  # the last one's sigmoid is in the loss
    # keras.applications documents 23,587,712 without the classifier.
    assert model.get_layer("backbone").count_params() == 23_587_712
    assert model.count_params() == 23_587_712 + (2048 + 1) * 64 + 64 + 1


@pytest.mark.parametrize(("name", "epochs", "batch_size"), [("cnn", 10, 3), ("resnet50", 30, 16)])
def test_recipe_is_the_papers(paper: Config, name: str, epochs: int, batch_size: int) -> None:
    recipe = config.training_section(paper, name).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.loss) == (epochs, batch_size, "binary_crossentropy")
    assert isinstance(losses.load(recipe.loss).build(), keras.losses.BinaryCrossentropy)
    assert isinstance(optimizers.build(recipe.optimizer, total_steps=10), keras.optimizers.Adam)
    assert recipe.augmentation.horizontal_flip > 0
    assert recipe.augmentation.rotation > 0
    assert recipe.augmentation.zoom > 0


def test_only_resnet50_stops_early_and_both_keep_their_best_epoch(paper: Config) -> None:
    cnn, resnet50 = paper.train.cnn.recipe, paper.train.resnet50.recipe
    assert cnn.early_stopping_patience >= cnn.epochs
    assert resnet50.early_stopping_patience < resnet50.epochs
    for recipe in (cnn, resnet50):
        callback = BestEpoch(recipe, state=None)
        assert (callback.monitor, callback.restore_best_weights) == ("val_loss", True)
