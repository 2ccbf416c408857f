"""Which zip of a data set at Kaggle is the right one: what `params.yaml` pins, else what was downloaded first."""

import logging
from dataclasses import dataclass

from unmask.config import KaggleConfig
from unmask.errors import DownloadError
from unmask.records import Source

IN_PARAMETERS = "download.kaggle in params.yaml pins"
IN_EARLIER = "the source.json of the earlier download records"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pins:
    """What the zip must be; empty, or 0, where that is open.

    Attributes:
        dataset: owner/name.
        version: the version.
        bytes: the zip's size.
        sha256: the zip's hash, in hexadecimal.
        origin: who says so, for errors.
    """

    dataset: str
    version: str
    bytes: int
    sha256: str
    origin: str


def decide(config: KaggleConfig, earlier: Source | None, *, current: str) -> Pins:
    """Decides which zip to take, and warns when Kaggle has a newer one.

    Args:
        config: the pins.
        earlier: what an earlier download of the same data set recorded, or None.
        current: the version that Kaggle calls current; empty when it is not known.

    Returns:
        The version to take: the pinned one, else the earlier one, else the current one; and its size and hash, as far
        as they are pinned or were recorded.
    """
    version = config.version or (earlier.version if earlier else "") or current
    if current and version != current:
        logger.warning(
            "version %s of %s is out; version %s is taken. To take the new one, set download.kaggle.version to %r, and "
            "bytes and sha256 to its own (or to 0 and '')",
            current,
            config.dataset,
            version,
            current,
        )
    recorded = earlier if earlier is not None and earlier.version == version else None
    if config.sha256 or recorded is None:
        return Pins(config.dataset, version, config.bytes, config.sha256, IN_PARAMETERS)
    # A size that is pinned anew speaks for another zip, whose hash is not known yet.
    if config.bytes not in (0, recorded.bytes):
        return Pins(config.dataset, version, config.bytes, "", IN_PARAMETERS)
    return Pins(config.dataset, version, recorded.bytes, recorded.sha256, IN_EARLIER)


def is_as_pinned(source: Source, config: KaggleConfig) -> bool:
    """Tells whether the pins leave no doubt that an earlier zip is the right one."""
    return (
        source.name == config.dataset
        and source.sha256 == config.sha256
        and source.bytes in (config.bytes, config.bytes or source.bytes)
        and source.version in (config.version, config.version or source.version)
    )


def require_bytes(pins: Pins, num_bytes: int) -> None:
    """Stops at a zip of another size.

    Raises:
        DownloadError: the size is pinned, and not this one.
    """
    if pins.bytes and num_bytes != pins.bytes:
        raise mismatch(pins, f"it has {num_bytes} bytes, and not {pins.bytes}")


def require_sha256(pins: Pins, sha256: str) -> None:
    """Stops at a zip of another content.

    Raises:
        DownloadError: the hash is pinned, and not this one.
    """
    if pins.sha256 and sha256 != pins.sha256:
        raise mismatch(pins, f"its sha256 is {sha256}, and not {pins.sha256}")


def mismatch(pins: Pins, difference: str) -> DownloadError:
    """Makes the error for a zip that is not the right one."""
    version = f"version {pins.version}" if pins.version else "its unknown version"
    return DownloadError(
        f"the zip of {pins.dataset}, {version}, is not the one that {pins.origin}: {difference}. If it is right "
        "all the same, set download.kaggle.bytes and sha256 to what is there now"
    )
