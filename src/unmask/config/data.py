"""The sections of the stages that make the data: download, index, split, preprocess."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from unmask.config.values import STRICT, Count, CountOrNone, Pixels, Positive, Probability, Share, spelled


@dataclass(frozen=True, config=STRICT)
class SampleConfig:
    """The drawn data set: how many images, how large (pixels a side), drawn from which seed."""

    images: Annotated[int, Field(ge=20)]
    image_size: Annotated[int, Field(ge=32, le=512)]
    seed: CountOrNone


@dataclass(frozen=True, config=STRICT)
class KaggleConfig:
    """The data set at Kaggle, as owner/name, and what its zip must be; "" and 0 leave a pin open."""

    dataset: Annotated[str, spelled(r"[\w-]+/[\w-]+", expected="owner/name")]
    version: Annotated[str, spelled(r"([1-9]\d*)?", expected='a whole number as text, such as "2", or ""')]
    bytes: CountOrNone
    sha256: Annotated[str, spelled(r"([0-9a-f]{64})?", expected='64 hexadecimal digits, or ""')]


@dataclass(frozen=True, config=STRICT)
class DownloadConfig:
    """Where the archive comes from; `archive` is a path that only the source "archive" reads."""

    source: Literal["sample", "archive", "kaggle"]
    archive: str
    sample: SampleConfig
    kaggle: KaggleConfig


@dataclass(frozen=True, config=STRICT)
class IndexConfig:
    """What counts as a usable image. `workers` 0 means one for each core."""

    workers: CountOrNone
    max_pixels: Count
    max_reject_share: Probability


@dataclass(frozen=True, config=STRICT)
class Limits:
    """From which value on a finding is warned of, and from which it stops the pipeline; both exclusive."""

    warn: Probability
    stop: Probability

    @model_validator(mode="after")
    def warns_before_it_stops(self) -> "Limits":
        """Refuses a warning that would never be seen."""
        if self.warn > self.stop:
            raise ValueError(f"warn {self.warn:g} is above stop {self.stop:g}: it must not be")
        return self


@dataclass(frozen=True, config=STRICT)
class AuditConfig:
    """What is looked for in the data, and how much of it is too much.

    Shortcuts and drift are AUCs of simple models, cross-validated on at most `images` images; the other limits are
    shares of all images.
    """

    seed: CountOrNone
    images: Annotated[int, Field(ge=100)]
    shortcut_auc: Limits
    drift_auc: Limits
    duplicate_share: Limits
    crossing_share: Limits
    conflict_share: Limits


@dataclass(frozen=True, config=STRICT)
class SplitConfig:
    """How records are shared out; the distance is in bits, of 256, between two hashes."""

    seed: CountOrNone
    keep_upstream: bool
    validation_share: Share
    test_share: Share
    near_duplicate_distance: Annotated[int, Field(ge=0, le=64)]
    audit: AuditConfig


@dataclass(frozen=True, config=STRICT)
class PreprocessConfig:
    """What a model is shown: the side in pixels, and how an image of another size gets there.

    `equalise` is the JPEG quality at which every image is encoded anew; 0 leaves them as they are. `train_share` of the
    training images are packed: for learning curves.
    """

    image_size: Pixels
    fit: Literal["resize", "crop"]
    resample: Literal["box", "bilinear", "bicubic", "lanczos"]
    equalise: Annotated[int, Field(ge=0, le=100)]
    train_share: Annotated[float, Field(gt=0, le=1)]
    shard_megabytes: Positive
    workers: CountOrNone
