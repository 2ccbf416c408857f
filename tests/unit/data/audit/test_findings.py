"""Findings against their limits."""

import logging

import pytest

from unmask.config import Limits
from unmask.data.audit.findings import Finding, require_none_stops, warn
from unmask.errors import AuditError


def finding(value: float) -> Finding:
    return Finding("drift_auc: spectrum", value, Limits(warn=0.6, stop=0.8), "It is so.", "Do this.")


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.6, "fine"), (0.61, "warning"), (0.8, "warning"), (0.81, "stop"), (1.0, "stop")]
)
def test_verdict_is_by_the_limits(value: float, verdict: str) -> None:
    assert finding(value).verdict == verdict


def test_warnings_say_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        warn([finding(0.5), finding(0.7)])
    assert caplog.messages == ["It is so. Do this."]


def test_what_stops_is_named_with_its_limit_and_the_report() -> None:
    told = r"drift_auc: spectrum is 0\.9, above 0\.8: It is so\.\nCorrect the archive or, where this is meant, raise "
    with pytest.raises(AuditError, match=rf"{told}split\.audit\.drift_auc\.stop\. The whole audit: here"):
        require_none_stops([finding(0.5), finding(0.9)], report="here")


def test_warnings_stop_nothing() -> None:
    require_none_stops([finding(0.7)], report="here")


def test_advice_is_given_where_it_is_needed() -> None:
    assert "advice" not in finding(0.5).summary()
    assert finding(0.7).summary()["advice"] == "Do this."
