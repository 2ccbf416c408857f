"""A service in a process of its own, whose verdicts take a while: `python slow_service.py PORT`."""

import sys
import time
from collections.abc import Iterable, Iterator

import numpy as np
from brightness_detector import make_manifest, make_subject

from unmask.console import start_logging
from unmask.serving.engines.engine import NO_EMBEDDING, Answer
from unmask.serving.service import server
from unmask.serving.service.application import make_application
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
    limits = Limits(header_seconds=1, connections=20)
    start_logging()
    server.run(
        make_application(make_subject(Slow(), make_manifest("slow", side=16)), workers=1, limits=limits),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        limits=limits,
    )


if __name__ == "__main__":
    main()
