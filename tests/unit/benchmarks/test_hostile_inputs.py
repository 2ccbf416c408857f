"""The service under hostile requests, and that the campaign can fail."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from benchmarks import serving_section
from benchmarks.hostile import client
from benchmarks.hostile.attack import Attack, Ending, picture_form, raw
from benchmarks.hostile.campaign import SEED, campaign, faults_of
from benchmarks.hostile.client import Outcome, carry_out
from benchmarks.hostile.kinds import KINDS, attacks
from benchmarks.workspace import MeasurementError
from canned_server import answer_of, answering
from small_bundle import make_bundle

from unmask import artifacts

ROOT = Path(__file__).parents[3]
SHORT, LONG = 60, 1000
# Slow senders are given up sooner than by default, so that the short campaign is short.
HASTE = ("--limit", "header_seconds=4", "--limit", "receive_seconds=6")
PICTURE = picture_form(b"a")


def test_hostile_requests_are_answered_and_leave_the_service_as_it_was(tmp_path: Path) -> None:
    found = campaign(make_bundle(tmp_path / "squares"), requests=SHORT, seed=SEED, arguments=HASTE)
    assert faults_of(found) == []
    assert all(kind["requests"] for kind in found["kinds"])


@pytest.mark.slow
def test_a_thousand_new_hostile_requests_too(tmp_path: Path) -> None:
    found = campaign(make_bundle(tmp_path / "squares"), requests=LONG, seed=SEED + 1)
    assert faults_of(found) == []


def test_a_seed_draws_the_same_requests_again() -> None:
    first, again, other = (attacks(SHORT, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert sum(kind.share for kind in KINDS.values()) == LONG


def met(attack: Attack, answer: bytes, *, is_closing: bool = False) -> Outcome:
    with answering(answer, is_closing=is_closing) as port:
        return asyncio.run(carry_out(attack, port=port))


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (b"500 Oh", b'{"error": {"message": "the service failed"}}', "the status 500"),
        (b"503 Oh", b"busy", "the status 503"),
        (b"302 Oh", b"", "the status 302"),
        (b"422 Oh", b"", "does not say why"),
        (b"422 Oh", b'{"detail": "it says so elsewhere"}', "does not say why"),
        (b"200 OK", b'{"pictures": [{"verdict": null}]}', "without a verdict"),
        (b"200 OK", b"root:x:0:0:root:/root:/bin/bash", "nobody's business"),
        (b"422 Oh", b"Traceback (most recent call last)", "nobody's business"),
        (b"422 Oh", b'{"error": {"message": "no picture"}}', ""),
        (b"400 Oh", client.OF_HTTP, ""),
        (b"200 OK", b'{"pictures": [{"verdict": {"label": "fake"}}]}', ""),
    ],
)
def test_what_is_neither_a_verdict_nor_a_clear_refusal_is_a_fault(status: bytes, body: bytes, fault: str) -> None:
    outcome = met(PICTURE, answer_of(status, body))
    assert outcome.ending == status.decode()[:3]
    assert fault in outcome.fault if fault else not outcome.fault
    assert outcome.is_of_http == (body == client.OF_HTTP)


def test_no_answer_is_a_fault_where_a_whole_request_came(monkeypatch: pytest.MonkeyPatch) -> None:
    assert met(PICTURE, b"", is_closing=True).fault == "closed without an answer"
    cut = met(raw(PICTURE.content), b"", is_closing=True)
    assert (cut.ending, cut.fault) == ("closed", "")
    monkeypatch.setattr(client, "HANG_SECONDS", 0.3)
    assert "neither an answer nor an end" in met(raw(PICTURE.content), b"").fault


def test_a_client_that_resets_its_connection_is_owed_nothing() -> None:
    assert met(raw(b"POST / HT", ending=Ending.RESET), b"").ending == "gone"


def found_of(**changes: Any) -> dict[str, Any]:
    kind = {"requests": 5, "endings": {"200": 1, "400": 2, "closed": 1, "gone": 1}, "of_http": 1, "faults": []}
    return {
        "seconds": 9.6,
        "machine": "two cores",
        "kinds": [{"kind": "broken forms", **kind, "slowest_seconds": 0.5, **changes.get("kind", {})}],
        "neighbour": {"requests": 40, "slowest_seconds": 0.7, "wrong": [], **changes.get("neighbour", {})},
        "after": {
            "is_healthy": True,
            "is_verdict_the_same": True,
            "megabytes": 110,
            "megabytes_before": 100,
            **changes.get("after", {}),
        },
    }


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"kind": {"faults": ["the status 500"]}}, "broken forms: the status 500"),
        ({"neighbour": {"wrong": ["no answer"]}}, "a client that means well got no answer"),
        ({"neighbour": {"slowest_seconds": 15.1}}, "a client that means well waited 15.1 s"),
        ({"after": {"is_healthy": False}}, "the service is not healthy afterwards"),
        ({"after": {"is_verdict_the_same": False}}, "a good picture has another verdict afterwards"),
        ({"after": {"megabytes": 111}}, "the service grew from 100 MB to 111"),
    ],
)
def test_each_thing_that_must_not_be_is_a_fault(changes: dict[str, Any], fault: str) -> None:
    assert faults_of(found_of()) == []
    assert faults_of(found_of(**changes)) == [fault]


def test_the_table_counts_each_ending_once() -> None:
    line = serving_section.table_of(found_of()).splitlines()[-1]
    assert line == "| broken forms | 5 | 1 | 1 of 400 | 1 | 1 | 1 | 0.5 |"


def test_the_section_goes_between_the_marks() -> None:
    page = f"before\n{serving_section.START}\nold\n{serving_section.END}\nafter\n"
    written = serving_section.replaced(page, "new")
    assert written == f"before\n{serving_section.START}\n\nnew\n\n{serving_section.END}\nafter\n"
    assert serving_section.replaced(written, "new") == written
    with pytest.raises(MeasurementError, match="lacks the marks"):
        serving_section.replaced("before\nafter\n", "new")


def test_the_committed_page_is_the_one_the_file_makes() -> None:
    page = (ROOT / serving_section.PAGE).read_text(encoding="utf-8")
    found = artifacts.read_json(ROOT / serving_section.FOUND)
    assert serving_section.replaced(page, serving_section.section_of(found)) == page
