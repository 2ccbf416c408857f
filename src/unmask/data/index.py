"""The index of an archive: one record for each usable image, one reject for each other."""

import logging
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from unmask.config import IndexConfig
from unmask.console import progress
from unmask.data.archives.contents import Contents, Facts, Members, list_contents
from unmask.data.archives.entries import Entries
from unmask.data.audit.counts import summarize
from unmask.data.inspection import Inspection, inspect_members
from unmask.data.parallel import in_chunks, map_in_order, worthwhile_workers
from unmask.data.pictures.thumbnails import ThumbnailFile
from unmask.errors import ArchiveError
from unmask.records import LABEL_NAMES, RECORD_COLUMNS, REJECT_COLUMNS

# Small enough that the last chunks keep every core busy and that the results which wait take no memory to speak of;
# large enough to outweigh being sent to another process.
CHUNKS_PER_WORKER = 16
MIN_CHUNK = 64
MAX_CHUNK = 256
IMAGES_PER_WORKER = 1500  # a process takes about as long to start as these many images take
NUM_NAMED = 5  # how many rejects an error names
SHA256_DIGITS = 64

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


class Measures:
    """What was found of the usable images, in some 80 bytes each while the others are looked at: they may be many."""

    def __init__(self) -> None:
        """Begins without any."""
        self.positions = array("I")  # among the members
        self.hashes = bytearray()  # SHA-256, end to end
        self.numbers = {"bytes": array("Q"), "width": array("I"), "height": array("I")}
        self.repeated: dict[str, list[Any]] = {name: [] for name in ("format", "mode", "jpeg_quality")}

    def append(self, position: int, inspection: Inspection) -> None:
        """Adds one image's."""
        self.positions.append(position)
        self.hashes += bytes.fromhex(inspection.sha256)
        for name, column in (*self.numbers.items(), *self.repeated.items()):
            column.append(getattr(inspection, name))

    def table(self, members: Members) -> pd.DataFrame:
        """Makes the records, `records.RECORD_COLUMNS`, of the archive's members."""
        digits = self.hashes.hex()
        columns = {
            "member": list(members.entries.take(self.positions).names()),
            "sha256": [digits[start : start + SHA256_DIGITS] for start in range(0, len(digits), SHA256_DIGITS)],
            **{name: np.array(column, dtype=np.int64) for name, column in self.numbers.items()},
            **self.repeated,
        }
        facts = pd.DataFrame([members.facts[position] for position in self.positions], columns=list(Facts._fields))
        table = pd.concat([pd.DataFrame(columns), facts], axis="columns")[list(RECORD_COLUMNS)]
        return table.astype({"jpeg_quality": "Int64"})


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
        inspect_all(path, contents.members.entries, config),
        total=len(contents.members),
        description="index",
    )
    measures = Measures()
    rejects = list(contents.rejects)
    for position, inspection in enumerate(inspections):
        if isinstance(inspection, str):
            rejects.append((contents.members[position].name, inspection))
        else:
            measures.append(position, inspection)
            if thumbnails is not None:
                thumbnails.append(inspection.thumbnail)
    rejects.sort()
    require_few_rejects(rejects, contents, config)
    table = measures.table(contents.members)
    require_images_of_both_classes(table["label"], rejects)
    reject_table = pd.DataFrame(rejects, columns=list(REJECT_COLUMNS))
    audit = summarize(table, reject_table, num_ignored=contents.num_ignored)
    return Index(records=table, rejects=reject_table, audit=audit)


def inspect_all(path: Path, entries: Entries, config: IndexConfig) -> Iterator[Inspection | str]:
    """Measures members in the order given, in as many processes as asked for.

    Workers hold one image at a time.
    """
    workers = worthwhile_workers(config.workers, units=len(entries), units_each=IMAGES_PER_WORKER)
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


def require_images_of_both_classes(labels: pd.Series, rejects: Sequence[tuple[str, str]]) -> None:
    """Stops when every image of a class was rejected."""
    for label, name in LABEL_NAMES.items():
        if not (labels == label).any():
            raise ArchiveError(f"no usable image of class {name} is left:\n{name_rejects(rejects)}")


def name_rejects(rejects: Sequence[tuple[str, str]]) -> str:
    """Lists the first few rejects with their reasons, one a line."""
    lines = [f"  {member}: {reason}" for member, reason in rejects[:NUM_NAMED]]
    if len(rejects) > NUM_NAMED:
        lines.append(f"  and {len(rejects) - NUM_NAMED} more")
    return "\n".join(lines)
