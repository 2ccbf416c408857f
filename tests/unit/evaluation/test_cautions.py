"""What nobody may miss: each warning appears when it should, and only then."""

import pandas as pd
import pytest

from unmask.evaluation.cautions import audit_warnings, data_warnings, robustness_warnings, warnings_of
from unmask.evaluation.evidence import Judged
from unmask.evaluation.robustness import summary
from unmask.records import SAMPLE_NAME, Source

AREA = {"value": 0.8, "low": 0.7, "high": 0.9}
EXPLAINED = {"is_sane": True, "occlusion_agreement": 0.2, "occlusion_agreement_error": 0.05}


def judged(
    *, worst: float = 0.7, untouched: float = 0.8, warning: str = "", is_worse: bool = False, area: float = 0.6
) -> Judged:
    cell = {"perturbation": "social_media", "severity": 5, "amount": 5, "accuracy_score": worst, "roc_auc_score": area}
    grid = {"untouched_accuracy_score": untouched, "untouched_roc_auc_score": 0.8, "worst": cell, "worst_ranked": cell}
    slices = pd.DataFrame(
        {"column": ["jpeg_quality"], "slice": ["30"], "accuracy_score": [0.61], "is_worse": [is_worse]}
    )
    return Judged(
        report={"robustness": grid, "test": {"roc_auc_score": AREA}},
        training={},
        predictions=pd.DataFrame(),
        external=[{"warning": warning}],
        slices=slices,
    )


def test_a_model_without_weaknesses_has_no_warning():
    assert warnings_of(judged()) == []


@pytest.mark.parametrize(
    ("worst", "untouched", "warns"),
    [(0.59, 0.8, True), (0.6, 0.8, False), (0.59, 0.6, True), (0.55, 0.59, False)],
)
def test_the_worst_perturbation_is_warned_of_where_it_takes_answers_that_were_better(worst, untouched, warns):
    found = warnings_of(judged(worst=worst, untouched=untouched))
    assert bool(found) == warns
    assert not warns or found[0].startswith(
        "perturbed pictures (social media, severity 5 (5 times shared on)) are judged little better"
    )


def test_sets_from_elsewhere_slices_and_heatmaps_have_their_warnings():
    found = warnings_of(judged(warning="other: the threshold fails", is_worse=True))
    assert found == [
        "other: the threshold fails",
        "it is worse on some kinds of test pictures than on the rest (jpeg quality 30: accuracy 0.61)",
    ]


def warnings_of_report(**report: object) -> list[str]:
    whole = {"test": {"roc_auc_score": AREA}, **report}
    return warnings_of(Judged(report=whole, training={}, predictions=pd.DataFrame()))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"is_sane": False}, ["its heatmaps hardly change"]),
        ({"occlusion_agreement": 0.09}, ["covering what its heatmaps mark"]),
        ({"occlusion_agreement": -0.2}, ["covering what its heatmaps mark"]),
    ],
)
def test_heatmaps_that_fail_a_check_are_warned_of(changes: dict[str, object], expected: list[str]):
    found = warnings_of_report(explanation=EXPLAINED | changes)
    assert len(found) == len(expected)
    assert all(warning.startswith(words) for warning, words in zip(found, expected, strict=True))


def test_a_ranking_that_a_perturbation_takes_away_is_warned_of_where_accuracy_hides_it():
    # Of five pictures four are fake: who calls all of them fake is right on four.
    assert warnings_of(judged(worst=0.8, untouched=0.85, area=0.5))


@pytest.mark.parametrize(("low", "warns"), [(0.5, True), (0.42, True), (0.51, False)])
def test_a_model_not_shown_to_be_better_than_chance_is_warned_of(low: float, warns: bool):
    found = warnings_of_report(test={"roc_auc_score": {"value": 0.55, "low": low, "high": 0.6}})
    assert bool(found) == warns
    assert not warns or "not shown to be better than chance" in found[0]


def test_only_findings_above_their_limits_are_warnings():
    findings = [{"verdict": "fine"}, {"verdict": "warning"}, {"verdict": "stop"}]
    assert audit_warnings(findings) == findings[1:]


def test_a_ranking_lost_in_one_cell_is_warned_of_though_another_has_the_lowest_accuracy():
    # Mostly fakes: a blur that makes everything look fake leaves the accuracy high.
    cells = [("none", 0, 0.97, 0.97), ("blur", 5, 0.9, 0.5), ("brightness", 5, 0.85, 0.9)]
    grid = pd.DataFrame(cells, columns=["perturbation", "severity", "accuracy_score", "roc_auc_score"])
    (found,) = robustness_warnings({"robustness": summary(grid.assign(amount=3.0, images=60))})
    assert "blur, severity 5" in found
    assert "brightness" not in found


def test_a_model_of_drawings_is_warned_of_and_one_of_photographs_is_not():
    def source(name: str) -> Source:
        return Source(name=name, version="", url="", licence="", archive="", bytes=0, sha256="")

    assert "drawings" in data_warnings(source(SAMPLE_NAME))[0]
    assert data_warnings(source("xhlulu/140k-real-and-fake-faces")) == []
