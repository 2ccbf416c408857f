"""The losses: each file exports `build() -> keras.Loss` on labels and logits of shape (batch, 1), and `IS_PROPER`.

A proper loss is least where the sigmoid of the logit is the probability of a fake, so that scores can be read as such
(strictly proper scoring rules: Gneiting and Raftery, JASA 2007, sections 2 and 3). The others' scores only rank: they
are calibrated on the validation split before a threshold is chosen.

A loss is imported when it is asked for, so that a stage which trains with one depends on that one's file alone.
"""

import importlib
import pkgutil
from pathlib import Path
from typing import Any

from unmask.tables import choose


def names() -> tuple[str, ...]:
    """Lists the losses, one a file of this folder; none is imported."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def file_of(name: str) -> Path:
    """Gives the file that holds a loss.

    Raises:
        ConfigError: there is no such loss.
    """
    files = {stem: Path(__path__[0]) / f"{stem}.py" for stem in names()}
    return choose(files, name, kind="loss")


def load(name: str) -> Any:
    """Imports a loss's module: its `build` and `IS_PROPER`.

    Raises:
        ConfigError: there is no such loss.
    """
    return importlib.import_module(f"{__name__}.{file_of(name).stem}")
