"""The detector as MLflow serves it: pictures in base64 in, verdicts out; MLflow runs this file to load its model.

It is stored with the model instead of a pickled object, which could run anything: see
https://mlflow.org/docs/latest/ml/model/models-from-code
"""

import base64
import binascii
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from unmask.errors import ImageError
from unmask.serving.bundle.read import load_bundle
from unmask.serving.verdict import Verdict

IMAGE = "image"
BUNDLE = "bundle"


class ServedDetector(PythonModel):
    """A bundle behind MLflow's interface of models."""

    def load_context(self, context: Any) -> None:
        """Loads the bundle that lies beside this file."""
        self.detector = load_bundle(Path(context.artifacts[BUNDLE]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Judges pictures; one that cannot be judged does not stop the rest.

        Args:
            context: MLflow's.
            model_input: a column "image": JPEG, PNG or WebP in base64.
            params: none are known.

        Returns:
            A row a picture: label, score, threshold, cautions (their names), error; empty where nothing is to be said.
        """
        pictures = [decoded(text) for text in model_input[IMAGE]]
        return pd.DataFrame([row_of(found) for found in self.detector.stream(pictures)])


def decoded(text: str) -> bytes | ImageError:
    """Decodes base64, or says why not."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return ImageError("no base64")


def row_of(found: Verdict | ImageError) -> dict[str, Any]:
    """Gives a verdict's row."""
    if isinstance(found, ImageError):
        return {"label": "", "score": None, "threshold": None, "cautions": "", "error": str(found)}
    return {
        "label": found.label,
        "score": found.score,
        "threshold": found.threshold,
        "cautions": found.caution_names,
        "error": "",
    }


mlflow.models.set_model(ServedDetector())
