"""Where data sets come from: one file a source, each with the same export `fetch(config, folders) -> Source`."""

from collections.abc import Callable

from unmask.config import DownloadConfig
from unmask.data.raw import Folders
from unmask.data.sources import archive, kaggle, sample
from unmask.records import Source

Fetch = Callable[[DownloadConfig, Folders], Source]

# Each leaves exactly one zip in `folders.target`.
SOURCES: dict[str, Fetch] = {
    "sample": sample.fetch,
    "archive": archive.fetch,
    "kaggle": kaggle.fetch,
}
