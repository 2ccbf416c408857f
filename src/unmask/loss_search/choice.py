"""Choosing the loss that a model is trained with: the one its parameters name, or the one the search found best."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from unmask import artifacts, losses
from unmask.config.training import SEARCHED
from unmask.errors import ConfigError, TrainingError
from unmask.loss_search.scores import LossScores

CHOICE, TABLE = "choice.json", "table.csv"


@dataclass(frozen=True)
class Choice:
    """What `train` reads. It stays the same while another loss is added and does not win.

    Attributes:
        loss: its name.
        source_sha256: of the file that holds it.
    """

    loss: str
    source_sha256: str

    def write(self, folder: Path) -> None:
        """Writes `choice.json` into a folder."""
        artifacts.write_json(folder / CHOICE, asdict(self))


def read_choice(file: Path) -> Choice:
    """Reads what the stage `choose_loss` wrote.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        content: dict[str, str] = artifacts.read_json(file)
        return Choice(**content)
    except (OSError, ValueError, TypeError) as error:
        raise TrainingError(f"cannot read {file}: run `dvc repro choose_loss`") from error


def choose_loss(scores: Sequence[LossScores], *, model: str, named: str, equal_within: float) -> Choice:
    """Chooses.

    Of the losses whose mean AUC is about that of the best one, the first is taken: proper ones before others,
    as their scores are probabilities already, and among these by name.

    Args:
        scores: of the model's losses.
        model: its name, for errors.
        named: the loss of its recipe, or "searched".
        equal_within: how many of the best loss's spreads count as none.

    Returns:
        The loss.

    Raises:
        ConfigError: there is no such loss, or the search that is to choose is switched off.
        TrainingError: the scores come of different data, recipes or budgets.
    """
    if named != SEARCHED:
        return choice_of(named)
    if not all(found.validation_roc_auc for found in scores):
        raise ConfigError(
            f"train.{model}.recipe.loss is {SEARCHED}, but search_loss.{model}.epochs is 0: name a loss "
            f"({', '.join(losses.names())}), or give the search an epoch"
        )
    if len({found.search for found in scores}) != 1:
        raise TrainingError(f"the losses of {model} were not measured alike: run `dvc repro search_loss`")
    best = max(scores, key=lambda found: found.mean)
    as_good = [found for found in scores if found.mean >= best.mean - equal_within * best.spread]
    return choice_of(min(as_good, key=lambda found: (not found.is_proper, found.loss)).loss)


def choice_of(loss: str) -> Choice:
    """Names a loss with its file's hash."""
    return Choice(loss, artifacts.sha256_of_file(losses.file_of(loss)))


def table(scores: Sequence[LossScores], *, chosen: str) -> pd.DataFrame:
    """Lays the search out, the best loss first.

    Returns:
        A row a loss: loss, is_proper, validation_roc_auc (the mean over seeds), spread, seeds, chosen.
    """
    columns = ["loss", "is_proper", "validation_roc_auc", "spread", "seeds", "chosen"]
    measured = [found for found in scores if found.validation_roc_auc]
    rows = [
        (found.loss, found.is_proper, found.mean, found.spread, len(found.validation_roc_auc), found.loss == chosen)
        for found in sorted(measured, key=lambda found: (-found.mean, found.loss))
    ]
    return pd.DataFrame(rows, columns=columns).round({"validation_roc_auc": 6, "spread": 6})
