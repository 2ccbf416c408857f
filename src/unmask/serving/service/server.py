"""Running the service: one process, cut-off times for slow clients, and an orderly end."""

import asyncio
import logging
import signal
import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from unmask.errors import ServiceError
from unmask.serving.service.memory import return_large_blocks
from unmask.serving.service.settings import Limits

KEEP_ALIVE_SECONDS = 5
BACKLOG = 256  # connections that the system takes before the service does

logger = logging.getLogger(__name__)


def protocol_of(header_seconds: float) -> type[asyncio.Protocol]:
    """Gives uvicorn's protocol with a time limit for headers, which uvicorn 0.54 has none for.

    Args:
        header_seconds: from the connection, or from the first byte of a further request, to the end of its headers.
    """

    class ImpatientProtocol(H11Protocol):
        """Closes a connection whose request does not come."""

        timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.timer = self.loop.call_later(header_seconds, self.transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            is_answering = self.cycle is not None and not self.cycle.response_complete
            if is_answering:
                self.stop_timer()
            elif self.timer is None and not self.transport.is_closing():
                self.timer = self.loop.call_later(header_seconds, self.transport.close)

        def connection_lost(self, exc: Exception | None) -> None:
            self.stop_timer()
            super().connection_lost(exc)

        def stop_timer(self) -> None:
            if self.timer is not None:
                self.timer.cancel()
                self.timer = None

    return ImpatientProtocol


def run(app: ASGIApp, *, host: str, port: int, limits: Limits) -> None:
    """Serves until it is told to stop by SIGTERM or SIGINT; what is under way is finished first.

    Args:
        app: answers.
        host: an address of this machine.
        port: 0 for any that is free.
        limits: of time and connections.

    Raises:
        ServiceError: another program has the port, or there is no such address.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ServiceError(f"cannot listen on {host}, port {port}: {error.strerror}; --port takes another") from error
    return_large_blocks()
    config = uvicorn.Config(
        app,
        http=protocol_of(limits.header_seconds),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        limit_concurrency=limits.connections,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=limits.stop_seconds,
    )
    # uvicorn ends in order and then sends itself the signal again, for whoever listened before: nobody needs it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ignored)
    Server(config).run([listener])
    logger.info("the service has ended")


def ignored(*_: Any) -> None:
    """Does nothing on a signal."""


class Server(uvicorn.Server):
    """uvicorn's server, which says in this project's log where it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, and says the address to open."""
        await super().startup(sockets)
        if not self.started:
            return
        host, port = (sockets or self.servers[0].sockets)[0].getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        logger.info("the page is at http://%s:%s/, the API's description at /openapi.json", name, port)
