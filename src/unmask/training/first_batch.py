"""The pictures a training begins with, as its model sees them: shuffled, decoded, varied."""

from matplotlib.figure import Figure

from unmask.config import RecipeConfig
from unmask.data.input.batches import training_batches
from unmask.data.shards import ShardIndex
from unmask.figures import Exhibit, gallery
from unmask.records import LABEL_NAMES

MOST = 32
COLUMNS = 8


def draw(training: ShardIndex, *, recipe: RecipeConfig, model_name: str, epoch: int) -> Figure:
    """Draws the first batch that the whole model learns from, which is a function of data and recipe.

    Args:
        training: the split that is learnt from.
        recipe: its seed, batch size and augmentation count.
        model_name: for the title.
        epoch: the first in which the whole model learnt; those before it read the backbone's features.

    Returns:
        A figure of `MOST` pictures at most, each with its label.
    """
    batches = training_batches(
        training,
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        augmentation=recipe.augmentation,
        first_epoch=epoch,
    )
    images, labels = next(batches.take(1).as_numpy_iterator())
    exhibits = [
        Exhibit(image=image, label=int(label), caption=[LABEL_NAMES[int(label)]])
        for image, label in zip(images[:MOST], labels[:MOST, 0], strict=True)
    ]
    shown = f"{len(exhibits)} of its {len(images)}" if len(exhibits) < len(images) else f"all {len(images)}"
    detail = f"{shown} pictures, {training.image_size} pixels a side, varied as in training"
    return gallery(exhibits, columns=COLUMNS, headline=f"{model_name}: the first batch", detail=detail)
