"""Carries an attack out, and says how the service took it."""

import asyncio
import json
import re
import socket
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from benchmarks.hostile.attack import Attack, Ending

HANG_SECONDS = 75.0  # the service gives a body 30 seconds, then verdicts 20: whatever takes longer hangs
ANSWER_BYTES = 1 << 24
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
OF_HTTP = b"Invalid HTTP request received."  # uvicorn's answer to what is no HTTP
SECRETS = (b"root:x:", b"Traceback (most recent call last)", b"/site-packages/")
CLOSED, GONE, HANGS = "closed", "gone", "hangs"


@dataclass(frozen=True)
class Outcome:
    """How the service took an attack.

    Attributes:
        ending: an answer's status; or `closed`, without an answer; or `gone`, where the client left; or `hangs`.
        seconds: from the connection's start to that.
        is_of_http: whether the answer is of the layer below the service, to what is no HTTP.
        fault: what is wrong with it; empty where nothing is.
    """

    ending: str
    seconds: float
    is_of_http: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Answer:
    """An answer: its status, and its body."""

    status: int
    body: bytes


async def carry_out(attack: Attack, *, port: int) -> Outcome:
    """Connects to a service on this machine, sends what the attack says, and judges what comes back."""
    started = time.perf_counter()

    def outcome(ending: str, **details: Any) -> Outcome:
        return Outcome(ending, time.perf_counter() - started, **details)

    try:
        async with asyncio.timeout(HANG_SECONDS):
            answer = await exchange(attack, port=port)
    except TimeoutError:
        return outcome(HANGS, fault=f"neither an answer nor an end of the connection in {HANG_SECONDS:.0f} s")
    if answer is None and attack.ending is Ending.RESET:
        return outcome(GONE)
    if answer is None:
        return outcome(CLOSED, fault="" if attack.may_be_cut else "closed without an answer")
    return outcome(str(answer.status), is_of_http=answer.body == OF_HTTP, fault=fault_of(answer, attack))


async def exchange(attack: Attack, *, port: int) -> Answer | None:
    """Gives the first answer; None where the connection ended without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=ANSWER_BYTES)
    sending = asyncio.create_task(send(attack, writer))
    try:
        if attack.ending is Ending.RESET:
            await sending
            return None
        return await answer_from(reader, has_body=attack.has_answer_body)
    except (OSError, asyncio.IncompleteReadError):
        return None
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        writer.close()


async def send(attack: Attack, writer: asyncio.StreamWriter) -> None:
    """Sends all pieces, and ends as the attack says; a connection that the service has closed takes no more."""
    with suppress(OSError):
        for piece in attack.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(attack.pause_seconds)
        if attack.ending is Ending.HALF:
            writer.write_eof()
        if attack.ending is Ending.RESET:
            # With nothing to linger for, closing a socket resets its connection.
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def answer_from(reader: asyncio.StreamReader, *, has_body: bool) -> Answer:
    """Reads an answer, past those that only say that it will come (100)."""
    status = 100
    while status < 200:
        header = await reader.readuntil(b"\r\n\r\n")
        status = int(header.split(b" ", 2)[1])
    if not has_body:
        return Answer(status, b"")
    length = LENGTH.search(header)
    return Answer(status, await (reader.readexactly(int(length[1])) if length else reader.read(ANSWER_BYTES)))


def fault_of(answer: Answer, attack: Attack) -> str:
    """Says what is wrong with an answer: it must be a verdict, or a refusal of the 400s that says why."""
    if any(secret in answer.body for secret in SECRETS):
        return "it tells what is nobody's business"
    if 200 <= answer.status < 300:
        return "" if attack.is_reading or has_verdict(answer.body) else "an answer without a verdict"
    if not 400 <= answer.status < 500:
        return f"the status {answer.status}"
    if attack.has_answer_body and not problem_of(answer.body):
        return f"a refusal, {answer.status}, that does not say why"
    return ""


def has_verdict(body: bytes) -> bool:
    """Says whether an answer holds a verdict."""
    found = parsed(body)
    return isinstance(found, dict) and any(one.get("verdict") for one in found.get("pictures", []))


def problem_of(body: bytes) -> str:
    """Gives what a refusal says: in the API's form, or as plain text."""
    found = parsed(body)
    if isinstance(found, dict):
        return str(found.get("error", {}).get("message", ""))
    return "" if found is not None else body.decode(errors="replace").strip()


def parsed(body: bytes) -> Any:
    """Reads JSON; None where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None
