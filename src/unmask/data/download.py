"""Brings one archive of labelled faces in and says where it came from."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from unmask.artifacts import sha256_of_file
from unmask.config import DownloadConfig
from unmask.data.archive import list_contents
from unmask.data.sources import SOURCES
from unmask.tables import choose

logger = logging.getLogger(__name__)


def fetch_archive(config: DownloadConfig, target: Path) -> dict[str, Any]:
    """Fetches the archive and checks that it is a whole zip of labelled faces.

    The zip's table of contents, which lies at its end, is read and checked here; the bytes of every member are
    checked by their CRC when `index` reads them.

    Args:
        config: which source, and its values.
        target: the folder to leave the zip in; made when missing.

    Returns:
        What `source.json` says: name, version, url, licence, archive, bytes, sha256.

    Raises:
        DownloadError: the source could not be reached.
        ArchiveError: what arrived is no whole archive of labelled faces.
    """
    target.mkdir(parents=True, exist_ok=True)
    source = choose(SOURCES, config.source, kind="source")(config, target)
    archive = target / source.archive
    contents = list_contents(archive)
    logger.info("%s: %d images in %s", source.name, len(contents.members), source.archive)
    return {**asdict(source), "bytes": archive.stat().st_size, "sha256": sha256_of_file(archive)}
