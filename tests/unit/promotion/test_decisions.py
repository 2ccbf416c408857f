"""Who is champion by a log, whatever order its lines came in."""

from dataclasses import replace

import pytest

from unmask.promotion.decisions import PROMOTED, REFUSED, ROLLED_BACK, Decision, standing


def line(number: int, outcome: str, before: str, version: str) -> Decision:
    return Decision(
        number=number,
        outcome=outcome,
        before=before,
        version=version,
        model_sha256="",
        who="",
        when="",
        why="",
        is_forced=False,
    )


def test_nobody_is_champion_of_an_empty_log() -> None:
    assert (standing([]).champion, standing([]).previous) == ("", "")


def test_a_promotion_about_the_present_champion_counts() -> None:
    now = standing([line(1, PROMOTED, "", "1"), line(2, PROMOTED, "1", "2")])
    assert (now.champion, now.previous, now.late) == ("2", "1", frozenset())


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_of_two_at_once_the_first_in_the_log_wins(order: tuple[int, ...]) -> None:
    lines = [line(1, PROMOTED, "", "1"), line(2, PROMOTED, "1", "2"), line(3, PROMOTED, "1", "3")]
    now = standing([lines[place] for place in order])
    assert (now.champions, now.late) == (("1", "2"), frozenset({3}))


def test_a_refusal_changes_nothing() -> None:
    assert standing([line(1, PROMOTED, "", "1"), line(2, REFUSED, "1", "2")]).champions == ("1",)


def test_a_way_back_undoes_a_promotion_and_twice_two() -> None:
    lines = [line(1, PROMOTED, "", "1"), line(2, PROMOTED, "1", "2"), line(3, PROMOTED, "2", "3")]
    assert standing([*lines, line(4, ROLLED_BACK, "3", "2")]).champions == ("1", "2")
    assert standing([*lines, line(4, ROLLED_BACK, "3", "2"), line(5, ROLLED_BACK, "2", "1")]).champions == ("1",)


@pytest.mark.parametrize(
    "late", [line(3, ROLLED_BACK, "1", ""), line(3, ROLLED_BACK, "2", "7"), line(3, ROLLED_BACK, "7", "1")]
)
def test_a_way_back_that_does_not_fit_the_log_does_not_count(late: Decision) -> None:
    now = standing([line(1, PROMOTED, "", "1"), line(2, PROMOTED, "1", "2"), late])
    assert (now.champion, now.late) == ("2", frozenset({3}))


def test_a_champion_is_one_since_the_decision_that_made_it_so() -> None:
    first = replace(line(1, PROMOTED, "", "1"), when="2026-10-01T09:00:00Z")
    second = replace(line(2, PROMOTED, "1", "2"), when="2026-11-02T09:00:00Z")
    late = replace(line(3, PROMOTED, "1", "3"), when="2026-11-03T09:00:00Z")
    refused = replace(line(4, REFUSED, "2", "4"), when="2026-11-04T09:00:00Z")
    back = replace(line(5, ROLLED_BACK, "2", "1"), when="2026-11-05T09:00:00Z")
    assert standing([]).since == ""
    assert standing([first, second, late, refused]).since == second.when
    assert standing([first, second, late, refused, back]).since == back.when
