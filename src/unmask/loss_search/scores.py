"""What the search found of one loss, on disk: `scores.json`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from unmask import artifacts
from unmask.errors import TrainingError

SCORES, HISTORY = "scores.json", "history.csv"


@dataclass(frozen=True)
class LossScores:
    """One loss with one model.

    Attributes:
        model: its name.
        loss: its name.
        is_proper: whether its scores can be read as probabilities; None where the search is switched off.
        search: names the model's recipe, budget and data: losses are compared only where it is the same.
        validation_roc_auc: seed to the AUC of that training's best epoch; empty where the search is switched off.
    """

    model: str
    loss: str
    is_proper: bool | None
    search: str
    validation_roc_auc: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return fmean(self.validation_roc_auc.values())

    @property
    def spread(self) -> float:
        """The standard deviation over seeds (of a sample); 0 for one."""
        values = list(self.validation_roc_auc.values())
        return stdev(values) if len(values) > 1 else 0.0

    @property
    def headline(self) -> str:
        """Says mean and spread; one seed has none."""
        spread = f" ± {self.spread:.4f}" if len(self.validation_roc_auc) > 1 else " (one seed)"
        return f"{self.mean:.4f}{spread}"

    def write(self, folder: Path) -> None:
        """Writes `scores.json` into a folder."""
        artifacts.write_json(folder / SCORES, asdict(self))


def read_scores(folder: Path) -> LossScores:
    """Reads what the stage `search_loss` wrote.

    Raises:
        TrainingError: it is missing or damaged.
    """
    file = folder / SCORES
    try:
        content: dict[str, Any] = artifacts.read_json(file)
        if not all(isfinite(area) for area in content["validation_roc_auc"].values()):
            raise ValueError("an area is no finite number")
        return LossScores(**content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise TrainingError(f"cannot read {file}: run `dvc repro search_loss`") from error
