"""A few threads that judge pictures, a bounded number of which may wait."""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TypeAlias

from unmask.errors import ImageError
from unmask.serving.detector import Detector, View, summary
from unmask.serving.pictures import read_picture
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.refusals import busy, too_long
from unmask.serving.service.settings import Limits
from unmask.serving.verdict import Verdict

CLOSE_SECONDS = 2.0  # for a worker to end


@dataclass(frozen=True)
class Examined:
    """A judged picture.

    Attributes:
        verdict: on it.
        parts: what of it was judged, each with its own verdict, in the order in which the faces were found.
    """

    verdict: Verdict
    parts: tuple[tuple[View, Verdict], ...]


Work: TypeAlias = "Future[Examined | ImageError]"


@dataclass
class Task:
    """A picture that waits for a worker.

    Attributes:
        content: encoded; nothing once nobody waits for the picture, so that no worker need come by to let its bytes go.
        work: becomes what was found.
    """

    content: bytes
    work: Work = field(default_factory=Future)

    def give_up(self) -> bool:
        """Lets the picture go; gives False where a worker is at it."""
        if not self.work.cancel():
            return self.work.done()
        self.content = b""
        return True


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
    Its pixels are limited, and so is that time. Where all workers are kept so, the service is not healthy.
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
        self.lock, self.taken, self.overdue = threading.Lock(), 0, 0
        self.queue: SimpleQueue[Task | None] = SimpleQueue()
        # They do not keep the process from ending, as those of a ThreadPoolExecutor would.
        self.threads = [threading.Thread(target=self.work, name=f"judge-{n}", daemon=True) for n in range(workers)]
        for thread in self.threads:
            thread.start()

    @property
    def is_stuck(self) -> bool:
        """Whether every worker is at a picture that nobody waits for any more."""
        return self.overdue >= len(self.threads)

    async def all(self, contents: Sequence[bytes]) -> list[Examined | ImageError]:
        """Judges pictures; a bad one does not stop the rest.

        Args:
            contents: each an encoded picture.

        Returns:
            For each in order what was found, or why there is nothing.

        Raises:
            RefusedError: too many are waiting already, or they took too long.
            EvaluationError: the model gave something else than one finite logit a picture.
        """
        self.take(len(contents))
        tasks = [self.submit(content) for content in contents]
        try:
            async with asyncio.timeout(self.limits.judge_seconds):
                return await asyncio.gather(*(asyncio.wrap_future(task.work) for task in tasks))
        except TimeoutError as error:
            seconds = self.limits.judge_seconds
            raise too_long(f"no verdict within {seconds} seconds") from error
        finally:
            for task in tasks:
                if not task.give_up():
                    self.outlast(task.work)

    def take(self, count: int) -> None:
        """Counts pictures as waiting.

        Raises:
            RefusedError: they would be too many.
        """
        with self.lock:
            if self.taken + count > self.most:
                raise busy(f"{self.taken} pictures are being judged or wait for it")
            self.taken += count
            self.metrics.taken.set(self.taken)

    def submit(self, content: bytes) -> Task:
        """Hands one counted picture to the workers."""
        task = Task(content)
        task.work.add_done_callback(self.release)
        self.queue.put(task)
        return task

    def release(self, _: Work) -> None:
        """Counts one picture less: it was judged, or nobody waits for it any more."""
        with self.lock:
            self.taken -= 1
            self.metrics.taken.set(self.taken)

    def outlast(self, work: Work) -> None:
        """Counts a picture as overdue until it is done."""
        with self.lock:
            self.overdue += 1

        def done(_: Work) -> None:
            with self.lock:
                self.overdue -= 1

        work.add_done_callback(done)

    def work(self) -> None:
        """Judges one picture after another; runs in each worker."""
        while task := self.queue.get():
            if not task.work.set_running_or_notify_cancel():
                continue
            try:
                task.work.set_result(self.one(task.content))
            except Exception as error:  # noqa: BLE001  # it is raised again where somebody waits for the picture
                task.work.set_exception(error)

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
        """Ends the workers after what they are at; one that is stuck is left behind."""
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join(CLOSE_SECONDS)
