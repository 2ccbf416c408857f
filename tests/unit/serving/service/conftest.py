"""A service around a detector that judges by brightness alone, so that every score can be worked by hand."""

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from brightness_detector import Brightness, make_manifest, make_subject
from fastapi.testclient import TestClient
from PIL import Image

from unmask.serving.service.application import Subject, make_application
from unmask.serving.service.examples import Example
from unmask.serving.service.settings import Limits


def encoded(grey: int, *, size: tuple[int, int] = (40, 24), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def engine() -> Iterator[Brightness]:
    engine = Brightness()
    yield engine
    engine.gate.set()


@pytest.fixture
def subject(engine: Brightness) -> Subject:
    manifest = make_manifest("brightness", side=16, threshold=0.6, warnings=["of <b>photographs</b> it knows nothing"])
    return make_subject(engine, manifest, examples=(Example("Face 1", encoded(90, kind="JPEG")),))


Service = Callable[..., TestClient]


@pytest.fixture
def service(subject: Subject) -> Iterator[Service]:
    """Starts a service, by default with its default limits."""
    open_clients: list[TestClient] = []

    def start(
        *, workers: int = 2, keys: tuple[str, ...] = (), network: Path | None = None, **limits: int
    ) -> TestClient:
        app = make_application(
            replace(subject, network=network), workers=workers, limits=replace(Limits(), **limits), api_keys=keys
        )
        client = TestClient(app, base_url="http://127.0.0.1:7860")
        client.__enter__()
        open_clients.append(client)
        return client

    yield start
    for client in open_clients:
        client.__exit__(None, None, None)


@pytest.fixture
def picture() -> Callable[..., bytes]:
    return encoded


@pytest.fixture
def finished() -> Callable[[Coroutine], object]:
    """Runs a coroutine to its end, in a thread of its own: the browser's tests leave a loop running in this one."""

    def run(coroutine: Coroutine) -> object:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, coroutine).result()

    return run
