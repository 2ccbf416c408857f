"""A process that gets ready once and then measures a rate each time it is asked, so that rounds pay no start.

Asked by an empty line on its standard input, it answers by a line with the rate; its first line says what it measures
with. `rate_client` asks. Imports nothing of the product: the peers run in an environment of their own.
"""

import sys
import time
from collections.abc import Callable


def serve(measure: Callable[[], float], *, about: str) -> None:
    """Answers until the input ends.

    Args:
        measure: measures once.
        about: what with: "jax", "NVIDIA H100".
    """
    print(about, flush=True)
    for _ in sys.stdin:
        print(measure(), flush=True)


def rate_of(step: Callable[[], object], *, images: int, seconds: float) -> float:
    """Repeats a step for so long, two times at least; gives images a second."""
    started, count = time.monotonic(), 0
    while count < 2 or time.monotonic() - started < seconds:
        step()
        count += 1
    return count * images / (time.monotonic() - started)
