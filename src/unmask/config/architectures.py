"""The sections that say what a model is: `train.<model>.architecture`."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from unmask.config.values import STRICT, Count, CountOrNone


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
