"""A checkout that was retrained after a month, in a store that this project's own code wrote.

Every number is made up: scores are drawn from normal distributions, and the metrics are those of the scores. No picture
shows a face.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from judged_checkout import Checkout, make_checkout
from numpy.typing import NDArray
from scipy.stats import norm

from unmask import losses
from unmask.artifacts import sha256_of_text
from unmask.evaluation.bootstrap import intervals
from unmask.evaluation.metrics import measure
from unmask.loss_search.choice import TABLE, choose_loss, table
from unmask.loss_search.scores import HISTORY, LossScores
from unmask.promotion import promote as promotion
from unmask.promotion.challenger import Challenger
from unmask.tracking import restoring, writing
from unmask.tracking.provenance import Revision

TEST_IMAGES = VALIDATION_IMAGES = 120
BEST_LOSS, CHOSEN_LOSS = (
    "squared_hinge",
    "binary_crossentropy",
)  # the one is no better beyond noise; the other is proper
SPREADS = (0.003, 0.005, 0.002, 0.004, 0.004)  # of each loss: half of what its two seeds differ by
LOSS_AUC = {"binary_crossentropy": 0.848, "brier": 0.842, "focal": 0.851, "label_smoothed": 0.839, BEST_LOSS: 0.853}
SEEDS = (7, 8)
DIGITS = 4
EXPERIMENT = "wide-filters"


@dataclass(frozen=True)
class Month:
    """When the pipeline ran.

    Attributes:
        decided: when a champion was chosen.
        commit: what was checked out.
        images: how many there were to learn from.
    """

    decided: str
    commit: str
    images: int


OCTOBER = Month("2026-10-01T09:00:00Z", "3f2a9c1" * 5, 70_000)
NOVEMBER = Month("2026-11-02T09:00:00Z", "b81d04e" * 5, 84_000)


@dataclass(frozen=True)
class Training:
    """A model to make up.

    Attributes:
        name: in `params.yaml`.
        skill: by how many standard deviations it scores fakes above reals.
        epochs: how many it trained.
        rate: of learning; the more, the steeper the curves.
        seed: of what is random.
    """

    name: str
    skill: float
    epochs: int
    rate: float
    seed: int


def make_two_months(root: Path) -> Checkout:
    """Makes the checkout, and a store with all that happened in it.

    In October the search for a loss, both models, and the CNN becomes champion; in November both anew, ResNet50 becomes
    champion, and an experiment with wider filters is refused.
    """
    checkout = make_checkout(root)
    with at(OCTOBER):
        write_search(root)
        train(checkout, Training("cnn", 1.6, epochs=12, rate=0.001, seed=7), month=OCTOBER)
        train(checkout, Training("resnet50", 1.4, epochs=12, rate=0.0003, seed=7), month=OCTOBER)
        track(checkout)
        decide(checkout, "cnn")
    with at(NOVEMBER):
        train(checkout, Training("cnn", 1.75, epochs=12, rate=0.001, seed=8), month=NOVEMBER)
        train(checkout, Training("resnet50", 2.2, epochs=12, rate=0.0003, seed=8), month=NOVEMBER)
        track(checkout)
        decide(checkout, "resnet50")
        tried = replace(checkout, environment=replace(checkout.environment, experiment=EXPERIMENT))
        train(tried, Training("cnn", 1.2, epochs=12, rate=0.003, seed=9), month=NOVEMBER)
        decide(tried, "cnn")
    return checkout


@contextmanager
def at(month: Month) -> Iterator[None]:
    """Lets decisions be made in a month, and outputs come from its commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promotion, "clock", lambda: month.decided)
        for module in (writing, restoring):
            patch.setattr(module, "revision_of_output", lambda _: Revision(month.commit, dirty="false"))
        yield


def track(checkout: Checkout) -> None:
    restoring.track(checkout.root, section=checkout.parameters.evaluate, environment=checkout.environment)


def decide(checkout: Checkout, name: str) -> None:
    """Registers a model, measures the gates, promotes or refuses."""
    challenger = Challenger(checkout.root, name)
    examined = promotion.examine(challenger, parameters=checkout.parameters, environment=checkout.environment)
    promotion.promote(examined, environment=checkout.environment, why="retrained")


