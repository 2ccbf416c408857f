"""How PyTorch is asked to train: as fast as it can. It is not installed here, so a mock stands in for it."""

import argparse
import importlib
import sys
from unittest.mock import MagicMock

import pytest


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_peer_takes_its_faster_ways(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    torch = MagicMock()
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "transformers", MagicMock())
    monkeypatch.delitem(sys.modules, "benchmarks.torch_step", raising=False)
    torch_step = importlib.import_module("benchmarks.torch_step")
    monkeypatch.delitem(sys.modules, "benchmarks.torch_step")
    torch_step.step_of(argparse.Namespace(device=device, precision="float32", batch=2, side=8))
    assert torch.optim.Adam.call_args.kwargs["fused"] is True
    assert torch.backends.cudnn.benchmark is (device == "cuda")
    assert torch.compile.called is (device == "cuda")
