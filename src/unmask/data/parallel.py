"""Work spread over processes, with results in the order of the work; what the work is, the caller knows."""

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from queue import SimpleQueue
from typing import Any, TypeVar

from unmask.errors import WorkerError

QUEUED_PER_WORKER = 4  # enough that no worker waits while the caller uses a result

Item = TypeVar("Item")
Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Chunk], Result], chunks: Iterable[Chunk], *, workers: int
) -> Generator[Result, None, None]:
    """Applies a function to chunks of work in several processes.

    Args:
        function: takes one chunk; of a module, or a partial of such, as processes are handed its name.
        chunks: the work; each should outweigh being sent to another process.
        workers: number of processes; 1 works in this one, 0 means one for each core.

    Yields:
        The results, in the order of the chunks; only a few for each worker exist at a time.

    Raises:
        WorkerError: a process died. What the function itself raises arrives as it is.
    """
    workers = count_workers(workers)
    if workers == 1:
        yield from map(function, chunks)
        return
    waiting = iter(chunks)
    crew = Crew(function, workers=workers)
    # Each thread waits for one process at a time.
    threads = ThreadPoolExecutor(workers)
    try:
        pending = deque(threads.submit(crew.ask, chunk) for chunk in islice(waiting, QUEUED_PER_WORKER * workers))
        while pending:
            result = pending.popleft().result()
            pending.extend(threads.submit(crew.ask, chunk) for chunk in islice(waiting, 1))
            yield result
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        crew.end()
        threads.shutdown()


class Crew:
    """Some processes that apply one function, each at the end of a line of its own.

    Not a ProcessPoolExecutor and not a multiprocessing.Pool: their processes answer on one line that all hold open, so
    that one which is killed while it answers is waited for without end, by the second even one killed at any time
    (https://github.com/python/cpython/issues/66587). The end of a line of its own is noticed at once.
    """

    def __init__(self, function: Callable[[Any], Any], *, workers: int) -> None:
        """Starts them.

        Args:
            function: see `map_in_order`.
            workers: how many.
        """
        # Spawned, not forked: a fork copies the locks of whatever threads the caller runs, as TensorFlow's, and can
        # hang.
        self.context = get_context("spawn")
        self.processes: list[BaseProcess] = []
        self.idle: SimpleQueue[Connection] = SimpleQueue()
        for _ in range(workers):
            ours, theirs = self.context.Pipe()
            process = self.context.Process(target=serve, args=(function, theirs), daemon=True)
            process.start()
            theirs.close()
            self.processes.append(process)
            self.idle.put(ours)

    def ask(self, chunk: Any) -> Any:
        """Has an idle process do one chunk, and gives its result.

        Raises:
            WorkerError: it died. What the function raised is raised here.
        """
        line = self.idle.get()
        try:
            line.send(chunk)
            has_failed, answer = line.recv()
        except (EOFError, OSError) as error:
            raise WorkerError(
                f"one of {len(self.processes)} processes died, most likely for lack of memory: free some, or allow "
                "fewer workers"
            ) from error
        finally:
            self.idle.put(line)
        if has_failed:
            raise answer
        return answer

    def end(self) -> None:
        """Ends the processes, whatever they do: nobody waits for it any more."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()


def serve(function: Callable[[Any], Any], line: Connection) -> None:
    """Does what comes in on a line until it is closed, which it also is when the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes; the parent ends this one
    try:
        while True:
            line.send(outcome(function, line.recv()))
    except (EOFError, OSError):
        return


def outcome(function: Callable[[Any], Any], chunk: Any) -> tuple[bool, Any]:
    """Applies the function: whether it failed, and its result or what it raised."""
    try:
        return False, function(chunk)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where the work was asked for
        error.add_note("".join(traceback.format_exception(error)))  # which is not sent along
        return True, error


def count_workers(workers: int) -> int:
    """Gives the number of processes that is meant: 0 means one for each core that this process may use."""
    if workers:
        return workers
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_chunks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Groups items, in their order, into chunks of `size`; the last may be smaller."""
    waiting = iter(items)
    while chunk := tuple(islice(waiting, size)):
        yield chunk
