"""The section that says which models may become champion: promote."""

from pydantic.dataclasses import dataclass

from unmask.config.values import STRICT, CountOrNone, NotNegative, Positive, Probability


@dataclass(frozen=True, config=STRICT)
class PromoteConfig:
    """The gates of `unmask promote`; no stage reads them.

    Scores are those of the test split, but for `min_worst_accuracy`, the worst cell's of the robustness grid, and
    `min_external_roc_auc`, every set's from elsewhere. `max_latency_ms` is one picture's, decoding included, on the
    machine that promotes. A minimum of 0 is no gate.
    """

    min_accuracy: Probability
    min_roc_auc: Probability
    min_worst_accuracy: Probability
    min_external_roc_auc: Probability
    max_calibration_error: NotNegative
    max_audit_warnings: CountOrNone
    max_megabytes: Positive
    max_latency_ms: Positive
