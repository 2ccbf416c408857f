"""Reads `params.yaml` or a profile, and names every fault by its full key path."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import ErrorDetails

from unmask.config.data import DownloadConfig, IndexConfig, PreprocessConfig, SplitConfig
from unmask.config.evaluation import CompareConfig, EvaluateConfig, EvaluateExternalConfig
from unmask.config.export import ExportConfig
from unmask.config.promotion import PromoteConfig
from unmask.config.training import (
    ChooseLossConfig,
    HeadFeaturesConfig,
    LossBudget,
    SearchLossConfig,
    TrainConfig,
    TrainingSection,
)
from unmask.config.values import STRICT
from unmask.errors import ConfigError
from unmask.tables import choose


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
    export: ExportConfig
    promote: PromoteConfig


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
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeys)  # noqa: S506  # a SafeLoader
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


def training_section(config: Config, model: str) -> TrainingSection:
    """Picks `train.<model>`.

    Raises:
        ConfigError: there is no such model.
    """
    section: TrainingSection = choose(vars(config.train), model, kind="model")
    return section


def loss_budget(config: Config, model: str) -> LossBudget:
    """Picks `search_loss.<model>`.

    Raises:
        ConfigError: there is no such model.
    """
    budget: LossBudget = choose(vars(config.search_loss), model, kind="model")
    return budget
