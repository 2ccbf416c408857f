"""Each gate lets what reaches its limit through, and nothing else."""

from dataclasses import replace

import pytest

from unmask.config import PromoteConfig
from unmask.evaluation.paired import Difference
from unmask.promotion import gates
from unmask.promotion.gates import Evidence

CONFIG = PromoteConfig(
    min_accuracy=0.8,
    min_roc_auc=0.9,
    min_worst_accuracy=0.6,
    min_external_roc_auc=0.7,
    max_calibration_error=0.1,
    max_audit_warnings=0,
    max_megabytes=50.0,
    max_latency_ms=100.0,
)


def evidence(**changes: object) -> Evidence:
    test = {"accuracy_score": 0.8, "roc_auc_score": 0.9, "expected_calibration_error": 0.1}
    worst = {"accuracy_score": 0.6, "perturbation": "blur", "severity": 5}
    good = Evidence(
        report={"test": {name: {"value": value} for name, value in test.items()}, "robustness": {"worst": worst}},
        external=[{"set": "other", "roc_auc_score": 0.7}, {"set": "fakes alone", "roc_auc_score": None}],
        findings=[{"name": "duplicate_share", "verdict": "fine"}],
        megabytes=50.0,
        latency_ms=100.0,
        differences={"roc_auc_score": Difference(-0.01, -0.03, 0.01, 0.4)},
    )
    return replace(good, **changes)


def with_score(name: str, value: float) -> Evidence:
    report = dict(evidence().report)
    return evidence(report={**report, "test": {**report["test"], name: {"value": value}}})


def failed(found: Evidence, config: PromoteConfig = CONFIG) -> list[str]:
    return [gate.name for gate in gates.measure(found, config) if not gate.is_passed]


def test_what_is_just_at_every_limit_passes() -> None:
    assert len(gates.measure(evidence(), CONFIG)) == len(gates.GATES) + 1  # two scores
    assert failed(evidence()) == []


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (with_score("accuracy_score", 0.79), "test accuracy_score"),
        (with_score("roc_auc_score", 0.89), "test roc_auc_score"),
        (with_score("expected_calibration_error", 0.11), "test expected_calibration_error"),
        (
            evidence(differences={"accuracy_score": Difference(-0.03, -0.05, -0.01, 0.01)}),
            "accuracy_score against the champion",
        ),
        (evidence(external=[{"set": "other", "roc_auc_score": 0.69}]), "roc_auc_score on other"),
        (evidence(external=[]), "roc_auc_score elsewhere"),
        (evidence(findings=[{"name": "drift_auc", "verdict": "warning"}]), "audit findings"),
        (evidence(megabytes=50.1), "model file, MB"),
        (evidence(latency_ms=100.1), "one picture, ms"),
        (
            evidence(report={"test": evidence().report["test"]}),
            "worst accuracy_score of the robustness grid",
        ),
    ],
)
def test_a_gate_stops_what_does_not_reach_it(found: Evidence, name: str) -> None:
    assert failed(found) == [name]
    assert f"| {name} |" in gates.markdown(gates.measure(found, CONFIG))


def test_a_minimum_of_zero_is_no_gate() -> None:
    config = replace(CONFIG, min_worst_accuracy=0.0, min_external_roc_auc=0.0)
    assert failed(evidence(external=[], report={"test": evidence().report["test"]}), config) == []
