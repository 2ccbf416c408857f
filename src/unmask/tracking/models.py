"""The Keras model of a run, with its signature. Importing this module imports mlflow and Keras' backend (seconds)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import mlflow
import mlflow.keras
import numpy as np
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from unmask.environment import MLFLOW_TRACKING_URI
from unmask.models import saved
from unmask.tracking.contents import MODEL_FILE, TrainedModel

REQUIREMENTS = ("keras", "tensorflow", "numpy")


def log_model(model: TrainedModel, *, run_id: str, uri: str) -> None:
    """Logs a trained model with its signature.

    There is no input example: mlflow 3.17.2 cannot store one for Keras 3.15.1 (FileNotFoundError), and a real face
    does not belong there. The requirements are named because inferring them would load the model in another process.

    Args:
        model: a finished model folder.
        run_id: the run that made it.
        uri: the store.
    """
    network = saved.load(model.folder / MODEL_FILE)
    with used_store(uri), mlflow.start_run(run_id=run_id):
        mlflow.keras.log_model(
            network,
            name=model.name,
            signature=signature_of(model),
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
            model_type=model.name,
            tags={"model_sha256": model.sha256, "mlflow.note.content": description_of(model)},
            step=model.best_epoch,  # MLflow copies this step's metrics to the model
        )


def description_of(model: TrainedModel) -> str:
    """Says in words what the signature cannot: ranges and meaning."""
    size = int(model.training["image_size"])
    return (
        f"Input: pictures (-1, {size}, {size}, 3), RGB, float32 in [0, 255]. Output: logits (-1, 1), float32; their "
        f"sigmoid is P(fake). The same network as `models/{model.name}/model.keras`, whose sha256 is in the tags."
    )


def signature_of(model: TrainedModel) -> ModelSignature:
    """Pictures in, (-1, size, size, 3) float32 in [0, 255]; logits out, (-1, 1) float32."""
    size = int(model.training["image_size"])
    pictures = TensorSpec(np.dtype("float32"), (-1, size, size, 3))
    logits = TensorSpec(np.dtype("float32"), (-1, 1))
    return ModelSignature(inputs=Schema([pictures]), outputs=Schema([logits]))


@contextmanager
def used_store(uri: str) -> Iterator[None]:
    """Makes a store MLflow's current one for the block: `log_model` takes no other way.

    MLflow writes what it is told into the environment too; a store that the environment alone named stays so.
    """
    previous = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None  # type: ignore[no-untyped-call]
    variable = os.environ.get(MLFLOW_TRACKING_URI)
    mlflow.set_tracking_uri(uri)
    try:
        yield
    finally:
        # None is how it is unset.
        mlflow.set_tracking_uri(None if previous == variable else previous)  # type: ignore[arg-type]
        if variable is not None:
            os.environ[MLFLOW_TRACKING_URI] = variable
