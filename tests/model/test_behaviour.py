"""The checks of behaviour on the models that `dvc repro` left in this checkout."""

from pathlib import Path

import pytest

from unmask.models import MODELS
from unmask.serving.check_pictures import from_test_split
from unmask.serving.checks import CHECKS
from unmask.serving.checks.finding import Pictures
from unmask.serving.detector import Detector
from unmask.serving.pipeline_model import load_model

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=sorted(MODELS))
def trained(request: pytest.FixtureRequest) -> tuple[Detector, Pictures]:
    model, report = ROOT / "models" / request.param, ROOT / "reports" / "evaluate" / request.param
    for folder in (model, report, ROOT / "data" / "raw", ROOT / "data" / "split"):
        if not folder.is_dir():
            pytest.skip(f"there is no {folder.relative_to(ROOT)}: run `make repro`")
    detector = load_model(model, report)
    return detector, from_test_split(detector, raw=ROOT / "data" / "raw", split=ROOT / "data" / "split", report=report)


@pytest.mark.parametrize("name", CHECKS)
def test_trained_model_passes(name: str, trained: tuple[Detector, Pictures]) -> None:
    finding = CHECKS[name].check(*trained)
    assert finding.value is not None
    assert finding.is_passed, f"{finding.statement}: {finding.value:.2g}, at most {finding.limit:.2g}"
