"""Where data sets come from: one file a source, each with the same export `fetch(config, target) -> Source`."""

from collections.abc import Callable
from pathlib import Path

from unmask.config import DownloadConfig
from unmask.data.sources import archive, kaggle, sample
from unmask.records import Source

Fetch = Callable[[DownloadConfig, Path], Source]

# Each leaves exactly one zip in the target folder.
SOURCES: dict[str, Fetch] = {
    "sample": sample.fetch,
    "archive": archive.fetch,
    "kaggle": kaggle.fetch,
}
