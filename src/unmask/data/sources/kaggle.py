"""A data set at Kaggle, fetched by Kaggle's own client and kept as the one zip it comes in.

Its version, size and hash are pinned in `params.yaml`; where a pin is open, the first download decides, and later ones
must match what its `source.json` recorded.
"""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from unmask.artifacts import sha256_of_file
from unmask.config import DownloadConfig, KaggleConfig
from unmask.data.archives.directory import read_directory
from unmask.data.raw import Folders, describe, read_source
from unmask.data.sources.archive import require_space
from unmask.data.sources.kaggle_client import current_details, download, page_of, plain_errors, sign_in
from unmask.data.sources.kaggle_pins import Pins, decide, is_as_pinned, require_bytes, require_sha256
from unmask.errors import ArchiveError, DownloadError
from unmask.records import Source

CURRENT = "current"  # names the partial download of a version that Kaggle does not tell
LOCK = "lock"

logger = logging.getLogger(__name__)


def fetch(config: DownloadConfig, folders: Folders) -> Source:
    """Downloads the data set's zip, or takes the earlier one when it is exactly what is pinned.

    Args:
        config: `kaggle` names the data set, as owner/name, and pins its zip.
        folders: `target` receives the zip; `output` may hold what an earlier download recorded; `partial` keeps what
            has arrived when this call is interrupted, and the next call goes on from there.

    Returns:
        The data set's name, version, page and licence, as Kaggle states them.

    Raises:
        CredentialsError: Kaggle's credentials are missing, were refused, or do not reach the data set.
        DownloadError: Kaggle cannot be reached, has no such data set, or sent another zip than the right one.
        StorageError: the zip would not fit on the disk.
    """
    earlier = read_source(folders.output)
    if earlier is not None and is_as_pinned(earlier, config.kaggle) and is_whole(folders.output, earlier):
        return take_earlier(earlier, folders)
    with exclusive(folders.partial):
        source = download_right(config.kaggle, earlier, folders)
        shutil.rmtree(folders.partial)
    if not (config.kaggle.version and config.kaggle.bytes and config.kaggle.sha256):
        logger.info(
            'to pin this zip, set download.kaggle in params.yaml to version: "%s", bytes: %d, sha256: %s',
            source.version,
            source.bytes,
            source.sha256,
        )
    return source


def is_whole(output: Path, earlier: Source) -> bool:
    """Tells whether the zip of an earlier download is still what it was."""
    archive = output / Path(earlier.archive).name
    return archive.is_file() and sha256_of_file(archive) == earlier.sha256


def take_earlier(earlier: Source, folders: Folders) -> Source:
    """Copies the zip of the earlier download: a copy, because DVC protects what it has in its cache."""
    logger.info("%s is here already, as pinned: nothing is downloaded", earlier.archive)
    require_space(folders.target, earlier.bytes)
    name = Path(earlier.archive).name
    shutil.copyfile(folders.output / name, folders.target / name)
    return earlier


@contextmanager
def exclusive(partial: Path) -> Iterator[None]:
    """Keeps a second process from the partial download while the block runs.

    Raises:
        DownloadError: another process has it.
    """
    partial.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(partial / LOCK, timeout=0):
            yield
    except Timeout:
        raise DownloadError(f"another process is downloading into {partial}: let it end first") from None


def download_right(config: KaggleConfig, earlier: Source | None, folders: Folders) -> Source:
    """Downloads the zip and moves it to the target when it is the right one; otherwise it is removed.

    Raises:
        DownloadError: it could not be downloaded, or is not the right one.
    """
    dataset = config.dataset
    if earlier is not None and earlier.name != dataset:
        earlier = None
    with plain_errors(dataset):
        api = sign_in()
        details = current_details(api, dataset)
        pins = decide(config, earlier, current=details.version)
        # Of one version alone, so that two are never mixed.
        folder = folders.partial / f"{dataset.replace('/', '.')}.{pins.version or CURRENT}"
        folder.mkdir(exist_ok=True)
        archive = download(api, pins, folder=folder, about_bytes=details.bytes)
    licence = details.licence or "as its page states"
    source = describe(archive, name=dataset, version=pins.version, url=page_of(dataset), licence=licence)
    try:
        require_right(archive, source, pins)
    except DownloadError:
        shutil.rmtree(folder)  # or the next download would take it for whole
        raise
    archive.replace(folders.target / archive.name)
    return source


def require_right(archive: Path, source: Source, pins: Pins) -> None:
    """Stops at a file that is not the right zip.

    Raises:
        DownloadError: its size or hash is not the pinned one, or it is no zip.
    """
    require_bytes(pins, source.bytes)
    require_sha256(pins, source.sha256)
    try:
        read_directory(archive)
    except ArchiveError:
        with archive.open("rb") as file:
            kind = "a web page" if file.read(1) == b"<" else "no zip, or a part of one"
        raise DownloadError(
            f"what Kaggle sent for {pins.dataset} is no whole zip but {source.bytes} bytes of {kind}: run the command "
            f"again, and if that does not help look at {source.url}"
        ) from None
