"""Brings one archive of labelled faces in and says where it came from."""

import logging

from unmask.config import DownloadConfig
from unmask.data.archives.contents import list_contents
from unmask.data.raw import Folders
from unmask.data.sources import SOURCES
from unmask.records import Source
from unmask.tables import choose

logger = logging.getLogger(__name__)


def fetch_archive(config: DownloadConfig, folders: Folders) -> Source:
    """Fetches the archive and checks that it is a whole zip of labelled faces.

    The zip's table of contents, which lies at its end, is read and checked here; the bytes of every member are
    checked by their CRC when `index` reads them.

    Args:
        config: which source, and its values.
        folders: where to work; `target` receives the zip, and is made when missing.

    Returns:
        What `source.json` says.

    Raises:
        DownloadError: the source could not be reached.
        ArchiveError: what arrived is no whole archive of labelled faces.
    """
    folders.target.mkdir(parents=True, exist_ok=True)
    source = choose(SOURCES, config.source, kind="source")(config, folders)
    contents = list_contents(folders.target / source.archive)
    logger.info("%s: %d images in %s", source.name, len(contents.members), source.archive)
    return source
