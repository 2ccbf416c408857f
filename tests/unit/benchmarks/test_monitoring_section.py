from benchmarks.monitoring_section import monitoring_section

SETS = {
    "held-out": {"pictures": 241, "drift": [], "differences": {"score": 0.06, "width": 0.0}},
    "faceswap": {"pictures": 600, "drift": ["width"], "differences": {"score": 0.08, "width": 1.0}},
}


def test_nothing_measured_writes_nothing() -> None:
    assert monitoring_section({}) == ""


def test_drift_is_bold() -> None:
    text = monitoring_section({"sets": SETS, "command": "python -m benchmarks.monitoring"})
    assert "| measure | held-out (241 pictures) | faceswap (600 pictures) |" in text
    assert "| score | 0.060 | 0.080 |" in text
    assert "| width | 0.000 | **1.000** |" in text
