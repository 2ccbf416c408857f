"""What the clients of the load benchmark count, and the lines made of it."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from benchmarks import load
from benchmarks.load_clients import Load, Looks, put_load

VERDICT = b'{"pictures":[{"verdict":{"label":"fake"}}]}'
WORSE = {
    "429": (b"429 Too Many Requests", b'{"pictures":[]}'),
    "200": (b"200 OK", b'{"pictures":[{"verdict":null}]}'),
}


@contextmanager
def answering(status: bytes, body: bytes, *, is_cut: bool = False) -> Iterator[int]:
    """Answers every request alike, a hundredth of a second later; gives the port."""
    answer = b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    ports: list[int] = []
    is_up, is_over = threading.Event(), threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                header = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(header.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
                await asyncio.sleep(0.01)
                writer.write(answer[:-1] if is_cut else answer)
                if is_cut:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        is_up.set()
        while not is_over.is_set():
            await asyncio.sleep(0.01)
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    is_up.wait(10)
    yield ports[0]
    is_over.set()
    thread.join()


def test_clients_ask_at_the_same_time_one_request_after_another() -> None:
    with answering(b"200 OK", VERDICT) as port:
        found = put_load(port, [b"a", b"bb"], clients=10, seconds=0.5, looks=Looks((0.1, 0.4), lambda: 7))
    assert not found.errors
    # One client alone gets at most 50 answers of a hundredth of a second each.
    assert len(found.seconds) > 50
    assert min(found.seconds) >= 0.01
    assert found.rate == len(found.seconds) / found.whole_seconds
    assert found.held_bytes == [7, 7]


@pytest.mark.parametrize("status", WORSE)
def test_an_answer_without_a_verdict_is_an_error(status: str) -> None:
    with answering(*WORSE[status]) as port:
        found = put_load(port, [b"a"], clients=2, seconds=0.2)
    assert not found.seconds
    assert found.errors.keys() == {status}


def test_a_connection_that_ends_is_an_error_and_is_made_anew() -> None:
    with answering(b"200 OK", VERDICT, is_cut=True) as port:
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
