"""Work spread over processes, with results in the order of the work; what the work is, the caller knows."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeVar

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
    # Spawned, not forked: a fork copies the locks of whatever threads the caller runs, as TensorFlow's, and can hang.
    # An executor, not a multiprocessing.Pool: that waits for ever for what a killed worker was doing
    # (https://github.com/python/cpython/issues/66587).
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=end_with_parent)
    try:
        pending = deque(pool.submit(function, chunk) for chunk in islice(waiting, QUEUED_PER_WORKER * workers))
        while pending:
            result = pending.popleft().result()
            pending.extend(pool.submit(function, chunk) for chunk in islice(waiting, 1))
            yield result
    except BrokenProcessPool as error:
        raise WorkerError(
            f"one of {workers} processes died, most likely for lack of memory: free some, or allow fewer workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def end_with_parent() -> None:
    """Ends this process when its parent dies: a parent that was killed tells nobody, and its workers wait for ever."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=wait, name="end-with-parent", daemon=True).start()


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
