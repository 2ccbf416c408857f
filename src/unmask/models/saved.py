"""Models as files: one way of saving them, the same bytes for the same model, and one of loading them."""

import json
import zipfile
from pathlib import Path

import keras

from unmask.errors import EvaluationError

EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
REPRODUCE = "run `dvc repro` or `dvc pull`"
UNLOADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile)


def save(path: Path, model: keras.Model) -> None:
    """Saves a model in Keras' format without the moment of saving, which alone would change the file's hash.

    Args:
        path: a `.keras` file to write.
        model: its optimiser is left out.
    """
    raw = path.with_suffix(".raw.keras")
    without_optimizer(model).save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "metadata.json":
                content = json.dumps({**json.loads(content), "date_saved": ""}).encode()
            target.writestr(zipfile.ZipInfo(name, EPOCH_OF_ZIP), content)
    raw.unlink()


def without_optimizer(model: keras.Model) -> keras.Model:
    """Copies a model without its optimiser's state, which is twice as large as the weights and serves no prediction."""
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    return copy


def load(path: Path, *, advice: str = REPRODUCE) -> keras.Model:
    """Loads a model that this project saved; no code in the file is run.

    Args:
        path: a `.keras` file.
        advice: what the error says to do.

    Returns:
        The model, without an optimiser.

    Raises:
        EvaluationError: the file is missing or damaged.
    """
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except UNLOADABLE as error:
        raise EvaluationError(f"cannot load {path} ({first_line(error)}): {advice}") from error


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
