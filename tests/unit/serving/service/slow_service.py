"""A service in a process of its own, whose verdicts take a while: `python slow_service.py PORT`."""

import sys
import time
from collections.abc import Iterable, Iterator

import numpy as np

from unmask.console import start_logging
from unmask.serving.bundle.manifest import InputFunction, Manifest, PlattScaling, TrainingPictures
from unmask.serving.detector import Detector
from unmask.serving.engines.engine import NO_EMBEDDING, Answer
from unmask.serving.service import server
from unmask.serving.service.application import Subject, make_application
from unmask.serving.service.settings import Limits

SECONDS = 1.5


class Slow:
    """Takes its time, and calls everything fake."""

    def for_threads(self, count: int) -> "Slow":
        return self

    def answers(self, pictures: Iterable[np.ndarray]) -> Iterator[Answer]:
        for _ in pictures:
            time.sleep(SECONDS)
            yield Answer(3.0, NO_EMBEDDING)


def main() -> None:
    manifest = Manifest(
        format=1,
        model="slow",
        model_sha256="ab" * 32,
        labels=["real", "fake"],
        input=InputFunction(image_size=16, fit="resize", resample="box", equalise=0),
        calibration=PlattScaling(slope=1.0, intercept=0.0),
        threshold=0.5,
        is_half=False,
        bins=[],
        training=TrainingPictures(images=1, size=None, side_pixels=16, jpeg_quality=None),
        framing=None,
        warnings=[],
        data={"name": "none"},
        files={},
    )
    preprocess = {"image_size": 16, "fit": "resize", "resample": "box", "equalise": 0}
    detector = Detector("slow", Slow(), threshold=0.5, preprocess=preprocess, model_sha256="ab" * 32)
    limits = Limits(header_seconds=1, connections=20)
    start_logging()
    server.run(
        make_application(Subject(detector, manifest), workers=1, limits=limits),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        limits=limits,
    )


if __name__ == "__main__":
    main()
