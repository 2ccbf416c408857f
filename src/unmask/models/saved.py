"""Models as files: one way of loading them, which knows every layer of this project's own."""

import zipfile
from pathlib import Path

import keras

from unmask.errors import EvaluationError

UNLOADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile)


def load(path: Path) -> keras.Model:
    """Loads a model that this pipeline trained; no code in the file is run.

    Args:
        path: a `.keras` file.

    Returns:
        The model, without an optimiser.

    Raises:
        EvaluationError: the file is missing or damaged.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except UNLOADABLE as error:
        raise EvaluationError(f"cannot load {path} ({first_line(error)}): run `dvc repro` or `dvc pull`") from error


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
