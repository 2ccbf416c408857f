"""The sections that say how a model learns: head_features, search_loss, choose_loss, train."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.dataclasses import dataclass

from unmask.config.architectures import CnnConfig, Resnet50Config
from unmask.config.values import STRICT, Count, CountOrNone, NotNegative, Positive, Probability

SEARCHED = "searched"
LOSSES = Path(__file__).parent.parent / "losses"  # its files are listed: this file need not change for a further one


def is_loss(name: str) -> str:
    """Refuses what is no loss before a search is trained for it."""
    names = sorted(file.stem for file in LOSSES.glob("[!_]*.py"))
    if name not in (SEARCHED, *names):
        raise ValueError(f"got {name!r}; expected {SEARCHED}, or a loss: {', '.join(names)}")
    return name


LossName = Annotated[str, AfterValidator(is_loss)]


@dataclass(frozen=True, config=STRICT)
class HeadFeaturesConfig:
    """How many images go through a frozen backbone at once."""

    batch_size: Count


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


TrainingSection = TrainCnnConfig | TrainResnet50Config
