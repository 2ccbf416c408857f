"""Labelled faces from elsewhere: found in a folder, or named; read as the pipeline reads its own, never learnt from."""

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from unmask.config import IndexConfig
from unmask.data.archives.contents import locate
from unmask.data.archives.reader import ArchiveReader
from unmask.data.clusters import clusters_of
from unmask.data.index import index_archive
from unmask.data.pictures.equalise import seen
from unmask.errors import ArchiveError, ImageError
from unmask.records import COPY_COLUMNS

Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], list[str]]


@dataclass(frozen=True)
class ExternalSet:
    """One set of faces.

    Attributes:
        name: the archive's or folder's name without its ending.
        archive: a zip that holds it.
        records: the usable images, `records.RECORD_COLUMNS`.
        num_rejects: of its pictures cannot be used.
    """

    name: str
    archive: Path
    records: pd.DataFrame
    num_rejects: int

    @property
    def clusters(self) -> dict[str, str]:
        """Member to the first of those it belongs with: one group, or equal bytes."""
        return clusters_of(self.records, pd.DataFrame(columns=list(COPY_COLUMNS)))


def find_sets(folder: Path, named: Sequence[str]) -> list[Path]:
    """Lists archives and folders, by name.

    Args:
        folder: every zip and every folder in it is a set.
        named: paths of further ones.

    Raises:
        ArchiveError: a named one is missing, or two have one name.
    """
    found = [path for path in sorted(folder.glob("[!.]*")) if path.is_dir() or path.suffix.lower() == ".zip"]
    found += [Path(path) for path in named]
    for path in found:
        if not path.exists():
            raise ArchiveError(f"evaluate_external.sets: there is no {path}")
    names = [name_of(path) for path in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ArchiveError(f"two sets from elsewhere are called {', '.join(twice)}: rename one")
    return sorted(found, key=name_of)


def name_of(path: Path) -> str:
    """Names a set: a zip without its ending, a folder in full, as a version's number may follow its last dot."""
    return path.name if path.is_dir() else path.stem


@contextmanager
def opened(path: Path, config: IndexConfig) -> Iterator[ExternalSet]:
    """Indexes one set; a folder is packed into a zip first, for as long as the block lasts.

    Args:
        path: a zip or a folder, with real and fake pictures in folders of these names.
        config: workers, and what counts as usable.

    Yields:
        The set.

    Raises:
        ArchiveError: it is no set of labelled faces, or too many of its pictures cannot be used; the set is named.
    """
    with TemporaryDirectory() as temporary:
        archive = path if path.is_file() else packed(path, Path(temporary) / f"{path.name}.zip")
        try:
            index = index_archive(archive, config)
        except ArchiveError as error:
            raise ArchiveError(
                f"{path}, a set from elsewhere: {str(error).replace(str(archive), str(path))}"
            ) from error
        yield ExternalSet(name_of(path), archive, index.records, num_rejects=len(index.rejects))


def packed(folder: Path, target: Path) -> Path:
    """Stores a folder's files in a zip, by name; files older than 1980, which a zip cannot say, are dated to it."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(folder).as_posix())
    return target


def batches(
    external: ExternalSet, *, preprocess: Mapping[str, Any], max_pixels: int, batch_size: int
) -> Iterator[Batch]:
    """Reads a set's pictures as a model was taught to see them.

    Args:
        external: the set.
        preprocess: `image_size`, `fit`, `resample` and `equalise`, as `training.json` has them.
        max_pixels: the most pixels that will be decoded.
        batch_size: pictures a batch; the last may be smaller.

    Yields:
        images (batch, size, size, 3) uint8; labels (batch,) int64; members.

    Raises:
        ArchiveError: a picture has changed since it was indexed.
    """
    records = external.records
    entries = locate(external.archive, records["member"])
    with ArchiveReader(external.archive) as reader:
        for start in range(0, len(records), batch_size):
            part = records.iloc[start : start + batch_size]
            pictures = []
            for position in range(start, start + len(part)):
                try:
                    pictures.append(seen(reader.read(entries[position]), preprocess, max_pixels=max_pixels))
                except ImageError as error:
                    raise ArchiveError(f"{entries[position].name} in {external.archive}: {error}") from error
            yield np.stack(pictures), part["label"].to_numpy(dtype=np.int64), part["member"].tolist()
