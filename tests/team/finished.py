"""Finished folders as the pipeline leaves them, of a training of any length, with a network of a few weights."""

import json
from pathlib import Path

import keras

SIZE = 16
CURVES = ("loss", "accuracy", "roc_auc", "validation_loss", "validation_accuracy", "validation_roc_auc")
PICTURES = 8
SCORES = {"accuracy_score": {"value": 0.9, "low": 0.85, "high": 0.95}, "roc_auc_score": {"value": 0.97}}
NUM_SCORES = 5  # those four, and the threshold
FILES = sorted(
    [
        *("training/history.csv", "training/training.json", "evaluation/metrics.json"),
        *(f"evaluation/plots/{number}.bin" for number in range(PICTURES)),
    ]
)


def value(name: str, epoch: int, *, seed: int) -> float:
    """A point of a curve that no other has."""
    return seed + CURVES.index(name) / 10 + epoch / 1e5


def write_model(root: Path, *, seed: int, epochs: int) -> Path:
    """Writes models/cnn."""
    folder = root / "models" / "cnn"
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((SIZE, SIZE, 3))
    logits = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(pictures))
    keras.Model(pictures, logits).save(folder / "model.keras")
    rows = [[str(epoch), *(repr(value(name, epoch, seed=seed)) for name in CURVES)] for epoch in range(epochs)]
    (folder / "history.csv").write_text("\n".join(",".join(row) for row in [["epoch", *CURVES], *rows]) + "\n")
    training = {
        "model": "cnn",
        "parameters": {"recipe.epochs": epochs, "recipe.seed": seed},
        "image_size": SIZE,
        "best_epoch": 1,
        "data_sha256": "d" * 64,
        "records": {"train": 70, "validation": 15},
    }
    (folder / "training.json").write_text(json.dumps(training))
    return folder


def write_report(root: Path, *, seed: int) -> Path:
    """Writes reports/evaluate/cnn."""
    folder = root / "reports" / "evaluate" / "cnn"
    (folder / "plots").mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"test": SCORES, "threshold": 0.4, "model": "cnn", "seed": seed}))
    for number in range(PICTURES):
        (folder / "plots" / f"{number}.bin").write_bytes(bytes([seed, number]) * 5000)
    return folder
