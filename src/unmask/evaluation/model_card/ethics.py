"""Ethical considerations, caveats and recommendations: whom an error hurts, and what to do before using the model."""

import numpy as np

from unmask.evaluation.evidence import Evidence, Judged
from unmask.evaluation.metrics import decide
from unmask.evaluation.model_card.markdown import bullets, section
from unmask.records import FAKE, REAL, VALIDATION


def ethical_considerations(evidence: Evidence) -> str:
    """Says whom the model's errors hurt, with how many there were."""
    lines = [
        "A real photograph called fake can cost the person who shows it their credibility; "
        f"{errors(evidence.champion)}",
        "Faces are personal data in many countries: judge only pictures that you may process.",
        "Where the data shows people, they did not agree to this use one by one; its licence says what is allowed.",
        "Generators learn from detectors: a published detector is one more thing to be beaten.",
    ]
    return section("Ethical considerations", bullets(lines))


def errors(judged: Judged) -> str:
    """Counts both kinds of errors on the test split."""
    table = judged.predictions
    labels = table["label"].to_numpy(dtype=np.int64)
    answers = decide(table["score"].to_numpy(dtype=np.float64), judged.report["threshold"])
    false_alarms, misses = (int(((labels == label) & (answers != label)).sum()) for label in (REAL, FAKE))
    return (
        f"on the test split {false_alarms:,} of {int((labels == REAL).sum()):,} real pictures were called fake, and "
        f"{misses:,} of {int((labels == FAKE).sum()):,} fakes were missed."
    )


def caveats(evidence: Evidence) -> str:
    """Says how far the numbers carry, and what to do before using the model."""
    counts = evidence.champion.report["records"][VALIDATION]
    lines = [
        "A score is a statistical guess about pictures like those above, not proof about any one picture.",
        "A detector trained on one generator often fails on another, and on pictures that were compressed or resized "
        "again.",
        "The data's licence may forbid uses that this project's code allows.",
        f"Scores hold where fakes are as frequent as on validation ({counts['real']:,} real, {counts['fake']:,} fake). "
        "Where fakes are rare, most of the pictures that are called fake can be real.",
        "Before any use: put pictures of your own kind into `data/external/`, run `dvc repro`, and read this card "
        "again; choose the threshold by the false alarms you can bear (`evaluate.threshold_rule`).",
    ]
    return section("Caveats and recommendations", bullets(lines))
