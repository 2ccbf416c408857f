"""The head of the card, by which Hugging Face's hub finds and shows a model.

Source: https://huggingface.co/docs/hub/model-cards and the specification of `model-index` in
https://github.com/huggingface/hub-docs/blob/main/modelcard.md
"""

from collections.abc import Mapping
from typing import Any

import yaml

from unmask.evaluation.evidence import Evidence
from unmask.evaluation.metrics import METRIC_NAMES
from unmask.records import TEST

TASK = "image-classification"
TAGS = ["deepfake-detection", "face", "image-forensics", "keras"]
HUB_NAMES: Mapping[str, str] = {  # of the metrics that the hub knows; the others keep their own
    "accuracy_score": "accuracy",
    "average_precision_score": "average_precision",
    "brier_error": "brier_score",
    "f1_score": "f1",
    "precision_score": "precision",
    "recall_score": "recall",
    "roc_auc_score": "roc_auc",
}


def metadata(evidence: Evidence) -> str:
    """Writes the head.

    The data set is named among the results alone: under `datasets` the hub expects data sets of its own, and Kaggle's
    names look the same.

    Args:
        evidence: what is known of the models and of the data.

    Returns:
        YAML between two lines of dashes.
    """
    head: dict[str, Any] = {
        "license": "other",
        "license_name": "terms-of-the-training-data",
        "library_name": "keras",
        "pipeline_tag": TASK,
        "tags": TAGS,
        "metrics": [HUB_NAMES.get(name, name) for name in METRIC_NAMES],
        "model-index": [{"name": evidence.comparison.champion.model, "results": [results(evidence)]}],
    }
    # Folded at no width: a reader of single lines finds each value whole.
    text = yaml.safe_dump(head, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"---\n{text}---\n"


def results(evidence: Evidence) -> dict[str, Any]:
    """Gives the champion's metrics on the test split; their intervals stand in the metrics' names."""
    report, source = evidence.champion.report, evidence.source
    confidence = f"{100 * report['confidence']:g}%"
    return {
        "task": {"type": TASK, "name": "real or fake face"},
        "dataset": {"type": source.name, "name": source.name, "split": TEST, "revision": source.sha256},
        "metrics": [
            {
                "type": HUB_NAMES.get(name, name),
                "value": found["value"],
                "name": f"{name}, {confidence} interval {found['low']:.3f} to {found['high']:.3f}",
            }
            for name, found in ((name, report[TEST][name]) for name in METRIC_NAMES)
        ],
    }
