"""Building a model by its recipe."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unmask import config
from unmask.errors import ConfigError
from unmask.training import backbone

PAPER = config.load(Path(__file__).parents[3] / "profiles" / "paper.yaml").train


@pytest.mark.parametrize(
    "changes",
    [
        {"filters": [4] * 5},
        {"filters": [4] * 7, "padding": "same"},
        {"shrink": 64},
        {"filters": [], "gradient_cell": 64, "gradient_filters": [4]},
        {"filters": [], "gradient_cell": 16, "gradient_filters": [4, 4]},
    ],
)
def test_an_architecture_that_leaves_no_pixel_says_what_to_change(changes: dict[str, Any]) -> None:
    section = replace(PAPER.cnn, architecture=replace(PAPER.cnn.architecture, **changes))
    with pytest.raises(ConfigError, match=r"train\.cnn\.architecture does not fit images of 32 pixels: fewer"):
        backbone.build("cnn", section, image_size=32)
