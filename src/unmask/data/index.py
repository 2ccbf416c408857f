"""The index of an archive: one record for each usable image, one reject for each other."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from unmask.config import IndexConfig
from unmask.console import progress
from unmask.data.archive import Contents, Member, list_contents
from unmask.data.audit.counts import summarize
from unmask.data.inspection import Inspection, inspect_members
from unmask.data.parallel import count_workers, in_chunks, map_in_order
from unmask.data.thumbnails import ThumbnailFile
from unmask.data.zip_directory import Entry
from unmask.errors import ArchiveError
from unmask.records import LABEL_NAMES, RECORD_COLUMNS, REJECT_COLUMNS

# Small enough that the last chunks keep every core busy and that the results which wait take no memory to speak of;
# large enough to outweigh being sent to another process.
CHUNKS_PER_WORKER = 16
MIN_CHUNK = 64
MAX_CHUNK = 256
IMAGES_PER_WORKER = 1500  # a process takes about as long to start as these many images take
NUM_NAMED = 5  # how many rejects an error names

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Index:
    """What an archive was found to hold.

    Attributes:
        records: the usable images, `records.RECORD_COLUMNS`, sorted by member.
        rejects: the others, `records.REJECT_COLUMNS`, sorted by member.
        audit: counts of both, ready for JSON.
    """

    records: pd.DataFrame
    rejects: pd.DataFrame
    audit: dict[str, Any]


def index_archive(path: Path, config: IndexConfig, *, thumbnails: ThumbnailFile | None = None) -> Index:
    """Reads every image of an archive once and measures it.

    Args:
        path: the zip; it is read in place.
        config: workers, and what counts as usable.
        thumbnails: gets one for each record, in their order.

    Returns:
        The records, the rejects and their counts.

    Raises:
        ArchiveError: the archive is no whole set of labelled faces, more images are rejected than allowed, or a
            class has no usable image.
        WorkerError: a process that reads it died.
    """
    contents = list_contents(path)
    inspections = progress(
        inspect_all(path, [member.entry for member in contents.members], config),
        total=len(contents.members),
        description="index",
    )
    records: list[tuple[Any, ...]] = []  # a dict each would take three times the memory
    counts: Counter[int] = Counter()
    rejects = list(contents.rejects)
    for member, inspection in zip(contents.members, inspections, strict=True):
        if isinstance(inspection, str):
            rejects.append((member.name, inspection))
        else:
            if thumbnails is not None:
                thumbnails.append(inspection.thumbnail)
            record = {"member": member.name, **describe(member), **vars(inspection)}
            records.append(tuple(record[column] for column in RECORD_COLUMNS))
            counts[member.label] += 1
    rejects.sort()
    require_few_rejects(rejects, contents, config)
    require_images_of_both_classes(counts, rejects)
    table = pd.DataFrame(records, columns=list(RECORD_COLUMNS)).astype({"jpeg_quality": "Int64"})
    reject_table = pd.DataFrame(rejects, columns=list(REJECT_COLUMNS))
    audit = summarize(table, reject_table, num_ignored=contents.num_ignored)
    return Index(records=table, rejects=reject_table, audit=audit)


def describe(member: Member) -> dict[str, Any]:
    """Gives the columns of a record that come from the archive's names and tables."""
    return {"label": member.label, "group": member.group, "upstream_split": member.upstream_split}


def inspect_all(path: Path, entries: Sequence[Entry], config: IndexConfig) -> Iterator[Inspection | str]:
    """Measures members in the order given, in as many processes as asked for.

    Memory stays bounded by the measures, some hundred bytes an image: workers hold one image at a time.
    """
    workers = min(count_workers(config.workers), max(1, len(entries) // IMAGES_PER_WORKER))
    size = min(max(len(entries) // (workers * CHUNKS_PER_WORKER), MIN_CHUNK), MAX_CHUNK)
    inspect_chunk = partial(inspect_members, path, max_pixels=config.max_pixels)
    for inspections in map_in_order(inspect_chunk, in_chunks(entries, size), workers=workers):
        yield from inspections


def require_few_rejects(rejects: Sequence[tuple[str, str]], contents: Contents, config: IndexConfig) -> None:
    """Stops when the share of rejects exceeds what is allowed."""
    num_images = len(contents.members) + len(contents.rejects)
    if len(rejects) <= config.max_reject_share * num_images:
        return
    raise ArchiveError(
        f"{len(rejects)} of {num_images} images cannot be used, more than index.max_reject_share = "
        f"{config.max_reject_share:g} allows:\n{name_rejects(rejects)}"
    )


def require_images_of_both_classes(counts: Counter[int], rejects: Sequence[tuple[str, str]]) -> None:
    """Stops when every image of a class was rejected."""
    for label, name in LABEL_NAMES.items():
        if not counts[label]:
            raise ArchiveError(f"no usable image of class {name} is left:\n{name_rejects(rejects)}")


def name_rejects(rejects: Sequence[tuple[str, str]]) -> str:
    """Lists the first few rejects with their reasons, one a line."""
    lines = [f"  {member}: {reason}" for member, reason in rejects[:NUM_NAMED]]
    if len(rejects) > NUM_NAMED:
        lines.append(f"  and {len(rejects) - NUM_NAMED} more")
    return "\n".join(lines)
