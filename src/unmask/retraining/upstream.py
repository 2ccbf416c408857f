"""Whether the data that the pipeline once fetched is another where it came from. A new source is one function here."""

from collections.abc import Callable
from pathlib import Path

from unmask.artifacts import sha256_of_file
from unmask.config import DownloadConfig
from unmask.data.raw import read_source
from unmask.records import Source
from unmask.tables import choose


def changed(config: DownloadConfig, raw: Path) -> str:
    """Says what changed upstream.

    Args:
        config: names the source.
        raw: `data/raw`, which tells what was fetched.

    Returns:
        What is new, in words; empty where nothing is, or nothing was fetched yet.

    Raises:
        DownloadError: the source cannot be reached.
    """
    known = read_source(raw)
    return choose(CHANGES, config.source, kind="source")(config, known) if known else ""


def drawn(_config: DownloadConfig, _known: Source) -> str:
    """Drawn faces follow from their parameters alone."""
    return ""


def archive(config: DownloadConfig, known: Source) -> str:
    """Compares the zip with the copy that was taken of it."""
    original = Path(config.archive)
    if not original.is_file() or sha256_of_file(original) == known.sha256:
        return ""
    return f"{original.name} is another file than the one that was fetched"


def kaggle(config: DownloadConfig, known: Source) -> str:
    """Asks Kaggle for the data set's current version; one that params.yaml pins is wanted as it is."""
    if config.kaggle.version:
        return ""
    from unmask.data.sources.kaggle_client import current_details, plain_errors, sign_in

    with plain_errors(config.kaggle.dataset):
        current = current_details(sign_in(), config.kaggle.dataset).version
    if not current or current == known.version:
        return ""
    return f"{known.name} has version {current}; version {known.version} was fetched"


CHANGES: dict[str, Callable[[DownloadConfig, Source], str]] = {"sample": drawn, "archive": archive, "kaggle": kaggle}
