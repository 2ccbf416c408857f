"""What a trained model is on disk: the same training gives the same bytes."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from unmask import artifacts, config, losses
from unmask.data.features import Features
from unmask.data.shards import ShardIndex
from unmask.models import saved
from unmask.training.fit import Trained

MODEL, HISTORY, DESCRIPTION = "model.keras", "history.csv", "training.json"
DECIMALS = 8
FRAMEWORKS = ("keras", "tensorflow", "numpy")


def save(folder: Path, trained: Trained, *, description: dict[str, Any]) -> None:
    """Writes model.keras, history.csv and training.json into a folder.

    Args:
        folder: made by this call; the caller makes it appear at once.
        trained: what to write.
        description: what training.json says beside the model's hash and the best epoch.
    """
    folder.mkdir(parents=True, exist_ok=True)
    saved.save(folder / MODEL, trained.model)
    artifacts.write_csv(folder / HISTORY, trained.history.round(DECIMALS))
    outcome = {
        "model_sha256": artifacts.sha256_of_file(folder / MODEL),
        "best_epoch": trained.best_epoch,
        "epochs": len(trained.history),
        "weights": int(trained.model.count_params()),
    }
    artifacts.write_json(folder / DESCRIPTION, {**description, **outcome})


def describe(
    name: str,
    section: config.TrainingSection,
    *,
    training: ShardIndex,
    validation: ShardIndex,
    features: Features | None,
) -> dict[str, Any]:
    """Says what a model was made of.

    Args:
        name: the model's name.
        section: its part of the parameters.
        training: what it learnt from.
        validation: what chose its best epoch.
        features: what its head's phase read, if anything.

    Returns:
        What `save` writes to training.json.
    """
    start = Path(getattr(section.architecture, "weights", ""))
    return {
        "model": name,
        "start_sha256": artifacts.sha256_of_file(start) if start.is_file() else "",
        "head_features_sha256": features.sha256 if features else "",
        "parameters": config.flatten(section),
        "score_is_probability": bool(losses.load(section.recipe.loss).IS_PROPER),
        "image_size": training.image_size,
        "preprocess": training.preprocess,
        "records": {"train": training.records, "validation": validation.records},
        "splits": {
            split.folder.name: {"records": split.records, "sha256": split.sha256} for split in (training, validation)
        },
        "data_sha256": artifacts.sha256_of_text(training.sha256 + validation.sha256),
        "versions": {package: version(package) for package in FRAMEWORKS},
    }
