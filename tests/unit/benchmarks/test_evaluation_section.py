"""The part of docs/results.md about trust, from what the stages found."""

from typing import Any

from benchmarks.evaluation_section import evaluation_section


def cell(perturbation: str, severity: int, accuracy: float) -> dict[str, Any]:
    about = {"perturbation": perturbation, "severity": severity, "images": 40}
    return {**about, "accuracy_score": accuracy, "roc_auc_score": accuracy + 0.05}


FOUND: dict[str, Any] = {
    "images": 241,
    "threshold": 0.412,
    "calibration": {"method": "temperature", "slope": 0.5, "error_before": 0.12, "error_after": 0.04},
    "explanation": {
        "images": 8,
        "occlusion_agreement": 0.31,
        "occlusion_agreement_error": 0.05,
        "randomised_similarity": 0.12,
        "is_sane": True,
    },
    "robustness": [cell("none", 0, 0.8), cell("jpeg", 1, 0.79), cell("jpeg", 2, 0.55), cell("resize_up", 1, 0.7)],
    "slices": [
        {"column": "jpeg_quality", "slice": "60", "images": 40, "accuracy_score": 0.5, "accuracy_low": 0.3}
        | {"accuracy_high": 0.7, "is_worse": True}
    ],
    "external": [
        {"set": "other", "real": 86, "fake": 1200, "roc_auc_score": 0.71, "roc_auc_low": 0.6, "roc_auc_high": 0.8}
        | {
            "balanced_accuracy_score": 0.52,
            "best_balanced_accuracy_score": 0.66,
            "warning": "other: the threshold fails",
        }
    ],
    "commit": "abc",
    "command": "judge it",
}


def test_everything_found_is_said() -> None:
    text = evaluation_section({"faces, cnn, base": FOUND})
    assert "### faces, cnn, base" in text
    assert "(a temperature of 2): expected calibration error on test 0.120 before, 0.040 after" in text
    assert "| jpeg | 0.79 (0.84) | 0.55 (0.60) |" in text
    assert "untouched 0.80 (0.85)" in text
    assert "| other | 86 | 1,200 | 0.710 (0.600 to 0.800) | 0.520 | 0.660 |" in text
    assert "- Warning: other: the threshold fails." in text
    assert "| jpeg quality: 60 | 40 | 0.500 (0.300 to 0.700) | yes |" in text
    assert "they change with the weights" in text
    assert "judge it  # abc" in text


def test_heatmaps_that_say_nothing_are_named() -> None:
    found = {**FOUND, "explanation": {**FOUND["explanation"], "is_sane": False}}
    assert "**they hardly change with the weights**" in evaluation_section({"faces": found})
    found = {**FOUND, "explanation": {**FOUND["explanation"], "occlusion_agreement": 0.09}}
    assert "**but what they mark is not shown to matter**" in evaluation_section({"faces": found})
    assert "not shown to matter" not in evaluation_section({"faces": FOUND})


def test_nothing_judged_writes_nothing() -> None:
    assert evaluation_section({}) == ""
