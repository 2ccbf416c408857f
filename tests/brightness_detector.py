"""A detector that judges by brightness alone, so that every score can be worked by hand, and its bundle's manifest."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unmask.serving.baseline import Baseline
from unmask.serving.bundle.manifest import FORMAT, Counted, InputFunction, Manifest, PlattScaling, TrainingPictures
from unmask.serving.detector import Detector
from unmask.serving.engines.engine import NO_EMBEDDING, Answer
from unmask.serving.service.application import Subject
from unmask.serving.verdict import Bin

DIGEST = "ab" * 32
BINS = [Counted(low=0.0, high=0.5, images=40, fakes=2), Counted(low=0.5, high=1.0, images=40, fakes=38)]


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


def make_manifest(model: str, *, side: int, **changes: Any) -> Manifest:
    """Describes a detector of square pictures of a side."""
    content = {
        "format": FORMAT,
        "model": model,
        "model_sha256": DIGEST,
        "labels": ["real", "fake"],
        "input": InputFunction(image_size=side, fit="resize", resample="box", equalise=0),
        "calibration": PlattScaling(slope=1.0, intercept=0.0),
        "threshold": 0.5,
        "is_half": False,
        "bins": BINS,
        "training": TrainingPictures(images=840, size=None, side_pixels=side, jpeg_quality=80),
        "framing": None,
        "warnings": [],
        "data": {"name": "drawn", "version": "1", "sha256": DIGEST},
        "files": {},
    }
    return Manifest(**content | changes)


def make_subject(engine: Any, manifest: Manifest, **changes: Any) -> Subject:
    """Makes what a service serves: an engine's detector as its manifest describes it."""
    shape = manifest.input
    detector = Detector(
        name=manifest.model,
        engine=engine,
        threshold=manifest.threshold,
        preprocess={"image_size": shape.image_size, "fit": shape.fit, "resample": shape.resample, "equalise": 0},
        model_sha256=manifest.model_sha256,
        baseline=Baseline(
            side_pixels=manifest.training.side_pixels,
            bins=tuple(Bin(part.low, part.high, part.images, part.fakes) for part in manifest.bins),
        ),
    )
    return Subject(detector, manifest, **changes)
