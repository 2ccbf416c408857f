"""Both checks of a model's heatmaps in one."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from unmask.evaluation.calibration import Calibration
from unmask.evaluation.explanation import explain as module
from unmask.evaluation.explanation import sanity
from unmask.evaluation.explanation.explain import Explanation, explain, explain_first, threshold_logit_of
from unmask.evaluation.judge import Judge


def test_a_model_that_has_learnt_is_explained(learnt: Any) -> None:
    found = explain(learnt.model, learnt.images, cells=6, seed=7)
    assert found.images == 16
    assert found.occlusion_agreement > 3 * found.occlusion_agreement_error > 0
    assert found.is_sane
    assert found == explain(learnt.model, learnt.images, cells=6, seed=7)


def test_heatmaps_that_ask_no_model_are_seen(learnt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (module, sanity):
        monkeypatch.setattr(place, "grad_cam", lambda model, images, directions: images.mean(axis=-1))
    found = explain(learnt.model, learnt.images, cells=6, seed=7)
    assert found.randomised_similarity == pytest.approx(1.0)
    assert not found.is_sane


def test_the_threshold_decides_what_is_asked(learnt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[np.ndarray] = []
    plain = module.occlusion
    monkeypatch.setattr(module, "occlusion", lambda *a, **k: asked.append(k["directions"]) or plain(*a, **k))
    for threshold in (-1e9, 1e9):
        explain(learnt.model, learnt.images, threshold_logit=threshold, cells=2, seed=7)
    assert [set(directions) for directions in asked] == [{1.0}, {-1.0}]


def test_the_summary_holds_six_digits() -> None:
    found = Explanation(8, 0.12345678, 0.01, 0.3, is_sane=True).summary()
    assert json.loads(json.dumps(found)) == {
        "images": 8,
        "occlusion_agreement": 0.123457,
        "occlusion_agreement_error": 0.01,
        "randomised_similarity": 0.3,
        "is_sane": True,
    }


def test_no_more_of_a_split_is_read_than_is_needed(learnt: Any) -> None:
    def batches() -> Iterator[Any]:
        for start in (0, 5, 10, 11):
            assert start < 11, "8 pictures, and one batch ahead, are enough"
            yield learnt.images[start : start + 5], learnt.labels[start : start + 5], [str(n) for n in range(5)]

    judge = Judge(Calibration(), 0.5, 0.95)
    assert explain_first(learnt.model, batches(), judge=judge, seed=7, batch_size=8).images == 8


@pytest.mark.parametrize(("threshold", "logit"), [(0.5, -0.5), (0.8807970779778823, 0.5)])
def test_a_threshold_of_calibrated_scores_is_brought_back_to_logits(threshold: float, logit: float) -> None:
    # sigmoid(2 * logit + 1) reaches 0.5 where 2 * logit + 1 = 0, and 0.8808 where it is 2.
    assert threshold_logit_of(Judge(Calibration(2.0, 1.0), threshold, 0.95)) == pytest.approx(logit)
