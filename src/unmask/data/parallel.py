"""Work spread over processes, with results in the order of the work; what the work is, the caller knows."""

import os
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
    first = list(islice(waiting, QUEUED_PER_WORKER * workers))
    if not first:
        return
    workers = min(workers, len(first))
    threads = ThreadPoolExecutor(workers)  # each waits for one process at a time
    crew = Crew(function)
    try:
        crew.start(workers)
        pending = deque(threads.submit(crew.ask, chunk) for chunk in first)
        while pending:
            result = pending.popleft().result()
            pending.extend(threads.submit(crew.ask, chunk) for chunk in islice(waiting, 1))
            yield result
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        crew.kill()
        threads.shutdown()
        crew.close()


class Crew:
    """Some processes that apply one function, each at the end of a line of its own.

    The workers of a ProcessPoolExecutor share one pipe for their answers: when one is killed in the middle of one, the
    reader waits for the rest of it for ever. A multiprocessing.Pool waits for ever whenever one is killed
    (https://github.com/python/cpython/issues/66587). Here each has a line of its own, whose end is noticed at once.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        """Begins without any.

        Args:
            function: see `map_in_order`.
        """
        self.function = function
        self.processes: list[BaseProcess] = []
        self.idle: SimpleQueue[Connection] = SimpleQueue()

    def start(self, workers: int) -> None:
        """Starts so many."""
        # Spawned, not forked: a fork copies the locks of whatever threads the caller runs, as TensorFlow's, and can
        # hang.
        context = get_context("spawn")
        for _ in range(workers):
            ours, theirs = context.Pipe()
            self.idle.put(ours)
            with theirs:
                process = context.Process(target=serve, args=(self.function, theirs), daemon=True)
                process.start()
                self.processes.append(process)

    def ask(self, chunk: Any) -> Any:
        """Has an idle process do one chunk, and gives its result.

        Raises:
            WorkerError: it died. What the function raised is raised here.
        """
        line = self.idle.get()
        try:
            line.send(chunk)
            has_failed, result = line.recv()
        except (EOFError, OSError) as error:
            raise WorkerError(
                f"one of {len(self.processes)} processes died, most likely for lack of memory: free some, or allow "
                "fewer workers"
            ) from error
        finally:
            self.idle.put(line)
        if has_failed:
            raise result
        return result

    def kill(self) -> None:
        """Ends the processes, whatever they do: nobody waits for it any more."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.join()

    def close(self) -> None:
        """Closes the lines, when nobody asks any more."""
        while not self.idle.empty():
            self.idle.get().close()


def serve(function: Callable[[Any], Any], line: Connection) -> None:
    """Does what comes in on a line until it is closed, which it also is when the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches all processes; the parent ends this one
    with suppress(EOFError, OSError):
        while True:
            answer(line, *apply(function, line.recv()))


def apply(function: Callable[[Any], Any], chunk: Any) -> tuple[bool, Any]:
    """Applies the function: whether it failed, and its result or what it raised."""
    try:
        return False, function(chunk)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again where the work was asked for
        error.add_note("".join(traceback.format_exception(error)))  # the traceback itself is not sent along
        return True, error


def answer(line: Connection, has_failed: bool, result: Any) -> None:
    """Sends a result; where it cannot be pickled, why."""
    try:
        line.send((has_failed, result))
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - pickling runs code of any class
        line.send((True, WorkerError(f"the result of a process cannot be sent: {error}")))


def count_workers(workers: int) -> int:
    """Gives the number of processes that is meant: 0 means one for each core that this process may use."""
    if workers:
        return workers
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worthwhile_workers(workers: int, *, units: int, units_each: int) -> int:
    """Gives the number of processes that is meant, but one for no less than `units_each` units of work, and one at all.

    Args:
        workers: the most; 0 means one for each core that this process may use.
        units: of all the work.
        units_each: how many take about as long as a process takes to start.
    """
    return min(count_workers(workers), max(1, units // units_each))


def in_chunks(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Groups items, in their order, into chunks of `size`; the last may be smaller."""
    waiting = iter(items)
    while chunk := tuple(islice(waiting, size)):
        yield chunk
