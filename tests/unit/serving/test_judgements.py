"""Verdicts as rows of a table; seen whole in `tests/unit/test_cli.py`."""

import pytest

from unmask.errors import ImageError
from unmask.serving.judgements import Judgement
from unmask.serving.verdict import Band, Caution, Verdict

NEAR = Band(low=0.14, high=0.56, images=16)
FAR = Band(low=0.9, high=1.0, images=33)


@pytest.mark.parametrize(
    ("band", "cautions", "label", "share"),
    [
        (FAR, (), "fake", "90% to 100%"),
        (NEAR, (), "fake, unsure", "14% to 56%"),
        (FAR, ("small",), "fake", "90% to 100%"),
        (FAR, ("unlike",), "fake, unsure", "90% to 100%"),
        (None, (), "fake, unsure", "none alike"),
    ],
)
def test_a_verdict_that_test_pictures_do_not_settle_is_called_unsure(band, cautions, label, share):
    reasons = tuple(Caution(name, name) for name in cautions)
    one = Judgement("a.png", Verdict(label="fake", score=0.28, threshold=0.268, band=band, cautions=reasons))
    assert [text for text, _ in one.cells(knows_alike=True)] == [label, "0.280", share, " ".join(cautions)]


def test_a_detector_without_test_pictures_calls_nothing_unsure():
    one = Judgement("a.png", Verdict(label="real", score=0.1, threshold=0.5))
    assert [text for text, _ in one.cells(knows_alike=False)] == ["real", "0.100", ""]


@pytest.mark.parametrize(
    ("knows_alike", "texts"), [(True, ["not judged", "", "", "cut"]), (False, ["not judged", "", "cut"])]
)
def test_what_was_not_judged_has_a_reason_alone(knows_alike, texts):
    assert [text for text, _ in Judgement("a.png", ImageError("a.png: cut")).cells(knows_alike=knows_alike)] == texts
