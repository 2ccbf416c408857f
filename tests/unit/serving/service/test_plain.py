import pytest

from unmask.serving.service.plain import words_of
from unmask.serving.verdict import Band, Caution, Verdict


@pytest.mark.parametrize(
    ("label", "band", "cautions", "headline"),
    [
        ("fake", Band(0.58, 0.92, 20), (), "Probably fake"),
        ("fake", Band(0.49, 0.92, 20), (), "Unsure: perhaps fake"),
        ("real", Band(0.03, 0.29, 21), (), "Probably real"),
        ("real", Band(0.03, 0.51, 21), (), "Unsure: perhaps real"),
        ("real", None, (), "Unsure: perhaps real"),
        ("real", Band(0.03, 0.29, 21), ("unlike",), "Unsure: perhaps real"),
        ("real", Band(0.03, 0.29, 21), ("small",), "Probably real"),
    ],
)
def test_a_verdict_is_called_probable_only_where_test_pictures_settle_it(label, band, cautions, headline):
    reasons = tuple(Caution(name, "a reason") for name in cautions)
    words = words_of(Verdict(label=label, score=0.3, threshold=0.5, band=band, cautions=reasons))
    assert words.headline == headline
    assert words.sureness == ("unsure" if headline.startswith("Unsure") else "clear")


def test_the_explanation_says_score_threshold_and_what_became_of_alike():
    words = words_of(Verdict(label="fake", score=0.8634, threshold=0.488, band=Band(0.58, 0.92, 20)))
    assert words.explanation == (
        "The model gives it a score of 0.86, and calls fake what has 0.49 or more. "
        "Going by the 20 test pictures with a score like this, 58% to 92% of such pictures are fake."
    )


def test_a_score_that_no_test_picture_had_is_said_to_be_unknown():
    assert "not known" in words_of(Verdict(label="fake", score=0.8, threshold=0.5)).explanation
