"""What a phase of training reads: images, or the backbone's stored features of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from unmask.config import RecipeConfig
from unmask.data.features import Features
from unmask.data.input.batches import training_batches, validation_batches
from unmask.data.input.feature_batches import training_feature_batches, validation_feature_batches
from unmask.data.shards import ShardIndex

Dataset = Any


@dataclass(frozen=True)
class Feed:
    """Two sources of batches for a model's fit.

    Attributes:
        training: takes `first_epoch`; gives epochs without end.
        validation: gives one pass.
        records: of the training split.
    """

    training: Callable[..., Dataset]
    validation: Callable[[], Dataset]
    records: int


def of_images(recipe: RecipeConfig, training: ShardIndex, validation: ShardIndex) -> Feed:
    """Reads images, varied as the recipe says."""
    return Feed(
        partial(
            training_batches,
            training,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
            augmentation=recipe.augmentation,
        ),
        partial(validation_batches, validation, batch_size=recipe.batch_size),
        training.records,
    )


def of_features(recipe: RecipeConfig, features: Features, *, training: ShardIndex) -> Feed:
    """Reads the features of the same images in the same order, mirrored where those are, and not varied else."""
    return Feed(
        partial(
            training_feature_batches,
            features.training,
            training,
            batch_size=recipe.batch_size,
            seed=recipe.seed,
            flip_probability=recipe.augmentation.horizontal_flip,
        ),
        partial(validation_feature_batches, features.validation, batch_size=recipe.batch_size),
        training.records,
    )
