"""What the service takes on: the limits that keep it in the open without harm."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from unmask.errors import ConfigError


@dataclass(frozen=True)
class Limits:
    """Every limit of the service, each above 0; `unmask serve --limit NAME=VALUE` sets one.

    Attributes:
        pictures: in one request.
        queue: pictures that may wait for a worker, of all requests together; beyond it the answer is 429. The default
            lets 50 clients ask at the same time, each one picture.
        picture_bytes: of one picture.
        picture_pixels: of one picture, decoded.
        judge_seconds: for a request's pictures to be judged, waiting included.
        heatmaps: requests for heatmaps that may be drawn or wait for it; beyond it the answer is 429.
        heatmap_seconds: for a request's heatmaps to be drawn, waiting included; the first waits for TensorFlow.
        request_bytes: of one request.
        held_bytes: of all requests together that are in memory; beyond it the answer is 429.
        receive_seconds: for a request's body to arrive whole.
        header_seconds: for a request's headers to arrive whole.
        send_seconds: for a client to take a piece of an answer.
        connections: open at the same time; beyond it the answer is 503.
        stop_seconds: for what is under way when the service is told to stop.
    """

    pictures: int = 16
    queue: int = 64
    picture_bytes: int = 20_000_000
    picture_pixels: int = 40_000_000
    judge_seconds: int = 20
    heatmaps: int = 8
    heatmap_seconds: int = 90
    request_bytes: int = 64_000_000
    held_bytes: int = 256_000_000
    receive_seconds: int = 30
    header_seconds: int = 10
    send_seconds: int = 30
    connections: int = 256
    stop_seconds: int = 30


def limits_of(texts: Iterable[str]) -> Limits:
    """Reads limits from the command line.

    Args:
        texts: each `NAME=VALUE`; what is not named keeps its default.

    Raises:
        ConfigError: there is no such limit, its value is no whole number above 0, or limits contradict each other.
    """
    known = [field.name for field in fields(Limits)]
    values: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise ConfigError(f"--limit {text}: there is no limit {name!r}; there are {', '.join(known)}")
        if not (value.isascii() and value.isdigit() and int(value) > 0):
            raise ConfigError(f"--limit {text}: expected {name}=NUMBER, a whole number above 0")
        values[name] = int(value)
    return consistent(replace(Limits(), **values))


def consistent(limits: Limits) -> Limits:
    """Gives limits back that can all be reached.

    Raises:
        ConfigError: one forbids what another allows.
    """
    for smaller, larger in (("pictures", "queue"), ("request_bytes", "held_bytes")):
        if getattr(limits, smaller) > getattr(limits, larger):
            raise ConfigError(
                f"the limit {smaller}={getattr(limits, smaller)} is above {larger}={getattr(limits, larger)}: "
                "a request as large as allowed would never be taken"
            )
    return limits
