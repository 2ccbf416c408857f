"""What a challenger must reach before it may become champion. A new gate is one function and one line in its table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unmask.config import PromoteConfig
from unmask.evaluation.paired import Difference

AT_LEAST, AT_MOST = "at least", "at most"


@dataclass(frozen=True)
class Gate:
    """One gate, measured.

    Attributes:
        name: what is held against a limit: "test accuracy".
        value: what was measured.
        side: `AT_LEAST` or `AT_MOST`.
        limit: the limit.
        note: what a person needs beside the figures; empty for nothing.
    """

    name: str
    value: float
    side: str
    limit: float
    note: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether the value is on the right side of its limit."""
        return self.value >= self.limit if self.side == AT_LEAST else self.value <= self.limit


@dataclass(frozen=True)
class Evidence:
    """What is known of a challenger.

    Attributes:
        report: its `metrics.json`.
        external: the rows of its `external.csv`.
        findings: those of the audits of its data, each with its "verdict".
        megabytes: of its model file.
        latency_ms: for one picture, the median.
        differences: metric to how much better it is than the champion, on the same test images; empty without one.
        lost_champion: the champion's version, where it was deleted from the registry; empty where it was not.
    """

    report: Mapping[str, Any]
    external: Sequence[Mapping[str, Any]]
    findings: Sequence[Mapping[str, Any]]
    megabytes: float
    latency_ms: float
    differences: Mapping[str, Difference]
    lost_champion: str = ""


def scores(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds accuracy and the area under the ROC curve on the test split against their minimum."""
    for metric, limit in (("accuracy_score", config.min_accuracy), ("roc_auc_score", config.min_roc_auc)):
        yield Gate(f"test {metric}", float(evidence.report["test"][metric]["value"]), AT_LEAST, limit)


def champion(evidence: Evidence, _: PromoteConfig) -> Iterable[Gate]:
    """Asks that it is not worse than the champion beyond noise: that no interval of a loss leaves 0 out."""
    if evidence.lost_champion:
        note = (
            f"version {evidence.lost_champion} was deleted from the registry: nothing to compare with; --force goes on"
        )
        yield Gate("the champion is there", 0.0, AT_LEAST, 1.0, note)
    for metric, found in evidence.differences.items():
        note = f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f}): its upper bound counts"
        yield Gate(f"{metric} against the champion", found.high, AT_LEAST, 0.0, note)


def robustness(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds the worst cell of the robustness grid against its minimum; a grid that was left out fails."""
    if not config.min_worst_accuracy:
        return
    worst = evidence.report.get("robustness", {}).get("worst")
    note = "no grid was measured" if worst is None else f"{worst['perturbation']}, severity {worst['severity']}"
    value = 0.0 if worst is None else float(worst["accuracy_score"])
    yield Gate("worst accuracy_score of the robustness grid", value, AT_LEAST, config.min_worst_accuracy, note)


def calibration(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds the expected calibration error on the test split against its maximum."""
    value = float(evidence.report["test"]["expected_calibration_error"]["value"])
    yield Gate("test expected_calibration_error", value, AT_MOST, config.max_calibration_error)


def external(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds every set from elsewhere of both classes against the minimum; no such set fails."""
    if not config.min_external_roc_auc:
        return
    rows = [row for row in evidence.external if row["roc_auc_score"] is not None]
    if not rows:
        yield Gate("roc_auc_score elsewhere", 0.0, AT_LEAST, config.min_external_roc_auc, "no set was judged")
    for row in rows:
        name = f"roc_auc_score on {row['set']}"
        yield Gate(name, float(row["roc_auc_score"]), AT_LEAST, config.min_external_roc_auc)


def audit(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Counts the findings of the data's audits that warned."""
    warned = [str(finding["name"]) for finding in evidence.findings if finding["verdict"] != "fine"]
    yield Gate("audit findings", len(warned), AT_MOST, config.max_audit_warnings, ", ".join(warned))


def size(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds the model file against its maximum, in MB of a million bytes."""
    yield Gate("model file, MB", round(evidence.megabytes, 1), AT_MOST, config.max_megabytes)


def latency(evidence: Evidence, config: PromoteConfig) -> Iterable[Gate]:
    """Holds the time for one picture against its maximum."""
    yield Gate("one picture, ms", round(evidence.latency_ms, 1), AT_MOST, config.max_latency_ms, "on this machine")


GATES: Sequence[Callable[[Evidence, PromoteConfig], Iterable[Gate]]] = (
    scores,
    champion,
    robustness,
    calibration,
    external,
    audit,
    size,
    latency,
)


def measure(evidence: Evidence, config: PromoteConfig) -> list[Gate]:
    """Measures every gate."""
    return [gate for measured in GATES for gate in measured(evidence, config)]


def markdown(measured: Sequence[Gate]) -> str:
    """Writes the gates as a Markdown table."""
    lines = ["| gate | value | limit | | |", "|---|--:|---|---|---|"]
    for gate in measured:
        result = "passed" if gate.is_passed else "**failed**"
        lines.append(f"| {gate.name} | {gate.value:.4g} | {gate.side} {gate.limit:g} | {result} | {gate.note} |")
    return "\n".join(lines)
