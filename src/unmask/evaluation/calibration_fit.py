"""Fitting the calibration, on the validation split and nowhere else."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit
from sklearn.linear_model import LogisticRegression

from unmask.evaluation.calibration import Calibration, logits_of
from unmask.records import FAKE

DIGITS = 6
ALMOST_FREE = 1e9  # scikit-learn's C: hardly any pull towards 0
TEMPERATURES = (0.05, 50.0)  # beyond which a fit says more of its few images than of the model


def fit_temperature(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Calibration:
    """Fits one temperature for all logits.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), section 4.2.
    A score of 0.5 stays one, and so does every ranking: only how sure the others are changes. Targets are Platt's
    smoothed ones, so that images told apart without a fault do not ask for infinite sureness.

    Args:
        labels: (images,), 0 or 1, both of them.
        scores: (images,), the sigmoid of the model's logits.

    Returns:
        The line of slope 1 / temperature, to six digits.
    """
    logits, targets = logits_of(scores), smoothed(labels)

    def loss(log_temperature: float) -> float:
        scaled = logits * np.exp(-log_temperature)
        return float(-(targets * log_expit(scaled) + (1 - targets) * log_expit(-scaled)).mean())

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded")
    return Calibration(slope=round(float(np.exp(-found.x)), DIGITS))


def smoothed(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Gives Platt's targets, (images,): a little within 0 and 1, the more so the fewer images a class has."""
    is_fake = labels == FAKE
    num_fakes, num_reals = int(is_fake.sum()), int((~is_fake).sum())
    return np.where(is_fake, (num_fakes + 1) / (num_fakes + 2), 1 / (num_reals + 2))


def fit_platt(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Calibration:
    """Fits Platt's scaling (1999, "Probabilistic Outputs for Support Vector Machines"), with its smoothed targets.

    Args:
        labels: (images,), 0 or 1, both of them.
        scores: (images,), the sigmoid of the model's logits.

    Returns:
        The line, to six digits; the identity where the scores rank no better than chance, as a falling line would
        turn every answer round.
    """
    targets, logits = smoothed(labels), logits_of(scores)[:, None]
    # A target between 0 and 1 is an image of either class, each with its weight.
    both = np.concatenate((np.ones(len(labels)), np.zeros(len(labels))))
    line = LogisticRegression(C=ALMOST_FREE).fit(
        np.concatenate((logits, logits)), both, sample_weight=np.concatenate((targets, 1 - targets))
    )
    slope, intercept = round(float(line.coef_[0, 0]), DIGITS), round(float(line.intercept_[0]), DIGITS)
    return Calibration(slope, intercept) if slope > 0 else Calibration()
