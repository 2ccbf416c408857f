"""The typed mirror of `params.yaml`: it checks every value and computes nothing.

Every class is one section, every field one key. No field has a default: `params.yaml` holds every value.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from unmask.errors import ConfigError
from unmask.tables import choose

STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

Share = Annotated[float, Field(gt=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
CountOrNone = Annotated[int, Field(ge=0)]
Pixels = Annotated[int, Field(ge=16, le=4096)]

LossName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]  # a file of losses/: this file need not change for one
MetricName = Literal[
    "roc_auc_score",
    "average_precision_score",
    "log_loss",
    "brier_error",
    "expected_calibration_error",
    "recall_at_fpr_0_1_percent_score",
    "recall_at_fpr_0_5_percent_score",
    "recall_at_fpr_1_percent_score",
    "accuracy_score",
    "precision_score",
    "recall_score",
    "f1_score",
]


@dataclass(frozen=True, config=STRICT)
class SampleConfig:
    """The drawn data set: how many images, how large (pixels a side), drawn from which seed."""

    images: Annotated[int, Field(ge=20)]
    image_size: Annotated[int, Field(ge=32, le=512)]
    seed: CountOrNone


@dataclass(frozen=True, config=STRICT)
class KaggleConfig:
    """The data set at Kaggle, as owner/name, and what its zip must be; "" and 0 leave a pin open."""

    dataset: Annotated[str, Field(pattern=r"^[\w-]+/[\w-]+$")]
    version: Annotated[str, Field(pattern=r"^([1-9]\d*)?$")]
    bytes: CountOrNone
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


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


@dataclass(frozen=True, config=STRICT)
class HeadFeaturesConfig:
    """How many images go through a frozen backbone at once."""

    batch_size: Count


@dataclass(frozen=True, config=STRICT)
class CnnConfig:
    """The small CNN's shape: a branch that sees pixels, one that sees histograms of edges, or both, then dense layers.

    A branch without filters is left out. `inputs` and `scaling` say what the first branch sees: the pixels in [0, 1]
    or [-1, 1], what lies between neighbouring ones, or both; `shrink` divides its side by averaging. The other one sees
    cells of `gradient_cell` pixels and `gradient_bins` directions. `dropout` acts around the dense layer.
    """

    inputs: Literal["pixels", "residuals", "both"]
    scaling: Literal["unit", "centred"]
    shrink: Count
    filters: list[Count]
    gradient_cell: Count
    gradient_bins: Count
    gradient_filters: list[Count]
    padding: Literal["valid", "same"]
    batch_normalization: bool
    pooling: Literal["flatten", "average"]
    dense_units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]

    @model_validator(mode="after")
    def has_a_branch(self) -> "CnnConfig":
        """Refuses a network that would see nothing."""
        if not self.filters and not self.gradient_filters:
            raise ValueError("filters and gradient_filters are both empty: name some for one of them")
        return self


@dataclass(frozen=True, config=STRICT)
class Resnet50Config:
    """ResNet50's start, what of it is held, and its head.

    `weights` is "imagenet", "none", or a file; `input_size` 0 keeps the images' size. `gradient_cell` above 0 shows it
    histograms of edges, a pixel a cell, in place of pixels. `early_pooling` is the published one. Of its five stages it
    ends with `last_stage`, and `frozen_stages` keep their weights; frozen `batch_statistics` are those it started with,
    and hold the scale and offset of each as well; trained ones keep `batch_momentum` of their value at each step, 0.99
    as published.
    """

    weights: Annotated[str, Field(min_length=1)]
    input_size: CountOrNone
    gradient_cell: CountOrNone
    gradient_bins: Count
    early_pooling: bool
    last_stage: Annotated[int, Field(ge=1, le=5)]
    frozen_stages: Annotated[int, Field(ge=0, le=5)]
    batch_statistics: Literal["trained", "frozen"]
    batch_momentum: Annotated[float, Field(gt=0, lt=1)]
    pooling: Literal["average", "flatten"]
    dropout_before: Annotated[float, Field(ge=0, lt=1)]
    dense_units: Count
    dropout: Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=STRICT)
class OptimizerConfig:
    """How weights are changed.

    `warmup_share` is a share of all steps; `schedule` goes from `learning_rate` to 0, and a backbone learns at
    `backbone_rate` of it. `ema_momentum` above 0 keeps a moving average of the weights and takes that for the model.
    """

    name: Literal["adam", "adamw", "sgd"]
    learning_rate: Positive
    weight_decay: NotNegative
    clip_norm: NotNegative
    schedule: Literal["constant", "cosine"]
    warmup_share: Annotated[float, Field(ge=0, lt=1)]
    backbone_rate: Annotated[float, Field(gt=0, le=1)]
    ema_momentum: Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True, config=STRICT)
class AugmentationConfig:
    """How training images are varied; 0 switches an entry off.

    `horizontal_flip` is a probability; `rotation` degrees, `zoom` and `shift` shares of the side, `brightness` and
    `contrast` shares, `noise` grey levels of 255: each the largest change, drawn evenly up to it. `blur`, `jpeg` and
    `resize` are the probabilities of what befalls pictures on their way through the web.
    """

    horizontal_flip: Probability
    rotation: Annotated[float, Field(ge=0, le=180)]
    zoom: Annotated[float, Field(ge=0, lt=1)]
    shift: Annotated[float, Field(ge=0, lt=1)]
    brightness: Annotated[float, Field(ge=0, lt=1)]
    contrast: Annotated[float, Field(ge=0, lt=1)]
    noise: Annotated[float, Field(ge=0, le=64)]
    blur: Probability
    jpeg: Probability
    resize: Probability


@dataclass(frozen=True, config=STRICT)
class RecipeConfig:
    """How any model is trained. The head's phase (`head_epochs` above 0) trains with the backbone frozen.

    Of the augmentation that phase has `horizontal_flip` alone.

    `loss` is a file of losses/, or "searched": the one that the search found best on validation. The logits of
    `members`, trained from `seed` and the next ones, are averaged, with `test_time_flip` those of mirror images too.
    `jit_compile` compiles the training step by XLA, for a GPU.
    """

    seed: CountOrNone
    members: Annotated[int, Field(ge=1, le=20)]
    test_time_flip: bool
    epochs: Count
    batch_size: Count
    loss: LossName
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"]
    jit_compile: bool
    head_epochs: CountOrNone
    head_learning_rate: Positive
    early_stopping_patience: Count
    monitor: Literal["loss", "accuracy", "roc_auc"]
    optimizer: OptimizerConfig
    augmentation: AugmentationConfig


@dataclass(frozen=True, config=STRICT)
class LossBudget:
    """What each loss may spend on one model: a training a seed, of so many epochs over a share of the images.

    0 epochs switch the search off.
    """

    seeds: Annotated[list[CountOrNone], Field(min_length=1)]
    epochs: CountOrNone
    epoch_share: Annotated[float, Field(gt=0, le=1)]

    @model_validator(mode="after")
    def has_each_seed_once(self) -> "LossBudget":
        """Refuses a seed given twice, which would count one training twice."""
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds {self.seeds} name one twice")
        return self


@dataclass(frozen=True, config=STRICT)
class SearchLossConfig:
    """One budget a model, the same for every loss."""

    cnn: LossBudget
    resnet50: LossBudget


@dataclass(frozen=True, config=STRICT)
class ChooseLossConfig:
    """How far below the best a loss counts as good as it: in standard deviations over the best one's seeds."""

    equal_within: NotNegative


