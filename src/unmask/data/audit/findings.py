"""What was found in the data, against the limits that say when to warn and when to stop."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from unmask.config import Limits
from unmask.errors import AuditError

FINE, WARNING, STOP = "fine", "warning", "stop"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One answer of the audit.

    Attributes:
        name: the limit's key in `params.yaml`, and which of several: "shortcut_auc: metadata".
        value: what was measured.
        limits: when to warn and when to stop.
        statement: what was found, in a sentence.
        advice: what it means and what to do, for when it is too much.
    """

    name: str
    value: float
    limits: Limits
    statement: str
    advice: str

    @property
    def verdict(self) -> str:
        """Says "fine", "warning" or "stop"."""
        if self.value > self.limits.stop:
            return STOP
        return WARNING if self.value > self.limits.warn else FINE

    def summary(self) -> dict[str, Any]:
        """Gives what `audit.json` says of it; the advice only where it is needed."""
        said = {"name": self.name, "value": round(self.value, 6), "verdict": self.verdict, "statement": self.statement}
        limits = {"warn_above": self.limits.warn, "stop_above": self.limits.stop}
        return said | limits | ({"advice": self.advice} if self.verdict != FINE else {})


def warn(findings: Sequence[Finding]) -> None:
    """Logs what is above its limit."""
    for finding in findings:
        if finding.verdict != FINE:
            logger.warning("%s %s", finding.statement, finding.advice)


def require_none_stops(findings: Sequence[Finding], *, report: str) -> None:
    """Stops the pipeline at what is too much.

    Args:
        findings: the audit's.
        report: where the whole audit can be read.

    Raises:
        AuditError: a finding is above the limit at which the pipeline stops.
    """
    stopping = [finding for finding in findings if finding.verdict == STOP]
    if stopping:
        lines = [
            f"  {finding.name} is {finding.value:.4g}, above {finding.limits.stop:g}: {finding.statement}"
            for finding in stopping
        ]
        keys = sorted({f"split.audit.{finding.name.partition(':')[0]}.stop" for finding in stopping})
        way_out = f"Correct the archive or, where this is meant, raise {' and '.join(keys)}. The whole audit: {report}"
        raise AuditError("\n".join(["the data is not fit to learn from:", *lines, way_out]))
