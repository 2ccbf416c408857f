"""A checkout whose models can be promoted."""

from pathlib import Path

import pytest
from judged_checkout import Checkout, make_checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path)
