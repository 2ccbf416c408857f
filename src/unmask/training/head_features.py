"""Computing a frozen backbone's features once, and making sure later that they are still those of the same backbone."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from unmask.config import RecipeConfig, TrainCnnConfig, TrainResnet50Config
from unmask.console import progress
from unmask.data.features import AGAIN, Batch, Features, write_features
from unmask.data.input.reading import evaluation_batches, steps
from unmask.data.shards import ShardIndex, read_index
from unmask.errors import FeaturesError
from unmask.records import TRAIN, VALIDATION
from unmask.training import backbone

Images = npt.NDArray[np.uint8]

AUGMENTATION = {
    True: "an image as it is, or mirrored by recipe.augmentation.horizontal_flip; no other variation",
    False: "an image as it is; no variation",
}


def write(
    folder: Path, name: str, section: TrainCnnConfig | TrainResnet50Config, *, shards: Path, batch_size: int
) -> None:
    """Computes and writes the features of every training and validation image.

    They are kept in the type that the backbone computes them in, bfloat16 as float32, so that nothing is lost.

    Args:
        folder: an empty or absent folder; the caller makes it appear at once.
        name: a key of `MODELS`.
        section: its architecture and recipe; a probability of mirroring above 0 adds the mirror images of training.
        shards: the folder of all splits, `data/shards`.
        batch_size: images that go through the backbone at once.

    Raises:
        TrainingError: the model has no backbone.
        FeaturesError: a feature is no finite number.
        ConfigError, WeightsError, ShardError: the model cannot be built, or its images cannot be read.
    """
    training, validation = (read_index(shards / split) for split in (TRAIN, VALIDATION))
    model = backbone.build(name, section, image_size=training.image_size)
    made_by = backbone.sha256_of(model)
    extractor = backbone.feature_model(model)
    is_mirrored = section.recipe.augmentation.horizontal_flip > 0

    def batches(index: ShardIndex, *, has_mirror: bool) -> Iterator[Batch]:
        read = evaluation_batches(shards, index.folder.name, batch_size)
        what = f"features of {index.folder.name}"
        for images, labels, _ in progress(read, total=steps(index.records, batch_size), description=what):
            views = (images, images[:, :, ::-1]) if has_mirror else (images,)
            values = [extractor.predict_on_batch(filled(view, batch_size=batch_size))[: len(view)] for view in views]
            yield np.stack(values, axis=1).astype(stored_type(extractor)), labels.astype(np.uint8)

    write_features(
        folder,
        {
            TRAIN: (training, batches(training, has_mirror=is_mirrored)),
            VALIDATION: (validation, batches(validation, has_mirror=False)),
        },
        about={"model": name, "augmentation": AUGMENTATION[is_mirrored], "backbone_sha256": made_by},
    )


def filled(images: Images, *, batch_size: int) -> Images:
    """Fills a split's last batch up with its own images: for each further shape the backbone is compiled anew."""
    return np.resize(images, (batch_size, *images.shape[1:]))


def stored_type(extractor: keras.Model) -> str:
    """Chooses the smallest of NumPy's own types that holds the features without loss."""
    return "float16" if extractor.output.dtype == "float16" else "float32"


def check(
    found: Features,
    model: keras.Model,
    *,
    data: tuple[ShardIndex, ShardIndex],
    recipe: RecipeConfig,
) -> None:
    """Makes sure that features are what the model's backbone would give.

    Args:
        found: the features.
        model: not trained yet.
        data: what the head is to learn from, and what it is to be judged on.
        recipe: of the head's phase.

    Raises:
        FeaturesError: they are of another backbone, of other images, or lack the mirror images.
        TrainingError: the model has no backbone.
    """
    if found.backbone_sha256 != backbone.sha256_of(model):
        raise FeaturesError(f"{found.folder} was made by another backbone than {model.name}'s: {AGAIN}")
    for kept, index in zip((found.training, found.validation), data, strict=True):
        if kept.shards_sha256 != index.sha256:
            raise FeaturesError(f"{found.folder} was made of other images than those of {index.folder}: {AGAIN}")
    if recipe.augmentation.horizontal_flip and found.training.values.shape[1] == 1:
        raise FeaturesError(f"{found.folder} lacks the mirror images that horizontal_flip asks for: {AGAIN}")