def train(checkout: Checkout, training: Training, *, month: Month) -> None:
    """Writes what `train` and `evaluate` leave."""
    made = checkout.challenger(training.name, slope=0.1 + training.seed / 100 + len(training.name) / 1000)
    history = curves(training)
    history.to_csv(made.model_folder / "history.csv", index=False)
    change(
        made.model_folder / "training.json",
        parameters=parameters(training),
        best_epoch=int(history["validation_roc_auc"].idxmax()),
        data_sha256=sha256_of_text(month.commit),
        records={"train": month.images, "validation": VALIDATION_IMAGES},
    )
    write_scores(made, training)


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def parameters(training: Training) -> dict[str, Any]:
    filters = {"architecture.filters": [16, 32, 32]} if training.name == "cnn" else {"architecture.last_stage": 3}
    return {
        **filters,
        "recipe.epochs": training.epochs,
        "recipe.loss": CHOSEN_LOSS,
        "recipe.optimizer.learning_rate": training.rate,
        "recipe.seed": training.seed,
    }


def curves(training: Training) -> pd.DataFrame:
    """Learning as it often goes: fast, then slower, and at last only on the images that it learns from."""
    generator = np.random.default_rng(training.seed)
    epochs = np.arange(training.epochs)
    speed = 2.0 + 200 * training.rate
    learnt = 1 - np.exp(-(epochs + 1) / (training.epochs / speed))
    final = float(norm.cdf(training.skill / np.sqrt(2)))
    jitter = generator.normal(scale=0.006, size=(4, training.epochs))
    seen, unseen = 0.5 + (final + 0.03 - 0.5) * learnt, 0.5 + (final - 0.5) * learnt
    overfitted = 0.008 * np.maximum(epochs - 7, 0)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "phase": "all",
            "accuracy": 0.5 + 0.85 * (seen - 0.5) + jitter[0],
            "loss": 0.69 - 0.9 * (seen - 0.5) + jitter[1],
            "roc_auc": seen + jitter[0],
            "validation_accuracy": 0.5 + 0.85 * (unseen - 0.5) + jitter[2],
            "validation_loss": 0.69 - 0.75 * (unseen - 0.5) + overfitted + jitter[3],
            "validation_roc_auc": unseen + jitter[2],
            "learning_rate": training.rate,
        }
    ).round(4)


def drawn_scores(skill: float, *, seed: int, images: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Draws calibrated scores: two normal distributions `skill` apart have the log odds `skill` times the place.

    The places are the distributions' quantiles, shuffled, so that few images show a skill as well as many.
    """
    generator = np.random.default_rng(seed)
    quantiles = norm.ppf((np.arange(images // 2) + 0.5) / (images // 2))
    labels = np.arange(images) % 2
    places = np.empty(images)
    for label in (0, 1):
        places[labels == label] = generator.permutation(quantiles) + generator.normal(scale=0.2, size=images // 2)
    return labels, 1 / (1 + np.exp(-skill * (places + skill * (labels - 0.5))))


def write_scores(made: Challenger, training: Training) -> None:
    seed = 100 * training.seed + len(training.name)
    labels, scores = drawn_scores(training.skill, seed=seed, images=TEST_IMAGES)
    answers = pd.read_csv(made.report_folder / "predictions.csv")
    answers.assign(label=labels, score=scores).to_csv(made.report_folder / "predictions.csv", index=False)
    judged = intervals(labels, scores, threshold=0.5, samples=100, confidence=0.95, seed=seed)
    validation = measure(*drawn_scores(training.skill, seed=seed + 1, images=VALIDATION_IMAGES), threshold=0.5)
    change(
        made.report_folder / "metrics.json",
        test={name: rounded(asdict(interval)) for name, interval in judged.items()},
        validation=rounded(validation),
    )


def rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}


def write_search(root: Path) -> None:
    """Writes what `search_loss` and `choose_loss` leave."""
    assert sorted(LOSS_AUC) == sorted(losses.names()), "a loss is new: give it a score"
    found = []
    for place, ((loss, area), spread) in enumerate(zip(LOSS_AUC.items(), SPREADS, strict=True)):
        folder = root / "reports" / "search_loss" / f"cnn-{loss}"
        folder.mkdir(parents=True)
        areas = {str(seed): round(area + side * spread, 4) for seed, side in zip(SEEDS, (-1, 1), strict=True)}
        scores = LossScores("cnn", loss, losses.load(loss).IS_PROPER, search="s" * 64, validation_roc_auc=areas)
        scores.write(folder)
        parts = [
            curves(Training("cnn", 1.45, epochs=4, rate=0.001, seed=10 * place + seed)).assign(seed=seed)
            for seed in SEEDS
        ]
        pd.concat(parts).to_csv(folder / HISTORY, index=False)
        found.append(scores)
    folder = root / "reports" / "choose_loss" / "cnn"
    folder.mkdir(parents=True)
    choice = choose_loss(found, model="cnn", named="searched", equal_within=1.0)
    assert choice.loss == CHOSEN_LOSS
    choice.write(folder)
    table(found, chosen=choice.loss).to_csv(folder / TABLE, index=False)
