"""A detector's bundle in MLflow: a model of its network's run, which `mlflow models serve` serves.

Importing this module imports mlflow and Keras' backend (seconds).
"""

import json
from importlib.metadata import version
from pathlib import Path

import mlflow
import mlflow.pyfunc
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

import unmask
from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.tracking.contents import TrainedModel
from unmask.tracking.models import used_store
from unmask.tracking.registered import MANIFEST_FILE
from unmask.tracking.runs import DETECTOR_TAG, Runs

BUNDLE_TAG = "bundle_sha256"
PACKAGE = Path(unmask.__file__).parent
SERVED = PACKAGE / "served.py"
REQUIREMENTS = ("dlib-bin", "mlflow", "numpy", "openvino", "pandas", "pillow", "pydantic", "requests", "rich", "scipy")
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.string, "image")]),
    outputs=Schema(
        [
            ColSpec(DataType.string, "label"),
            ColSpec(DataType.double, "score", required=False),
            ColSpec(DataType.double, "threshold", required=False),
            ColSpec(DataType.string, "cautions"),
            ColSpec(DataType.string, "error"),
        ]
    ),
)


def write_bundle(runs: Runs, *, model: TrainedModel, folder: Path, environment: Environment) -> list[str]:
    """Adds a bundle to the run of its network, unless the run has this very one.

    Args:
        runs: the store's.
        model: the network's folder.
        folder: `bundles/<model>`.
        environment: the run's surroundings.

    Returns:
        What was written, in words; nothing where there is no bundle of this network, or no run has it.
    """
    manifest = folder / MANIFEST_FILE
    found = runs.find(model.sha256, experiment=environment.experiment)
    if found is None or not manifest.exists() or network_of(manifest) != model.sha256:
        return []
    digest = sha256_of_file(manifest)  # which names the sha256 of every other file
    if found.data.tags.get(BUNDLE_TAG) == digest:
        return []
    run_id = str(found.info.run_id)
    with used_store(runs.store.uri), mlflow.start_run(run_id=run_id):
        logged = mlflow.pyfunc.log_model(
            name=f"{model.name}-detector",
            python_model=str(SERVED),
            artifacts={"bundle": str(folder)},
            code_paths=[str(PACKAGE)],
            signature=SIGNATURE,
            pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
            model_type=model.name,
            tags={"model_sha256": model.sha256, BUNDLE_TAG: digest},
        )
    runs.set_tags(run_id, {BUNDLE_TAG: digest, DETECTOR_TAG: str(logged.model_id)})
    return [f"{model.name}: detector"]


def network_of(manifest: Path) -> str:
    """Says of which model file a bundle is; nothing where the manifest is damaged."""
    try:
        return str(json.loads(manifest.read_bytes())["model_sha256"])
    except (ValueError, KeyError, TypeError):
        return ""
