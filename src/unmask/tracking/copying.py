"""A whole MLflow store, copied run for run into an empty one: a backup, the way back from it, the move to a server.

Rows are copied as they are, ids and times too. pgloader would move tables, but no files, and rewrites no address;
mlflow-export-import (last released in 2023) writes each run anew through MLflow's API, with other ids and versions, so
that `unmask trace`, the aliases and the log of promotions would not find their own.
Importing this module imports mlflow (seconds).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from mlflow.entities import LifecycleStage, LoggedModelStatus
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

from unmask.artifacts import sha256_of_file, storage_errors
from unmask.console import progress
from unmask.errors import TrackingError, UnmaskError
from unmask.tracking import databases
from unmask.tracking.locations import ADDRESSES, ARTIFACT_LOCATION_TAG, Move, Moves, Places
from unmask.tracking.store import redact
from unmask.tracking.worker import reason_of

ROWS_PER_STATEMENT = 1000
LIMIT_OF_DIGEST = 2**256


@dataclass(frozen=True)
class Content:
    """What a table holds, whatever the order of its rows.

    Attributes:
        rows: how many there are.
        digest: the sum of their hashes.
    """

    rows: int = 0
    digest: int = 0

    def __add__(self, row: Mapping[str, Any]) -> "Content":
        """Adds a row."""
        text = repr(list(row.values())).encode(errors="surrogatepass")
        digest = int.from_bytes(hashlib.sha256(text).digest(), "big")
        return Content(self.rows + 1, (self.digest + digest) % LIMIT_OF_DIGEST)


@dataclass(frozen=True)
class Copied:
    """What was copied.

    Attributes:
        rows: of each table that has any.
        files: how many files.
        size_bytes: of all files.
        outside: addresses of registered versions whose files were left where they are.
        others: rows of tables that lie beside the source's store and are not part of it, as accounts.
    """

    rows: Mapping[str, int]
    files: int
    size_bytes: int
    outside: tuple[str, ...]
    others: Mapping[str, int]


def copy_store(source: str, target: str, *, places: Places) -> Copied:
    """Copies a store into an empty one, ids unchanged, and compares both table by table.

    The source is only read, as it is at one moment: what is written meanwhile is neither harmed nor copied. The copy's
    rows become visible at one stroke, after the last file has arrived, so that an interrupted copy is none; called
    again, it leaves out the files that a folder of this machine has already, byte for byte, from another.

    Args:
        source: the database of the store.
        target: an empty database, or one to be made.
        places: of the files.

    Returns:
        What was copied.

    Raises:
        TrackingError: a database or a place cannot be used, the target holds something, or what arrived is not what was
            sent.
        StorageError: there is no space left.
    """
    with databases.target(target, artifacts=f"{places.recorded}/0") as written:
        with databases.source(source) as read:
            check_revisions(read, written)
            moves, others = find_moves(read, places), databases.others_of(read)
            sent = {name: copy_table(name, read, written, moves) for name in databases.tables()}
        databases.set_sequences(written)
        compare(sent, written)
        files = list(moves.found.values())
        check_files(files)
        counts = [
            copy_files(move) for move in progress(files, total=len(files), description="files of runs and models")
        ]
    return Copied(
        rows={name: content.rows for name, content in sent.items() if content.rows},
        files=sum(number for number, _ in counts),
        size_bytes=sum(size for _, size in counts),
        outside=tuple(sorted(moves.outside)),
        others=others,
    )


def check_revisions(read: sa.Connection, written: sa.Connection) -> None:
    """Refuses a source whose tables are another MLflow's.

    Raises:
        TrackingError: they are, or there are none.
    """
    theirs, ours = databases.revision_of(read), databases.revision_of(written)
    if not theirs:
        raise TrackingError(f"{redact(str(read.engine.url))} holds no store of MLflow's")
    if theirs != ours:
        raise TrackingError(
            f"the store's tables are of version {theirs}, and those of the MLflow that is installed here of {ours}: "
            "copy with the MLflow that wrote it, or let `mlflow db upgrade` change it first"
        )


def find_moves(read: sa.Connection, places: Places) -> Moves:
    """Lists where the files of each run, model and trace are, and where they go."""
    known, moves = databases.tables(), Moves(places)
    runs, models = known["runs"].columns, known["logged_models"].columns
    tags, traces = known["trace_tags"].columns, known["trace_info"].columns
    for experiment, run, address in read.execute(sa.select(runs.experiment_id, runs.run_uuid, runs.artifact_uri)):
        moves.add(address, f"{experiment}/{run}/artifacts")
    deleted = sa.select(runs.run_uuid).where(runs.lifecycle_stage == LifecycleStage.DELETED)
    is_whole = sa.and_(
        models.status == LoggedModelStatus.READY.to_int(),
        models.lifecycle_stage == LifecycleStage.ACTIVE,
        sa.or_(models.source_run_id.is_(None), models.source_run_id.not_in(deleted)),
    )
    for experiment, model, address, needs_files in read.execute(
        sa.select(models.experiment_id, models.model_id, models.artifact_location, is_whole)
    ):
        moves.add(address, f"{experiment}/models/{model}/artifacts", needs_files=bool(needs_files))
    for experiment, trace, address in read.execute(
        sa.select(traces.experiment_id, traces.request_id, tags.value)
        .where(traces.request_id == tags.request_id)
        .where(tags.key == ARTIFACT_LOCATION_TAG)
    ):
        moves.add(address, f"{experiment}/traces/{trace}/artifacts")
    return moves


def check_files(files: Sequence[Move]) -> None:
    """Refuses a store whose models have lost their files: a place that is not there lists as one without files.

    Models that were deleted, or whose training was cut short, need none.

    Raises:
        TrackingError: one has, or a place cannot be used.
    """
    needed, lost = [move for move in files if move.needs_files], []
    for move in needed:
        with file_errors(move):
            if not any(files_of(get_artifact_repository(move.old))):
                lost.append(redact(move.old))
    if lost:
        raise TrackingError(
            f"{len(lost)} of {len(needed)} models have no files, the first in {lost[0]}: nothing was kept. If they are "
            "elsewhere now, bring them back there, or say so with --artifacts-from for those of a server; a model "
            "whose files are gone for good has to be deleted in MLflow first"
        )


def copy_table(name: str, read: sa.Connection, written: sa.Connection, moves: Moves) -> Content:
    """Copies the rows of a table; gives what was sent.

    Raises:
        TrackingError: an address became longer than MLflow allows.
    """
    table, content = databases.tables()[name], Content()
    statement = databases.writing(table, written.dialect)
    limits = {column: databases.length_of(name, column) for column in ADDRESSES.get(name, ())}
    for rows in read.execute(databases.reading(table)).partitions(ROWS_PER_STATEMENT):
        moved = [moves.rewrite(name, row) for row in named(table, rows)]
        for row in moved:
            content += row
            for column, limit in limits.items():
                if limit and len(row[column] or "") > limit:
                    raise TrackingError(
                        f"{redact(row[column])} is longer than the {limit} characters of MLflow: shorten the place"
                    )
        written.execute(statement, moved)
    return content


def named(table: sa.TableClause, rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Gives rows as values by column."""
    names = [column.name for column in table.columns]
    return (dict(zip(names, row, strict=True)) for row in rows)


