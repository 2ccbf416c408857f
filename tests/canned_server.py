"""A server that answers every request with the same bytes."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def answer_of(status: bytes, body: bytes) -> bytes:
    """Writes an answer of HTTP."""
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def answering(answer: bytes, *, is_closing: bool = False) -> Iterator[int]:
    """Answers a hundredth of a second after each request, and then closes the connection if told to; gives the port."""
    ports: list[int] = []
    is_up, is_over = threading.Event(), threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                header = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = header.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                await asyncio.sleep(0.01)
                writer.write(answer)
                if is_closing:
                    break
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
    try:
        yield ports[0]
    finally:
        is_over.set()
        thread.join()
