"""Loading a bundle as a detector, without TensorFlow."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.serving.baseline import Baseline, EmbeddingDistribution
from unmask.serving.bundle.manifest import ADVICE, Manifest, checked, read_manifest
from unmask.serving.detector import Detector
from unmask.serving.engines import ENGINES, FILES
from unmask.serving.faces import Framing
from unmask.serving.verdict import Bin
from unmask.tables import choose

DISTRIBUTION_FILE = "distribution.npz"
DEFAULT_ENGINE = "openvino"


def load_bundle(folder: Path, *, engine: str = DEFAULT_ENGINE) -> Detector:
    """Loads a detector from what the stage `export` made.

    Args:
        folder: `bundles/<model>`, or a copy of it anywhere.
        engine: a key of `ENGINES`.

    Raises:
        EvaluationError: a file is missing or damaged.
        ConfigError: there is no such engine.
    """
    load = choose(ENGINES, engine, kind="engine")
    manifest = read_manifest(folder)
    network, *_ = [checked(folder, manifest, name) for name in FILES[engine]]
    return Detector(
        name=manifest.model,
        engine=load(network),
        threshold=manifest.threshold,
        preprocess=asdict(manifest.input),
        calibration=Calibration(**asdict(manifest.calibration)),
        model_sha256=manifest.model_sha256,
        is_half=manifest.is_half,
        baseline=Baseline(
            size=manifest.training.size,
            side_pixels=manifest.training.side_pixels,
            jpeg_quality=manifest.training.jpeg_quality,
            bins=tuple(Bin(**asdict(part)) for part in manifest.bins),
            distribution=read_distribution(folder, manifest),
        ),
        framing=Framing(**asdict(manifest.framing)) if manifest.framing else None,
    )


def read_distribution(folder: Path, manifest: Manifest) -> EmbeddingDistribution:
    """Reads where the training pictures lie; the file's arrays hold no code.

    Raises:
        EvaluationError: the file is missing or damaged.
    """
    file = checked(folder, manifest, DISTRIBUTION_FILE)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return EmbeddingDistribution(arrays["mean"], arrays["precision"], usual=float(arrays["usual"]))
    except (OSError, ValueError, KeyError) as error:
        raise EvaluationError(f"{file} is damaged: {ADVICE}") from error