@dataclass(frozen=True, config=STRICT)
class TrainCnnConfig:
    """`train.cnn`."""

    architecture: CnnConfig
    recipe: RecipeConfig


@dataclass(frozen=True, config=STRICT)
class TrainResnet50Config:
    """`train.resnet50`."""

    architecture: Resnet50Config
    recipe: RecipeConfig


@dataclass(frozen=True, config=STRICT)
class TrainConfig:
    """One entry a model."""

    cnn: TrainCnnConfig
    resnet50: TrainResnet50Config


@dataclass(frozen=True, config=STRICT)
class EvaluateConfig:
    """How a model is judged. `confidence` is that of all intervals.

    `threshold_rule` is "accuracy", "balanced", "half", or "fpr<=0.01": at most so large a share of reals called fake.
    `robustness_images` of the test split go through the grid of perturbations; 0 leaves it out.
    """

    seed: CountOrNone
    batch_size: Count
    threshold_rule: Annotated[str, Field(pattern=r"^(accuracy|balanced|half|fpr<=0\.\d+)$")]
    robustness_images: CountOrNone
    bootstrap_samples: Annotated[int, Field(ge=100)]
    confidence: Share
    calibration_bins: Annotated[int, Field(ge=2, le=100)]


@dataclass(frozen=True, config=STRICT)
class EvaluateExternalConfig:
    """Which sets from elsewhere are judged, beside those in `data/external`: paths of zips or folders."""

    sets: list[Annotated[str, Field(min_length=1)]]


