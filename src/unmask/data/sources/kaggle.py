"""Placeholder."""

from pathlib import Path

from unmask.config import DownloadConfig
from unmask.records import Source


def fetch(config: DownloadConfig, target: Path) -> Source:
    """Placeholder."""
    raise NotImplementedError
