"""Folders as train, evaluate and evaluate_external leave them, with numbers made up and pictures drawn."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from unmask.artifacts import sha256_of_text
from unmask.evaluation import robustness
from unmask.evaluation.external import COLUMNS
from unmask.evaluation.metrics import METRIC_NAMES
from unmask.perturbations import PERTURBATIONS

EXTERNAL = dict.fromkeys(COLUMNS, 0.5) | {
    "set": "other",
    "real": 86,
    "fake": 300,
    "rejects": 0,
    "roc_auc_score": 0.8,
    "roc_auc_low": 0.75,
    "roc_auc_high": 0.85,
    "accuracy_low": 0.45,
    "accuracy_high": 0.55,
    "balanced_accuracy_score": 0.51,
    "best_balanced_accuracy_score": 0.7,
    "warning": "the threshold fails",
}
FINDINGS = [
    {"statement": "A simple model tells real from fake.", "verdict": "warning", "advice": "Equalise."},
    {"statement": "No image is a copy of another.", "verdict": "fine"},
]
WORST = {"perturbation": "social_media", "severity": 5, "amount": 5, "accuracy_score": 0.52, "roc_auc_score": 0.6}
SLICES = """column,slice,images,real,fake,accuracy_score,accuracy_low,accuracy_high,roc_auc_score,is_worse
jpeg_quality,30 to 50,40,20,20,0.6,0.5,0.7,0.65,True
format,NA,12,0,12,0.75,0.6,0.9,,False
"""
EXPLANATION = {
    "images": 64,
    "occlusion_agreement": 0.412,
    "occlusion_agreement_error": 0.031,
    "randomised_similarity": 0.087,
    "is_sane": True,
}
PLOTS = {"reliability": (660, 792), "roc": (660, 682), "confusion": (660, 616), "worst": (1280, 480), "own": (300, 300)}


def png(size: tuple[int, int], *, colour: str = "#3b6ea8") -> bytes:
    """Draws a picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def metrics(name: str, *, value: float) -> dict[str, Any]:
    """Makes up a metrics.json."""
    return {
        "model": name,
        "model_sha256": sha256_of_text(name),
        "test_shards_sha256": "1" * 64,
        "validation": dict.fromkeys(METRIC_NAMES, value),
        "test": {metric: {"value": value, "low": value - 0.05, "high": value + 0.05} for metric in METRIC_NAMES},
        "records": {"validation": {"real": 3, "fake": 4}, "test": {"real": 2, "fake": 2}},
        "clusters": 4,
        "threshold": 0.5,
        "threshold_rule": "accuracy",
        "confidence": 0.95,
        "calibration": {
            "method": "temperature",
            "slope": 0.5,
            "intercept": 0.0,
            "error_before": 0.2,
            "error_after": 0.1,
        },
        "robustness": {
            "images": 40,
            "untouched_accuracy_score": 0.8,
            "untouched_roc_auc_score": 0.9,
            "mean_accuracy_score": 0.65,
            "mean_roc_auc_score": 0.7,
            "worst": WORST,
        },
    }


def grid(*, value: float) -> pd.DataFrame:
    """Makes up a robustness.csv in which every severity costs a little, and social media at its most nearly all."""
    cells = [("none", 0, None)]
    cells += [
        (name, place + 1, amount) for name, one in PERTURBATIONS.items() for place, amount in enumerate(one.AMOUNTS)
    ]
    rows = []
    for name, severity, amount in cells:
        accuracy = 0.52 if (name, severity) == ("social_media", 5) else value - 0.03 * severity
        about = {"perturbation": name, "severity": severity, "amount": amount, "images": 40, "mean_score_shift": -0.1}
        for metric in ("accuracy", "roc_auc"):
            about |= {f"{metric}_score": accuracy, f"{metric}_low": accuracy - 0.1, f"{metric}_high": accuracy + 0.1}
        rows.append(about)
    return pd.DataFrame(rows, columns=robustness.COLUMNS)


def write_two(root: Path, **changes: Any) -> None:
    """Writes a CNN, a better ResNet50 whose metrics.json has the changes, and their data."""
    write_model(root, "cnn", value=0.7)
    write_model(root, "resnet50", value=0.9, **changes)
    write_data(root)


def write_model(root: Path, name: str, *, value: float, **changes: Any) -> None:
    """Writes evaluate/<name>, external/<name> and models/<name>; `changes` are of metrics.json."""
    evaluation, external, model = (root / folder / name for folder in ("evaluate", "external", "models"))
    for folder in (evaluation / "plots", external, model):
        folder.mkdir(parents=True)
    (evaluation / "metrics.json").write_text(json.dumps(metrics(name, value=value) | changes))
    rows = {"member": list("abcd"), "label": [0, 0, 1, 1], "score": [0.1, 0.6, 0.8, value], "cluster": list("abcd")}
    pd.DataFrame(rows).to_csv(evaluation / "predictions.csv", index=False)
    grid(value=value).to_csv(evaluation / "robustness.csv", index=False)
    (evaluation / "slices.csv").write_text(SLICES)
    for stem, size in PLOTS.items():
        (evaluation / "plots" / f"{stem}.png").write_bytes(png(size))
    pd.DataFrame([EXTERNAL], columns=COLUMNS).to_csv(external / "external.csv", index=False)
    (model / "training.json").write_text(
        json.dumps(
            {
                "model": name,
                "model_sha256": sha256_of_text(name),
                "parameters": {"recipe.epochs": 15, "recipe.loss": "focal"},
                "image_size": 64,
                "weights": 1234567,
                "epochs": 15,
                "best_epoch": 11,
                "splits": {split: {"records": 1, "sha256": split[0] * 64} for split in ("train", "validation")},
                "versions": {"keras": "3.15.1"},
            }
        )
    )


def write_data(root: Path) -> None:
    """Writes source.json and audit.json."""
    source = {"name": "faces", "version": "2", "url": "https://example.org/faces", "licence": "CC0", "archive": "f.zip"}
    (root / "source.json").write_text(json.dumps({**source, "bytes": 9, "sha256": "a" * 64}))
    (root / "audit.json").write_text(json.dumps({"images": {"test": {"real": 1, "fake": 1}}, "findings": FINDINGS}))


def read(root: Path) -> Any:
    """Reads all of it back as the stage does."""
    from unmask.data.raw import require_source
    from unmask.evaluation.evidence import read_judged, weigh
    from unmask.evaluation.judge import read_report

    names = sorted(folder.name for folder in (root / "evaluate").iterdir())
    models = {
        name: read_judged(
            root / "evaluate" / name,
            external=root / "external" / name,
            model=root / "models" / name,
            lock_digest="7.dir",
        )
        for name in names
    }
    audit = read_report(root / "audit.json")
    return weigh(models, source=require_source(root), audit=audit, champion_metric="roc_auc_score")
