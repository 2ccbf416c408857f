"""A scoring that was begun, as the folder of its table knows it; whoever calls again goes on with it."""

import logging
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from unmask import artifacts
from unmask.config.values import STRICT
from unmask.errors import ScoringError
from unmask.records import FAKE, LABEL_NAMES, REAL
from unmask.serving.bundle.manifest import MANIFEST_FILE, read_manifest
from unmask.serving.engines import ENGINES
from unmask.serving.scoring import listing, parts
from unmask.serving.scoring.durable import sync
from unmask.serving.scoring.sources import Source, source_of
from unmask.tables import choose

ABOUT_FILE, LISTING_FILE = "_scoring.json", "_pictures.arrow"
FORMAT = 1
UNREAD = ("_", ".")  # readers of a folder of Parquet leave out names that begin so, as those two do
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
ADVICE = "name another folder to write, or remove this one"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What is to be scored, and how.

    Attributes:
        source: the pictures.
        model: its name.
        model_sha256: of the model that was trained and evaluated.
        detector_sha256: of all that makes it a detector: networks, calibration, threshold, how pictures are brought to
            size.
        engine: what computes.
        part_pictures: how many make a part.
    """

    source: Source
    model: str
    model_sha256: str
    detector_sha256: str
    engine: str
    part_pictures: int


@checked_dataclass(frozen=True, config=STRICT)
class About:
    """What is written down when a scoring begins; a call that differs in it is refused.

    Attributes:
        format: of the folder.
        input: what was scored, as it was called then. It may have another place when it is called again.
        pictures: how many there are.
        listing_sha256: see `listing.Summary`.
        part_pictures: see `Wish`, as all that follows.
    """

    format: int
    input: str
    pictures: int
    listing_sha256: str
    part_pictures: int
    model: str
    model_sha256: str
    detector_sha256: str
    engine: str


@dataclass(frozen=True)
class Counts:
    """What a table of scores holds so far."""

    fake: int
    real: int
    not_judged: int

    @property
    def pictures(self) -> int:
        """All of them."""
        return self.fake + self.real + self.not_judged


@dataclass(frozen=True)
class Scoring:
    """A scoring under way.

    Attributes:
        folder: of the table.
        source: the pictures.
        about: what it began with.
    """

    folder: Path
    source: Source
    about: About

    @property
    def num_parts(self) -> int:
        """Counts the parts."""
        return math.ceil(self.about.pictures / self.about.part_pictures)

    def file(self, number: int) -> Path:
        """Says where a part lies."""
        return self.folder / f"part-{number:05d}.parquet"

    def rows(self, number: int) -> int:
        """Says how many pictures a part has."""
        return min(self.about.part_pictures, self.about.pictures - number * self.about.part_pictures)

    def missing(self) -> list[int]:
        """Lists the parts that are yet to be scored: those that are not there, or cannot be read."""
        return [number for number in range(self.num_parts) if not self.is_done(number)]

    def is_done(self, number: int) -> bool:
        """Whether a part was scored."""
        file = self.file(number)
        if not file.exists():
            return False
        if is_whole := parts.is_whole(file, rows=self.rows(number)):
            return is_whole
        logger.warning("%s is damaged: it is scored again", file)
        return False

    def pictures(self, numbers: list[int]) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Reads which pictures belong to some parts."""
        with listing.opened(self.folder / LISTING_FILE) as reader:
            for number in numbers:
                yield number, reader.get_batch(number)

    def strangers(self) -> list[str]:
        """Names what else lies among the parts: who reads the folder as one table takes it for a part."""
        expected = {file.name for file in map(self.file, range(self.num_parts))}
        return sorted(
            path.name
            for path in self.folder.iterdir()
            if path.name not in expected and not path.name.startswith(UNREAD)
        )

    def counts(self) -> Counts:
        """Counts what the table holds."""
        files = [str(file) for file in map(self.file, range(self.num_parts)) if file.exists()]
        table = ds.dataset(files, schema=parts.SCHEMA, format="parquet")
        fake, real = (table.count_rows(filter=pc.field("label") == LABEL_NAMES[label]) for label in (FAKE, REAL))
        return Counts(fake=fake, real=real, not_judged=table.count_rows() - fake - real)


def wish_for(address: str, *, bundle: Path, engine: str, part_pictures: int) -> Wish:
    """Says what is to be scored, by what a person names.

    Args:
        address: see `source_of`.
        bundle: the detector's folder.
        engine: what computes.
        part_pictures: how many make a part.

    Raises:
        ScoringError: there is no such source.
        EvaluationError: there is no such detector.
        ConfigError: there is no such engine.
    """
    choose(ENGINES, engine, kind="engine")  # before anything is written
    manifest = read_manifest(bundle)
    return Wish(
        source=source_of(address),
        model=manifest.model,
        model_sha256=manifest.model_sha256,
        detector_sha256=artifacts.sha256_of_file(bundle / MANIFEST_FILE),  # which has the hashes of all else
        engine=engine,
        part_pictures=part_pictures,
    )


