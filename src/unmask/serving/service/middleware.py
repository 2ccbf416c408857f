"""What every request passes: the log, the metrics, security headers, and a gate that shuts what the page needs not."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unmask.serving.service.metrics import Metrics

SITE, CROSS_SITE, ORIGIN, HOST = b"sec-fetch-site", b"cross-site", b"origin", b"host"
NOTHING = "default-src 'none'; frame-ancestors 'none'"  # the policy of what is no page
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = "Content-Security-Policy"
# All of Gradio that the page needs, and only to be read: no upload, no file, no proxy, no queue.
PAGE = "page"
PAGE_PATHS = ("/", "/theme.css", "/favicon.ico")
PAGE_FOLDERS = ("/assets/", "/static/")
# Gradio 6.31 fails, with a 500, on a name that is longer than a file's may be.
PAGE_FILE = re.compile(r"(/[\w.@-]{1,200}){2,9}", re.ASCII)
MISSING = (403, 404)  # Gradio's word for a folder, and for no file
READING = ("GET", "HEAD")

logger = logging.getLogger(__name__)


class Watch:
    """Logs and counts each request: its route and status, never what was sent, by whom, or under which name."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Sequence[str]) -> None:
        """Takes what comes next.

        Args:
            app: answers.
            metrics: what is counted.
            routes: paths that are named; all others count as the page's, so that no stranger's text is kept.
        """
        self.app, self.metrics, self.routes = app, metrics, routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route = scope["path"] if scope["path"] in self.routes else PAGE
        start, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            seconds = time.perf_counter() - start
            self.metrics.requests.labels(route, str(status)).inc()
            self.metrics.request_seconds.labels(route).observe(seconds)
            level = logging.DEBUG if route in (PAGE, "/healthz", "/metrics") else logging.INFO
            logger.log(level, "%s %s in %.0f ms", route, status, seconds * 1000)


class SecurityHeaders:
    """Adds security headers to every answer, and ends an answer that its client does not take."""

    def __init__(self, app: ASGIApp, *, send_seconds: float) -> None:
        """Takes what comes next.

        Args:
            app: answers.
            send_seconds: that a client may take for a piece of an answer.
        """
        self.app, self.send_seconds = app, send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault(POLICY, NOTHING)
                headers.setdefault("Cache-Control", "no-store")
                if "access-control-allow-origin" in headers:
                    del headers["access-control-allow-origin"]
            async with asyncio.timeout(self.send_seconds):
                await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


class Gate:
    """Lets through what the service has, and what of Gradio the page reads; all else does not exist."""

    def __init__(self, app: ASGIApp, *, methods: Mapping[str, Sequence[str]], folders: Sequence[str]) -> None:
        """Takes what comes next.

        Args:
            app: answers.
            methods: allowed, by the service's own paths.
            folders: of the service's own files.
        """
        self.app, self.methods = app, methods
        self.folders = (*PAGE_FOLDERS, *folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or refuses it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif (methods := self.allowed(scope["path"])) is None:
            await refuse_missing(send)
        elif scope["method"] not in methods:
            allowed = ", ".join(methods)
            await refuse(send, status=405, code="method", message=f"expected {allowed}", headers={"Allow": allowed})
        elif scope["method"] not in READING and is_of_another_site(dict(scope["headers"])):
            await refuse(send, status=403, code="cross_site", message="another site's page may not ask this")
        else:
            await self.app(scope, receive, send if scope["path"] in self.methods else Telling(send).send)

    def allowed(self, path: str) -> Sequence[str] | None:
        """Gives the methods of a path; None where there is nothing."""
        if path in self.methods:
            return self.methods[path]
        is_file = path.startswith(self.folders) and ".." not in path and PAGE_FILE.fullmatch(path)
        return READING if path in PAGE_PATHS or is_file else None


def is_of_another_site(headers: Mapping[bytes, bytes]) -> bool:
    """Whether another site's page asks: browsers say so outright over TLS and on this machine, else by the origin."""
    if SITE in headers:
        return headers[SITE] == CROSS_SITE
    return ORIGIN in headers and headers[ORIGIN].rpartition(b"//")[2] != headers.get(HOST)


class Telling:
    """Answers a file of the page that is not there as the API does."""

    def __init__(self, send: Send) -> None:
        """Takes what sends."""
        self.pass_on, self.is_missing = send, False

    async def send(self, message: Message) -> None:
        """Takes a piece of the answer."""
        if message["type"] == "http.response.start" and message["status"] in MISSING:
            self.is_missing = True
            await refuse_missing(self.pass_on)
        elif not self.is_missing:
            await self.pass_on(message)


async def refuse_missing(send: Send) -> None:
    """Answers that there is no such path."""
    await refuse(send, status=404, code="not_found", message="there is nothing here")


async def refuse(send: Send, *, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
    """Answers with an error as the API does."""
    body = json.dumps({"error": {"code": code, "message": message}, "pictures": []}).encode()
    named: dict[str, Any] = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    fields = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
