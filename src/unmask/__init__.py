"""Tells real face photographs from deepfakes: `from unmask import Detector`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unmask.serving.detector import Detector
    from unmask.serving.verdict import Verdict

__all__ = ["Detector", "Verdict"]


def __getattr__(name: str) -> Any:
    """Loads what is asked for, and nothing that nobody asks for."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("unmask.serving.detector"), name)
