"""A few threads that judge pictures, a bounded number of which may wait."""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from unmask.errors import ImageError
from unmask.serving.detector import Detector, View, summary
from unmask.serving.pictures import read_picture
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.refusals import Refused, busy
from unmask.serving.service.settings import Limits
from unmask.serving.verdict import Verdict


@dataclass(frozen=True)
class Examined:
    """A judged picture.

    Attributes:
        verdict: on it.
        parts: what of it was judged, each with its own verdict, in the order in which the faces were found.
    """

    verdict: Verdict
    parts: tuple[tuple[View, Verdict], ...]


def examine(detector: Detector, content: bytes, *, max_pixels: int) -> Examined:
    """Judges one picture, as `Detector.predict` does, and keeps what was judged of it.

    Args:
        detector: judges.
        content: an encoded JPEG, PNG or WebP.
        max_pixels: the most that will be decoded.

    Raises:
        ImageError: it is damaged or refused.
        EvaluationError: the model gave something else than one finite logit a picture.
    """
    views = detector.views(read_picture(content, max_pixels=max_pixels))
    answers = detector.engine.answers(view.pixels for view in views)
    parts = tuple((view, detector.judge_view(answer, view)) for answer, view in zip(answers, views, strict=True))
    return Examined(summary([verdict for _, verdict in parts]), parts)


class Judging:
    """Judges the pictures of all requests with a fixed number of workers.

    A thread cannot be stopped: a picture that takes longer than allowed keeps its worker, and counts, until it is done.
    Its pixels are limited, and so is that time.
    """

    def __init__(self, detector: Detector, *, workers: int, limits: Limits, metrics: Metrics) -> None:
        """Starts the workers.

        Args:
            detector: judges.
            workers: that judge at the same time.
            limits: of the service.
            metrics: what is counted.
        """
        self.detector = replace(detector, engine=detector.engine.for_threads(workers))
        self.limits, self.metrics = limits, metrics
        self.most = workers + limits.queue
        self.lock, self.taken = threading.Lock(), 0
        self.threads = ThreadPoolExecutor(workers, thread_name_prefix="judge")

    async def all(self, contents: Sequence[bytes]) -> list[Examined | ImageError]:
        """Judges pictures; a bad one does not stop the rest.

        Args:
            contents: each an encoded picture.

        Returns:
            For each in order what was found, or why there is nothing.

        Raises:
            Refused: too many are waiting already, or they took too long.
            EvaluationError: the model gave something else than one finite logit a picture.
        """
        self.take(len(contents))
        futures = [self.submit(content) for content in contents]
        try:
            async with asyncio.timeout(self.limits.judge_seconds):
                return await asyncio.gather(*map(asyncio.wrap_future, futures))
        except TimeoutError as error:
            seconds = self.limits.judge_seconds
            raise Refused(503, "too_long", f"no verdict within {seconds} seconds", retry_seconds=seconds) from error
        finally:
            for future in futures:
                future.cancel()

    def take(self, count: int) -> None:
        """Counts pictures as waiting.

        Raises:
            Refused: they would be too many.
        """
        with self.lock:
            if self.taken + count > self.most:
                raise busy(f"{self.taken} pictures are being judged or wait for it")
            self.taken += count
        self.metrics.taken.set(self.taken)

    def submit(self, content: bytes) -> "Future[Examined | ImageError]":
        """Hands one counted picture to the workers."""
        future = self.threads.submit(self.one, content)
        future.add_done_callback(self.release)
        return future

    def release(self, _: "Future[Examined | ImageError]") -> None:
        """Counts one picture less: it was judged, or nobody waits for it any more."""
        with self.lock:
            self.taken -= 1
        self.metrics.taken.set(self.taken)

    def one(self, content: bytes) -> Examined | ImageError:
        """Judges one picture."""
        start = time.perf_counter()
        try:
            found = examine(self.detector, content, max_pixels=self.limits.picture_pixels)
        except ImageError as error:
            self.metrics.pictures.labels("refused").inc()
            return error
        self.metrics.pictures.labels(found.verdict.label).inc()
        self.metrics.scores.observe(found.verdict.score)
        self.metrics.picture_seconds.observe(time.perf_counter() - start)
        return found

    def close(self) -> None:
        """Ends the workers after what they are at."""
        self.threads.shutdown(wait=True, cancel_futures=True)
