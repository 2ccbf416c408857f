"""Scoring what is missing of a table, on this machine or on a cluster."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pyarrow as pa

from unmask.serving.detector import Detector
from unmask.serving.scoring import parts
from unmask.serving.scoring.resume import Scoring
from unmask.serving.scoring.sources import Source

Parts = Iterable[tuple[int, pa.RecordBatch]]


class Step(NamedTuple):
    """A step on the way.

    Attributes:
        pictures: how many were scored in it.
        number: of the part that it finished; None where it finished none.
        table: that part.
    """

    pictures: int
    number: int | None = None
    table: pa.Table | None = None


Method = Callable[[Source, Parts], Generator[Step, None, None]]


def run(scoring: Scoring, numbers: list[int], method: Method) -> Iterator[int]:
    """Scores parts, and writes each when it is finished.

    Args:
        scoring: which pictures, and where to.
        numbers: of the parts that are to be scored.
        method: how: `here`, or `cluster.on_ray`.

    Yields:
        After each step how many pictures were scored in it.

    Raises:
        ScoringError: the pictures cannot be read any more, or the cluster fails.
    """
    if not numbers:
        return
    with closing(method(scoring.source, scoring.pictures(numbers))) as steps:
        for step in steps:
            if step.number is not None:
                parts.write_part(scoring.file(step.number), step.table)
            yield step.pictures


def here(load: Callable[[], Detector]) -> Method:
    """Scores on this machine, which one detector makes full use of.

    Args:
        load: gives the detector, when there is something to score.
    """

    def method(source: Source, waiting: Parts) -> Generator[Step, None, None]:
        detector = load()
        for number, pictures in waiting:
            rows: list[dict[str, Any]] = []
            for row in parts.score_part(detector, source, pictures):
                rows.append(row)
                yield Step(1)
            yield Step(0, number, parts.table_of(rows))

    return method
