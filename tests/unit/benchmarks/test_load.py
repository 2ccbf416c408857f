"""What the clients of the load benchmark count, and the lines made of it."""

from collections import Counter

import pytest
from benchmarks import load
from benchmarks.load_clients import Load, Looks, put_load
from canned_server import answer_of, answering

VERDICT = b'{"pictures":[{"verdict":{"label":"fake"}}]}'
WORSE = {
    "429": (b"429 Too Many Requests", b'{"pictures":[]}'),
    "200": (b"200 OK", b'{"pictures":[{"verdict":null}]}'),
}


def test_clients_ask_at_the_same_time_one_request_after_another() -> None:
    with answering(answer_of(b"200 OK", VERDICT)) as port:
        found = put_load(port, [b"a", b"bb"], clients=10, seconds=0.5, looks=Looks((0.1, 0.4), lambda: 7))
    assert not found.errors
    # One client alone gets at most 50 answers of a hundredth of a second each.
    assert len(found.seconds) > 50
    assert min(found.seconds) >= 0.01
    assert found.rate == len(found.seconds) / found.whole_seconds
    assert found.held_bytes == [7, 7]


@pytest.mark.parametrize("status", WORSE)
def test_an_answer_without_a_verdict_is_an_error(status: str) -> None:
    with answering(answer_of(*WORSE[status])) as port:
        found = put_load(port, [b"a"], clients=2, seconds=0.2)
    assert not found.seconds
    assert found.errors.keys() == {status}


def test_a_connection_that_ends_is_an_error_and_is_made_anew() -> None:
    with answering(answer_of(b"200 OK", VERDICT)[:-1], is_closing=True) as port:
        found = put_load(port, [b"a"], clients=1, seconds=0.3)
    assert found.errors.keys() == {"IncompleteReadError"}
    assert found.errors.total() > 1


def lines_of(measured: Load, *, has_bars: bool = True) -> dict[str, str]:
    lines = load.lines_of("a", measured, engine_rates=[10.0, 12.0], has_bars=has_bars)
    return {line.what.removeprefix("a: "): line.verdict for line in lines}


def test_lines_hold_what_was_measured_against_its_bars() -> None:
    # 90 verdicts in 10 s are 9 a second: 0.82 of the engine's 11. The median is 1 s, and 2 of 90 take 2.9 s.
    fine = Load([1.0] * 88 + [2.9] * 2, whole_seconds=10.0, processor_seconds=0.1, held_bytes=[100, 104])
    verdicts = lines_of(fine)
    assert list(verdicts.values()) == ["met", "met", "", "met", "met", ""]
    assert set(lines_of(fine, has_bars=False).values()) == {""}


def test_lines_say_what_misses_its_bar() -> None:
    # 90 in 11 s are 8.2 a second: 0.74 of the engine's 11. The slowest fiftieth takes 3.1 medians; 100 became 106.
    slow = Load([1.0] * 88 + [3.1] * 2, Counter({"429": 1}), 11.0, 0.1, [100, 106])
    assert list(lines_of(slow).values()) == ["missed", "missed", "", "missed", "missed", ""]
