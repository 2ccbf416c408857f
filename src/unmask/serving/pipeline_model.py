"""A model of the pipeline as a detector, in Keras' hands: what the pipeline's own checks and gates judge by."""

from pathlib import Path

from unmask.artifacts import sha256_of_file
from unmask.errors import EvaluationError
from unmask.evaluation.judge import read_judge, read_value
from unmask.models import saved
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network
from unmask.serving.precision import is_half
from unmask.tracking.contents import METRICS_FILE, MODEL_FILE, TRAINING_FILE


def load_model(model_folder: Path, report_folder: Path) -> Detector:
    """Loads a model and the threshold that its evaluation chose.

    Args:
        model_folder: `models/<model>`.
        report_folder: `reports/evaluate/<model>`.

    Raises:
        EvaluationError: a file is missing or damaged, or the evaluation judged another model file.
    """
    model_file, metrics = model_folder / MODEL_FILE, report_folder / METRICS_FILE
    preprocess = read_value(model_folder / TRAINING_FILE, "preprocess")
    judge = read_judge(metrics)
    network = saved.load(model_file)
    model_sha256 = sha256_of_file(model_file)
    if read_value(metrics, "model_sha256") != model_sha256:
        raise EvaluationError(f"{report_folder} judged another {model_file}: run `dvc repro evaluate`")
    return Detector(
        name=model_folder.name,
        engine=Network(network),
        threshold=judge.threshold,
        preprocess=preprocess,
        calibration=judge.calibration,
        model_sha256=model_sha256,
        is_half=is_half(network),
    )
