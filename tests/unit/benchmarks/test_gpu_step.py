"""The interpreter of the peer on a GPU."""

from pathlib import Path

import pytest
from benchmarks import gpu_step, train_step
from benchmarks.workspace import MeasurementError


def test_a_peer_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gpu_step, "find_spec", lambda package: None)
    monkeypatch.setattr(train_step, "PEERS_PYTHON", tmp_path / "bin" / "python")
    with pytest.raises(MeasurementError, match="make bench-peers"):
        gpu_step.peer_python()
    for package in ("torch", "transformers"):
        (tmp_path / "lib" / "python3.12" / "site-packages" / package).mkdir(parents=True)
    assert gpu_step.peer_python() == str(gpu_step.PEERS_PYTHON)
