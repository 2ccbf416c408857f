"""Clients of a service that each send a picture, wait for the verdict and send the next, on one connection each.

They speak HTTP by hand: a client library takes more of the processor than all else here, and the service has the same.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

BOUNDARY = "a-boundary-that-no-picture-holds"
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
UNJUDGED = b'"verdict":null'
HEADER_END = b"\r\n\r\n"


@dataclass
class Load:
    """What some clients met.

    Attributes:
        seconds: of each verdict, from the request's first byte to the answer's last.
        errors: what came in the place of verdicts, and how often: a status of HTTP, or how a connection ended.
        whole_seconds: from the first request to the last answer.
        processor_seconds: that the clients themselves took.
        held_bytes: by the service, after each of the asked times.
    """

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    whole_seconds: float = 0.0
    processor_seconds: float = 0.0
    held_bytes: list[int] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Verdicts a second."""
        return len(self.seconds) / self.whole_seconds


@dataclass(frozen=True)
class Looks:
    """When to look at the service's memory.

    Attributes:
        after_seconds: from the first request.
        look: gives the bytes.
    """

    after_seconds: Sequence[float]
    look: Callable[[], int]


def request_of(picture: bytes, *, port: int) -> bytes:
    """Writes a request for a verdict on one JPEG."""
    opening = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'.encode()
    body = opening + picture + f"\r\n--{BOUNDARY}--\r\n".encode()
    header = (
        f"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return header.encode() + body


def put_load(port: int, pictures: Sequence[bytes], *, clients: int, seconds: float, looks: Looks | None = None) -> Load:
    """Has clients ask for so long; what they have asked by then is still answered.

    Args:
        port: of this machine.
        pictures: JPEGs that the clients send, each another one at a time.
        clients: how many.
        seconds: for how long.
        looks: at the service's memory meanwhile.
    """
    requests = [request_of(picture, port=port) for picture in pictures]
    load = Load()

    async def all_clients() -> None:
        deadline = time.perf_counter() + seconds
        looking = [] if looks is None else [look_at(looks, load)]
        asking = [ask(port, requests[number:] + requests[:number], load, deadline) for number in range(clients)]
        await asyncio.gather(*asking, *looking)

    started, used = time.perf_counter(), time.process_time()
    asyncio.run(all_clients())
    load.whole_seconds, load.processor_seconds = time.perf_counter() - started, time.process_time() - used
    return load


async def look_at(looks: Looks, load: Load) -> None:
    """Looks at the service's memory when it is time to."""
    started = time.perf_counter()
    for after in looks.after_seconds:
        await asyncio.sleep(started + after - time.perf_counter())
        load.held_bytes.append(looks.look())


async def ask(port: int, requests: Sequence[bytes], load: Load, deadline: float) -> None:
    """Is one client until the deadline; one whose connection ends opens another."""
    turns = count()
    while time.perf_counter() < deadline:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError as error:
            load.errors[type(error).__name__] += 1
            await asyncio.sleep(0.1)
            continue
        try:
            while time.perf_counter() < deadline:
                started = time.perf_counter()
                writer.write(requests[next(turns) % len(requests)])
                status, body = await answer_from(reader)
                if status == 200 and UNJUDGED not in body:
                    load.seconds.append(time.perf_counter() - started)
                else:
                    load.errors[str(status)] += 1
        except (OSError, asyncio.IncompleteReadError) as error:
            load.errors[type(error).__name__] += 1
        finally:
            writer.close()


async def answer_from(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Reads an answer that states its length: status and body."""
    header = await reader.readuntil(HEADER_END)
    length = CONTENT_LENGTH.search(header)
    body = await reader.readexactly(int(length[1])) if length else b""
    return int(header.split(b" ", 2)[1]), body
