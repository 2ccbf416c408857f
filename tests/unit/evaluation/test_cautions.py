"""What nobody may miss: each warning appears when it should, and only then."""

import pandas as pd
import pytest

from unmask.evaluation.cautions import audit_warnings, warnings_of
from unmask.evaluation.evidence import Judged


def judged(*, worst: float = 0.7, untouched: float = 0.8, warning: str = "", is_worse: bool = False) -> Judged:
    cell = {"perturbation": "social_media", "severity": 5, "amount": 5, "accuracy_score": worst, "roc_auc_score": 0.6}
    slices = pd.DataFrame(
        {"column": ["jpeg_quality"], "slice": ["30"], "accuracy_score": [0.61], "is_worse": [is_worse]}
    )
    return Judged(
        report={"robustness": {"untouched_accuracy_score": untouched, "worst": cell}},
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
        "perturbed pictures (social media, severity 5 (5)) are judged little better"
    )


def test_sets_from_elsewhere_slices_and_heatmaps_have_their_warnings():
    found = warnings_of(judged(warning="other: the threshold fails", is_worse=True))
    assert found == [
        "other: the threshold fails",
        "it is worse on some kinds of test pictures than on the rest (jpeg quality 30: accuracy 0.61)",
    ]


@pytest.mark.parametrize(("is_sane", "count"), [(True, 0), (False, 1)])
def test_heatmaps_that_stay_the_same_under_random_weights_are_warned_of(is_sane, count):
    model = Judged(report={"explanation": {"is_sane": is_sane}}, training={}, predictions=pd.DataFrame())
    assert len(warnings_of(model)) == count


def test_only_findings_above_their_limits_are_warnings():
    findings = [{"verdict": "fine"}, {"verdict": "warning"}, {"verdict": "stop"}]
    assert audit_warnings(findings) == findings[1:]