def compare(sent: Mapping[str, Content], written: sa.Connection) -> None:
    """Reads the copy back, and holds it against what was sent.

    Raises:
        TrackingError: they differ.
    """
    for name, table in databases.tables().items():
        arrived = Content()
        for row in named(table, written.execute(databases.reading(table))):
            arrived += row
        if arrived != sent[name]:
            raise TrackingError(
                f"{name} arrived with {arrived.rows} rows of {sent[name].rows}, or with others than were sent: nothing "
                "was kept"
            )


def copy_files(move: Move) -> tuple[int, int]:
    """Copies the files of a run, model or trace, and compares names and sizes.

    What lies there already may be another copy's, of the same size: only where both are folders of this machine can it
    be compared at the price of reading, and is left out where it agrees.

    Returns:
        How many files there are, and their size in bytes.

    Raises:
        TrackingError: a place cannot be used, or holds something else afterwards.
        StorageError: there is no space left.
    """
    with file_errors(move):
        source, target = get_artifact_repository(move.old), get_artifact_repository(move.new)
        wanted, present = dict(files_of(source)), dict(files_of(target))
        for path, size in wanted.items():
            if present.get(path) != size or not is_same(path, source, target):
                send(path, source=source, target=target)
        arrived = dict(files_of(target))
    if arrived != wanted:
        different = sorted(path for path in {*arrived, *wanted} if arrived.get(path) != wanted.get(path))
        raise TrackingError(f"{redact(move.new)} differs from {redact(move.old)} in {', '.join(different[:5])}")
    return len(wanted), sum(wanted.values())


@contextmanager
def file_errors(move: Move) -> Iterator[None]:
    """Turns whatever the client of a storage raises in the block into one line about a place.

    Raises:
        TrackingError: a place cannot be used.
        StorageError: there is no space left, or what is there cannot be written.
    """
    try:
        with storage_errors(Path(redact(move.new))):
            yield
    except UnmaskError:
        raise
    except Exception as error:  # of boto3, requests, the system
        raise TrackingError(f"files of {redact(move.old)} to {redact(move.new)}: {reason_of(error)}") from error


def files_of(place: ArtifactRepository, folder: str | None = None) -> Iterator[tuple[str, int]]:
    """Lists the files of a place and of its folders: path and size in bytes."""
    for entry in place.list_artifacts(folder):
        if entry.is_dir:
            yield from files_of(place, entry.path)
        else:
            yield entry.path, int(entry.file_size or 0)


def is_same(path: str, *places: ArtifactRepository) -> bool:
    """Tells whether a file has the same bytes in folders of this machine; False where a place is another kind."""
    if not all(isinstance(place, LocalArtifactRepository) for place in places):
        return False
    files = [Path(place.download_artifacts(path)) for place in places]  # type: ignore[no-untyped-call]
    return len({sha256_of_file(file) for file in files}) == 1


def send(path: str, *, source: ArtifactRepository, target: ArtifactRepository) -> None:
    """Copies one file."""
    with TemporaryDirectory() as folder:
        fetched = source.download_artifacts(path, folder)  # type: ignore[no-untyped-call]
        target.log_artifact(fetched, path.rpartition("/")[0] or None)  # type: ignore[no-untyped-call]
