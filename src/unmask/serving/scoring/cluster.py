"""Scoring on a cluster of Ray's: one worker a machine, each with a detector of its own, which it loads once.

What workers need is sent to them: the bundle's files, and the names of their pictures. What they made comes back, and
the calling process writes it; so no disk is shared, unless the pictures lie on one. A folder or a zip must be found at
the same path on all machines; what is on S3 needs keys there.
"""

import logging
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from unmask.console import silent_start
from unmask.errors import ScoringError
from unmask.serving.bundle.read import load_bundle
from unmask.serving.scoring import parts
from unmask.serving.scoring.run import Method, Parts, Step
from unmask.serving.scoring.sources import Source

LOCAL = "local"


class Worker:
    """Scores parts on one machine."""

    def __init__(self, files: Any, engine: str, source: Source) -> None:
        """Loads the detector.

        Args:
            files: a reference of Ray's to the bundle's files, by name.
            engine: what computes.
            source: the pictures.
        """
        import ray

        self.source = source
        with tempfile.TemporaryDirectory(prefix="unmask-bundle-") as folder:
            for name, content in ray.get(files).items():
                Path(folder, name).write_bytes(content)
            self.detector = load_bundle(Path(folder), engine=engine)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """Scores one part.

        Args:
            row: `number`, and `pictures`, as Arrow's stream has them.

        Returns:
            `number`, and `table` in the same form.
        """
        [pictures] = pa.ipc.open_stream(row["pictures"])
        table = parts.table_of(parts.score_part(self.detector, self.source, pictures))
        return {"number": row["number"], "table": packed(table.combine_chunks().to_batches()[0])}


def on_ray(address: str, *, bundle: Path, engine: str) -> Method:
    """Scores on a cluster.

    Args:
        address: of its head, as `ray start` shows it; "auto", the one that runs here; or "local", one that is started
            on this machine and ended afterwards.
        bundle: the detector's folder.
        engine: what computes.

    Raises:
        ScoringError: Ray is not installed.
    """
    ray = load_ray()

    def method(source: Source, waiting: Parts) -> Generator[Step, None, None]:
        connect(ray, address)
        try:
            files = ray.put({file.name: file.read_bytes() for file in bundle.iterdir() if file.is_file()})
            rows = [{"number": number, "pictures": packed(pictures)} for number, pictures in waiting]
            yield from results(ray, rows, {"files": files, "engine": engine, "source": source})
        finally:
            ray.shutdown()

    return method


def load_ray() -> ModuleType:
    """Imports Ray: as it is told before that, it neither sends home how it is used nor tells of its inner life.

    Raises:
        ScoringError: it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what else goes wrong comes as an error
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ScoringError('--ray needs Ray: pip install "unmask[ray]"') from error
    loaded: ModuleType = ray
    return loaded


def connect(ray: ModuleType, address: str) -> None:
    """Connects to a cluster, or starts one.

    Raises:
        ScoringError: there is none at such an address.
    """
    try:
        with silent_start():
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise ScoringError(f"no cluster of Ray's at {address}: {error}") from error
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # else each of its steps is a line
    ray.data.DataContext.get_current().enable_progress_bars = False


def results(ray: ModuleType, rows: list[dict[str, Any]], needed: dict[str, Any]) -> Iterator[Step]:
    """Has workers score parts, and gives each when it is done, in no certain order.

    Raises:
        ScoringError: a worker failed.
    """
    machines = [node["Resources"]["CPU"] for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
    done = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
        Worker,
        fn_constructor_kwargs=needed,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=len(machines)),
        num_cpus=min(machines),  # so that no two share a machine
    )
    try:
        for row in done.iter_rows():
            table = pa.ipc.open_stream(row["table"]).read_all()
            yield Step(len(table), int(row["number"]), table)
    except ray.exceptions.RayError as error:
        raise ScoringError(f"a worker failed: {str(error).strip().splitlines()[-1]}") from error


def packed(batch: pa.RecordBatch) -> bytes:
    """Gives a batch as Arrow's stream, which Ray passes on as it is."""
    buffer = pa.BufferOutputStream()
    with pa.ipc.new_stream(buffer, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(buffer.getvalue())
