"""The bar for the memory of evaluate."""

import pytest
from benchmarks import evaluation
from benchmarks.memory import Usage

FEW, MOST = 120, 840  # test images
PEAK = 1149e6  # bytes
NOISE = 6e6  # between the medians of rounds, as measured
IMAGE_BYTES = 64 * 64 * 3 * 4  # decoded, as float32


@pytest.mark.parametrize("noise", [-NOISE, NOISE])
@pytest.mark.parametrize(("kept", "verdict"), [(0, "met"), (MOST - FEW, "missed")])
def test_keeping_the_images_misses_the_bar_and_noise_does_not(
    monkeypatch: pytest.MonkeyPatch, noise: float, kept: int, verdict: str
) -> None:
    peaks = {"few": PEAK, "more": PEAK, "most": PEAK + kept * IMAGE_BYTES + noise}
    for name in ("prepare", "write_parameters", "reproduce"):
        monkeypatch.setattr(evaluation.workspace, name, lambda *_, **__: None)
    monkeypatch.setattr(evaluation, "evaluate", lambda folder, _: Usage(1.0, int(peaks[folder.name])))
    monkeypatch.setattr(evaluation, "further", lambda *_: [1.0])
    _, memory = evaluation.growth(800, rounds=3)
    assert memory.verdict == verdict
