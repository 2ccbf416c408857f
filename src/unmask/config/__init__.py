"""The typed mirror of `params.yaml`: it checks every value and computes nothing.

Every class is one section, every field one key. No field has a default: `params.yaml` holds every value.
"""

from unmask.config.architectures import CnnConfig, Resnet50Config
from unmask.config.data import (
    AuditConfig,
    DownloadConfig,
    IndexConfig,
    KaggleConfig,
    Limits,
    PreprocessConfig,
    SampleConfig,
    SplitConfig,
)
from unmask.config.evaluation import CompareConfig, EvaluateConfig, EvaluateExternalConfig, MetricName
from unmask.config.export import ExportConfig
from unmask.config.promotion import PromoteConfig
from unmask.config.reading import Config, flat_items, flatten, load, loss_budget, training_section
from unmask.config.training import (
    AugmentationConfig,
    ChooseLossConfig,
    HeadFeaturesConfig,
    LossBudget,
    OptimizerConfig,
    RecipeConfig,
    SearchLossConfig,
    TrainCnnConfig,
    TrainConfig,
    TrainingSection,
    TrainResnet50Config,
)

__all__ = [
    "AuditConfig",
    "AugmentationConfig",
    "ChooseLossConfig",
    "CnnConfig",
    "CompareConfig",
    "Config",
    "DownloadConfig",
    "EvaluateConfig",
    "EvaluateExternalConfig",
    "ExportConfig",
    "HeadFeaturesConfig",
    "IndexConfig",
    "KaggleConfig",
    "Limits",
    "LossBudget",
    "MetricName",
    "OptimizerConfig",
    "PreprocessConfig",
    "PromoteConfig",
    "RecipeConfig",
    "Resnet50Config",
    "SampleConfig",
    "SearchLossConfig",
    "SplitConfig",
    "TrainCnnConfig",
    "TrainConfig",
    "TrainResnet50Config",
    "TrainingSection",
    "flat_items",
    "flatten",
    "load",
    "loss_budget",
    "training_section",
]
