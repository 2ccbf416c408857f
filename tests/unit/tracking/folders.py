"""Finished folders as the pipeline leaves them, with a network of a few weights."""

import json
from pathlib import Path

import keras

SIZE = 16
ONE_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)
PARAMETERS = {"architecture.filters": [4], "recipe.epochs": 3, "recipe.optimizer.learning_rate": 0.001}
HISTORY = """epoch,phase,loss,accuracy,roc_auc,validation_loss,validation_accuracy,validation_roc_auc,learning_rate
0,all,0.7,0.5,0.52,0.71,0.51,0.53,0.001
1,all,0.6,0.6,0.65,0.65,0.58,0.62,0.0005
2,all,0.5,0.7,0.75,0.66,0.57,0.61,0.0001
"""
SCORES = {"accuracy_score": {"value": 0.9, "low": 0.85, "high": 0.95}, "roc_auc_score": {"value": 0.97}}


def write_model(root: Path, name: str, *, seed: int) -> Path:
    """Writes models/<name> with a network of a few weights."""
    folder = root / "models" / name
    folder.mkdir(parents=True)
    keras.utils.set_random_seed(seed)
    pictures = keras.Input((SIZE, SIZE, 3))
    logits = keras.layers.Dense(1)(keras.layers.GlobalAveragePooling2D()(pictures))
    keras.Model(pictures, logits).save(folder / "model.keras")
    (folder / "history.csv").write_text(HISTORY)
    training = {
        "model": name,
        "parameters": PARAMETERS,
        "image_size": SIZE,
        "best_epoch": 1,
        "data_sha256": "d" * 64,
        "records": {"train": 70, "validation": 15},
    }
    (folder / "training.json").write_text(json.dumps(training))
    return folder


def write_report(root: Path, name: str, *, accuracy: float = 0.9) -> Path:
    """Writes reports/evaluate/<name>."""
    folder = root / "reports" / "evaluate" / name
    (folder / "plots").mkdir(parents=True, exist_ok=True)
    scores = {**SCORES, "accuracy_score": {**SCORES["accuracy_score"], "value": accuracy}}
    (folder / "metrics.json").write_text(json.dumps({"test": scores, "threshold": 0.4, "model": name}))
    (folder / "plots" / "roc.png").write_bytes(ONE_PIXEL)
    return folder