def local_folder(name: str) -> Path:
    """Gives the folder of a table by what a person calls it.

    Raises:
        ScoringError: it is the address of another place, which a path would take for a folder called `s3:`, or empty,
            which a path would take for the current folder.
    """
    if not name:
        raise ScoringError("an empty name for the table: expected a folder to write, as scores.parquet")
    if ADDRESS.match(name):
        raise ScoringError(f"{name} is no folder of this machine: write the table into one, and copy it from there")
    return Path(name)


@contextmanager
def begun(folder: Path, wish: Wish) -> Iterator[Scoring]:
    """Begins a scoring, or goes on with one; nobody else can until the block ends.

    Args:
        folder: of the table; made where it is missing.
        wish: what is to be scored.

    Raises:
        ScoringError: the folder holds something else, or a scoring of other pictures, by another detector or in other
            parts; someone else is at work there; the pictures cannot be listed, or there are none.
    """
    artifacts.make_folder(folder)
    lock = os.open(folder, os.O_RDONLY)
    try:
        if artifacts.try_lock(lock) is False:
            raise ScoringError(f"{folder} is being written by another run: wait for it, or name another folder")
        about = go_on(folder, wish) if (folder / ABOUT_FILE).exists() else begin(folder, wish)
        yield Scoring(folder, wish.source, about)
    finally:
        os.close(lock)


def begin(folder: Path, wish: Wish) -> About:
    """Lists the pictures, and writes down what is to be done."""
    foreign = [path.name for path in folder.iterdir() if LISTING_FILE not in path.name and ABOUT_FILE not in path.name]
    if foreign:
        raise ScoringError(f"{folder} holds something else ({min(foreign)}): {ADVICE}")
    logger.info("score: listing %s", wish.source.address)
    with listed_in(folder, wish) as about:
        if not about.pictures:
            raise ScoringError(f"{wish.source.address}: no JPEG, PNG or WebP there")
    with artifacts.atomic_path(folder / ABOUT_FILE) as temporary:
        artifacts.write_json(temporary, asdict(about))
        sync(temporary)
    return about


def go_on(folder: Path, wish: Wish) -> About:
    """Holds a wish against what was begun.

    The listing is written anew: the old one may be damaged, and of a zip that was made again it may know wrong places.

    Raises:
        ScoringError: it is another one.
    """
    before = read_about(folder)
    logger.info("score: listing %s", wish.source.address)
    with listed_in(folder, wish) as now:
        for is_other, what, spell in DIFFERENCES:
            if is_other(before) != is_other(now):
                raise ScoringError(f"{folder} was begun with {what}: {spell(before)} then, {spell(now)} now; {ADVICE}")
    logger.info("score: going on with %s", folder)
    return before


def read_about(folder: Path) -> About:
    """Reads what a scoring began with.

    Raises:
        ScoringError: that is damaged.
    """
    try:
        return TypeAdapter(About).validate_json((folder / ABOUT_FILE).read_bytes())
    except ValidationError as error:
        raise ScoringError(f"{folder / ABOUT_FILE} is damaged or another version's: {ADVICE}") from error


@contextmanager
def listed_in(folder: Path, wish: Wish) -> Iterator[About]:
    """Lists the pictures; the listing takes the place of an earlier one when the block ends without an error.

    Yields:
        What is to be written down.
    """
    with artifacts.atomic_path(folder / LISTING_FILE) as temporary:
        found = listing.write(temporary, wish.source.pictures(), part_pictures=wish.part_pictures)
        sync(temporary)
        yield about_of(wish, found)


def about_of(wish: Wish, found: listing.Summary) -> About:
    """Gives what is written down of a wish."""
    return About(
        format=FORMAT,
        input=wish.source.address,
        pictures=found.pictures,
        listing_sha256=found.sha256,
        part_pictures=wish.part_pictures,
        model=wish.model,
        model_sha256=wish.model_sha256,
        detector_sha256=wish.detector_sha256,
        engine=wish.engine,
    )


# What must be the same, what it is called, and how it is shown.
DIFFERENCES: tuple[tuple[Callable[[About], object], str, Callable[[About], str]], ...] = (
    (lambda about: about.format, "another version", lambda about: f"format {about.format}"),
    (
        lambda about: (about.model_sha256, about.detector_sha256),
        "another model",
        lambda about: f"{about.model} (detector.json {about.detector_sha256[:12]})",
    ),
    (lambda about: about.engine, "another engine", lambda about: about.engine),
    (
        lambda about: about.part_pictures,
        "parts of another size",
        lambda about: f"--part {about.part_pictures}",
    ),
    (
        lambda about: about.listing_sha256,
        "other pictures",
        lambda about: f"{about.input} with {about.pictures} of them ({about.listing_sha256[:12]})",
    ),
)