@dataclass(frozen=True, config=STRICT)
class CompareConfig:
    """How the champion is chosen, on the validation split."""

    champion_metric: MetricName


@dataclass(frozen=True, config=STRICT)
class Config:
    """All of `params.yaml`."""

    download: DownloadConfig
    index: IndexConfig
    split: SplitConfig
    preprocess: PreprocessConfig
    head_features: HeadFeaturesConfig
    search_loss: SearchLossConfig
    choose_loss: ChooseLossConfig
    train: TrainConfig
    evaluate: EvaluateConfig
    evaluate_external: EvaluateExternalConfig
    compare: CompareConfig


class UniqueKeys(yaml.SafeLoader):
    """Reads YAML as `safe_load` does, but refuses a key that is given twice, of which that takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Builds one mapping."""
        known = set()
        for key, _ in node.value:
            if key.value in known:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is given twice", key.start_mark)
            known.add(key.value)
        return super().construct_mapping(node, deep=deep)


def load(path: Path) -> Config:
    """Reads and checks a parameter file.

    Args:
        path: `params.yaml`, or a profile.

    Returns:
        The checked parameters.

    Raises:
        ConfigError: the file is missing, is not YAML, or has a key that is unknown, missing, given twice, mistyped or
            out of range; every fault is named by its full key path.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid YAML: {error}") from error
    try:
        # As JSON, because pydantic's strict mode takes no mapping for a dataclass from Python.
        return TypeAdapter(Config).validate_json(json.dumps(content, default=str))
    except ValidationError as error:
        faults = "\n".join(f"  {describe(fault)}" for fault in error.errors())
        raise ConfigError(f"{path} is not valid:\n{faults}") from error


def describe(fault: ErrorDetails) -> str:
    """Says what is wrong with one key: its path, its value, and what is allowed."""
    key = ".".join(str(part) for part in fault["loc"]) or "the file"
    match fault["type"]:
        case "missing":
            return f"{key}: missing"
        case "unexpected_keyword_argument":
            return f"{key}: unknown key"
        case "dataclass_type":
            return f"{key}: got {fault['input']!r}; expected a mapping of keys"
        case "value_error":  # our own checks, of several keys at once
            return f"{key}: {fault['msg'].removeprefix('Value error, ')}"
    message = fault["msg"].removeprefix("Input should be ")
    hint = " (YAML reads 1e-3 as text: write 0.001)" if is_number_as_text(fault) else ""
    return f"{key}: got {fault['input']!r}; expected {message}{hint}"


def is_number_as_text(fault: ErrorDetails) -> bool:
    """Whether a number was expected and a text that spells one arrived."""
    if fault["type"] not in ("float_type", "int_type") or not isinstance(fault["input"], str):
        return False
    try:
        float(fault["input"])
    except ValueError:
        return False
    return True


def flatten(section: Any) -> dict[str, Any]:
    """Names every value of a section by its dotted key: `optimizer.learning_rate`.

    Args:
        section: a section's dataclass.

    Returns:
        Key path to value, in the order of the section.
    """
    return dict(flat_items(asdict(section)))


def flat_items(content: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Lists the leaves of nested mappings with their dotted paths."""
    items: list[tuple[str, Any]] = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            items.extend(flat_items(value, f"{prefix}{key}."))
        else:
            items.append((f"{prefix}{key}", value))
    return items


def training_section(config: Config, model: str) -> TrainCnnConfig | TrainResnet50Config:
    """Picks `train.<model>`.

    Raises:
        ConfigError: there is no such model.
    """
    section: TrainCnnConfig | TrainResnet50Config = choose(vars(config.train), model, kind="model")
    return section


def loss_budget(config: Config, model: str) -> LossBudget:
    """Picks `search_loss.<model>`.

    Raises:
        ConfigError: there is no such model.
    """
    budget: LossBudget = choose(vars(config.search_loss), model, kind="model")
    return budget
