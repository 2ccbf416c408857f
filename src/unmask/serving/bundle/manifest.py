"""`detector.json`: all of a bundle but its networks; and what its other files are called."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from unmask.artifacts import sha256_of_file
from unmask.config.values import STRICT, Count, CountOrNone, Positive, Probability
from unmask.errors import EvaluationError
from unmask.tracking.registered import MANIFEST_FILE as MANIFEST_FILE

KERAS_FILE, CARD_FILE, REFERENCE_FILE = "model.keras", "model-card.md", "reference.csv"
FORMAT = 2
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
ADVICE = "run `dvc repro export` or `dvc pull`"


@dataclass(frozen=True, config=STRICT)
class PlattScaling:
    """From logits to calibrated P(fake): sigmoid(slope * logit + intercept)."""

    slope: Positive
    intercept: float


@dataclass(frozen=True, config=STRICT)
class Counted:
    """One part of the scores, as the evaluation counted the test split in it; see `verdict.Bin`."""

    low: Probability
    high: Probability
    images: CountOrNone
    fakes: CountOrNone


@dataclass(frozen=True, config=STRICT)
class InputFunction:
    """How a picture is brought to what the network sees, as in training."""

    image_size: Count
    fit: Literal["resize", "crop"]
    resample: Literal["box", "bilinear", "bicubic", "lanczos"]
    equalise: CountOrNone


@dataclass(frozen=True, config=STRICT)
class TrainingPictures:
    """Bounds that all but the worst hundredth of the training pictures keep, and their size where it is one.

    See `baseline.Baseline`.
    """

    images: Count
    size: tuple[Count, Count] | None
    side_pixels: CountOrNone
    jpeg_quality: Count | None


@dataclass(frozen=True, config=STRICT)
class FaceFraming:
    """How the training pictures frame a face; see `faces.Framing`."""

    side: Positive
    x: Probability
    y: Probability


@dataclass(frozen=True, config=STRICT)
class Int8:
    """What 8 bits cost: how the scores of validation pictures differ from those of 32 bits.

    Attributes:
        images: that were judged by both.
        changed: how many of their labels differ.
        mean_difference: of P(fake), its sign left out.
        largest_difference: of P(fake).
    """

    images: Count
    changed: CountOrNone
    mean_difference: Probability
    largest_difference: Probability


@dataclass(frozen=True, config=STRICT)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        format: of this file; a later one may say other things.
        model: its name in `params.yaml`.
        model_sha256: of the model file that was trained and evaluated: `unmask trace` follows it.
        labels: the names of 0 and 1.
        input: how a picture is brought to size.
        calibration: from logits to P(fake).
        threshold: the least P(fake) that is called fake.
        is_half: whether the evaluation computed with 16 bits; the bundle's networks do with 32.
        bins: what became of the test split, by score.
        training: of the pictures that the model learnt from.
        framing: how they frame a face; null where faces are not looked for.
        int8: what 8 bits cost; null where there is no such network.
        warnings: what the evaluation warns of, sentences without a full stop.
        data: of the archive: its name, version and sha256.
        files: the bundle's other files, with their sha256.
    """

    format: Literal[2]
    model: str
    model_sha256: Sha256
    labels: list[str]
    input: InputFunction
    calibration: PlattScaling
    threshold: Probability
    is_half: bool
    bins: list[Counted]
    training: TrainingPictures
    framing: FaceFraming | None
    warnings: list[str]
    data: dict[str, str]
    files: dict[str, Sha256]
    int8: Int8 | None = None


def read_manifest(folder: Path) -> Manifest:
    """Reads a bundle's manifest.

    Raises:
        EvaluationError: it is missing, damaged, or of another format.
    """
    file = folder / MANIFEST_FILE
    try:
        return TypeAdapter(Manifest).validate_json(file.read_bytes())
    except OSError as error:
        raise EvaluationError(f"{file} is missing: {ADVICE}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "it"
        raise EvaluationError(f"{file} is damaged or another version's ({where}: {fault['msg']}): {ADVICE}") from error


def checked(folder: Path, manifest: Manifest, name: str) -> Path:
    """Gives the path of one of a bundle's files, after its hash was checked.

    Raises:
        EvaluationError: the bundle has no such file, or another one.
    """
    file = folder / name
    if name not in manifest.files:
        raise EvaluationError(f"{folder} has no {name}: it was exported without")
    try:
        digest = sha256_of_file(file)
    except OSError as error:
        raise EvaluationError(f"{file} is missing: {ADVICE}") from error
    if digest != manifest.files[name]:
        raise EvaluationError(f"{file} is damaged: its hash is not the one in {MANIFEST_FILE}; {ADVICE}")
    return file
