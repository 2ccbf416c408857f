"""Attacks a running service with many hostile clients, beside one that means well, and compares it with before."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.comparison import machine
from benchmarks.hostile.attack import Attack, header_of, picture_form
from benchmarks.hostile.bases import good_pictures
from benchmarks.hostile.client import GONE, Answer, Outcome, carry_out, exchange
from benchmarks.hostile.kinds import KINDS, SLOW, attacks
from benchmarks.running_service import RunningService, running_service

SEED = 7
AT_ONCE = 8  # attacks under way at the same time, beside all slow senders
WARM_UP = 100  # good requests
PAUSE_SECONDS = 0.2  # of the client that means well
PATIENCE_SECONDS = 15.0  # that it may wait for a verdict
GROWTH = 1.1
MEGABYTE = 1e6


@dataclass
class Met:
    """What one kind of attacks met."""

    endings: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    num_of_http: int = 0
    faults: list[str] = field(default_factory=list)

    def add(self, outcome: Outcome, attack: Attack) -> None:
        """Takes one more."""
        self.endings[outcome.ending] += 1
        self.num_of_http += outcome.is_of_http
        if outcome.ending != GONE:
            self.slowest_seconds = max(self.slowest_seconds, outcome.seconds)
        if outcome.fault:
            self.faults.append(f"{outcome.fault}; what was sent begins {attack.content[:400]!r}")


@dataclass
class Neighbour:
    """The client that means well: how often it asked, what it waited at most, and what was not the verdict it knows."""

    requests: int = 0
    slowest_seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def campaign(bundle: Path, *, requests: int, seed: int, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Starts a service, attacks it, and says how it fared.

    Args:
        bundle: a detector's folder.
        requests: about how many.
        seed: the same seed draws the same requests.
        arguments: of `unmask serve`.

    Returns:
        What docs/serving-campaign.json holds.
    """
    with running_service(bundle, arguments=arguments) as service:
        return asyncio.run(attacked(service, attacks(requests, seed=seed), seed=seed))


async def attacked(service: RunningService, drawn: Sequence[tuple[str, Attack]], *, seed: int) -> dict[str, Any]:
    """Attacks a service; see `campaign`."""
    good = picture_form(good_pictures()[0])
    for _ in range(WARM_UP):
        before = await exchange(good, port=service.port)
    resident_before = service.resident_bytes
    met = {name: Met() for name in KINDS}
    neighbour = Neighbour()
    watching = asyncio.create_task(ask_again_and_again(good, before, neighbour, port=service.port))
    started = time.perf_counter()
    await all_of(drawn, met, port=service.port)
    watching.cancel()
    seconds = time.perf_counter() - started
    return {
        "seed": seed,
        "machine": machine(),
        "seconds": round(seconds, 1),
        "kinds": [{"kind": name, **told(one)} for name, one in met.items()],
        "neighbour": {
            "requests": neighbour.requests,
            "slowest_seconds": round(neighbour.slowest_seconds, 2),
            "wrong": neighbour.wrong,
        },
        "after": await state_of(service, good, before) | {"megabytes_before": round(resident_before / MEGABYTE)},
    }


async def all_of(drawn: Sequence[tuple[str, Attack]], met: dict[str, Met], *, port: int) -> None:
    """Carries all attacks out: the slow senders at once, of the others a few at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(name: str, attack: Attack) -> None:
        if name == SLOW:
            met[name].add(await carry_out(attack, port=port), attack)
            return
        async with places:
            met[name].add(await carry_out(attack, port=port), attack)

    await asyncio.gather(*(one(name, attack) for name, attack in drawn))


async def ask_again_and_again(good: Attack, known: Answer | None, neighbour: Neighbour, *, port: int) -> None:
    """Is the client that means well, until it is told to end."""
    while True:
        started = time.perf_counter()
        answer = await exchange(good, port=port)
        waited = time.perf_counter() - started
        neighbour.requests += 1
        neighbour.slowest_seconds = max(neighbour.slowest_seconds, waited)
        if answer != known:
            neighbour.wrong.append("no answer" if answer is None else f"{answer.status}: {answer.body[:200]!r}")
        await asyncio.sleep(PAUSE_SECONDS)


async def state_of(service: RunningService, good: Attack, before: Answer | None) -> dict[str, Any]:
    """Says how a service is after the attacks."""
    health = Attack((header_of("GET /healthz HTTP/1.1", {"Host": "a", "Connection": "close"}),))
    answer = await exchange(health, port=service.port) if service.is_up else None
    again = await exchange(good, port=service.port) if service.is_up else None
    return {
        "is_healthy": answer is not None and answer.status == 200,
        "is_verdict_the_same": again is not None and again.status == 200 and again == before,
        "megabytes": round(service.resident_bytes / MEGABYTE),
    }


def told(met: Met) -> dict[str, Any]:
    """Writes one kind for the file."""
    return {
        "requests": met.endings.total(),
        "endings": dict(sorted(met.endings.items())),
        "of_http": met.num_of_http,
        "slowest_seconds": round(met.slowest_seconds, 2),
        "faults": met.faults,
    }


def faults_of(found: dict[str, Any]) -> list[str]:
    """Lists everything that must not be."""
    after, neighbour = found["after"], found["neighbour"]
    faults = [f"{kind['kind']}: {fault}" for kind in found["kinds"] for fault in kind["faults"]]
    faults += [f"a client that means well got {wrong}" for wrong in neighbour["wrong"]]
    if neighbour["slowest_seconds"] > PATIENCE_SECONDS:
        faults.append(f"a client that means well waited {neighbour['slowest_seconds']} s")
    if not after["is_healthy"]:
        faults.append("the service is not healthy afterwards")
    if not after["is_verdict_the_same"]:
        faults.append("a good picture has another verdict afterwards")
    if after["megabytes"] > GROWTH * after["megabytes_before"]:
        faults.append(f"the service grew from {after['megabytes_before']} MB to {after['megabytes']}")
    return faults
