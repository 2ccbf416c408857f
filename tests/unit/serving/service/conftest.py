"""A service around a detector that judges by brightness alone, so that every score can be worked by hand."""

import asyncio
import io
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from unmask.serving.baseline import Baseline
from unmask.serving.bundle.manifest import Counted, InputFunction, Manifest, PlattScaling, TrainingPictures
from unmask.serving.detector import Detector
from unmask.serving.engines.engine import NO_EMBEDDING, Answer
from unmask.serving.service.application import Subject, make_application
from unmask.serving.service.examples import Example
from unmask.serving.service.settings import Limits
from unmask.serving.verdict import Bin

SIDE = 16
THRESHOLD = 0.6
MODEL = "brightness"
DIGEST = "ab" * 32


@dataclass
class Brightness:
    """Logit = (mean of all pixels - 100) / 10; waits before it answers, while it is held."""

    gate: threading.Event = field(default_factory=threading.Event)
    threads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gate.set()

    def for_threads(self, count: int) -> "Brightness":
        return self

    def answers(self, pictures: Iterable[np.ndarray]) -> Iterator[Answer]:
        for picture in pictures:
            self.threads.add(threading.current_thread().name)
            self.gate.wait(30)
            yield Answer((float(picture.mean()) - 100) / 10, NO_EMBEDDING)


def encoded(grey: int, *, size: tuple[int, int] = (40, 24), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(buffer, kind)
    return buffer.getvalue()


def make_manifest() -> Manifest:
    return Manifest(
        format=1,
        model=MODEL,
        model_sha256=DIGEST,
        labels=["real", "fake"],
        input=InputFunction(image_size=SIDE, fit="resize", resample="box", equalise=0),
        calibration=PlattScaling(slope=1.0, intercept=0.0),
        threshold=THRESHOLD,
        is_half=False,
        bins=[Counted(low=0.0, high=0.5, images=40, fakes=2), Counted(low=0.5, high=1.0, images=40, fakes=38)],
        training=TrainingPictures(images=840, size=None, side_pixels=SIDE, jpeg_quality=80),
        framing=None,
        warnings=["of <b>photographs</b> it knows nothing"],
        data={"name": "drawn", "version": "1", "sha256": DIGEST},
        files={},
    )


@pytest.fixture
def engine() -> Iterator[Brightness]:
    engine = Brightness()
    yield engine
    engine.gate.set()


@pytest.fixture
def subject(engine: Brightness) -> Subject:
    manifest = make_manifest()
    bins = tuple(Bin(part.low, part.high, part.images, part.fakes) for part in manifest.bins)
    detector = Detector(
        name=MODEL,
        engine=engine,
        threshold=THRESHOLD,
        preprocess={"image_size": SIDE, "fit": "resize", "resample": "box", "equalise": 0},
        model_sha256=DIGEST,
        baseline=Baseline(side_pixels=SIDE, bins=bins),
    )
    return Subject(detector, manifest, examples=(Example("Face 1", encoded(90, kind="JPEG")),))


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
