"""A detector as one file: the network, its calibration, its threshold and its way of bringing pictures to size.

Whatever loads Keras models gets P(fake) of it; `load_exported` gets the whole detector.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from unmask import artifacts
from unmask.errors import EvaluationError
from unmask.evaluation.calibration import Calibration
from unmask.models import saved
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network

SUFFIX = ".keras"
LAYER = "calibrated"
SEEN_BY = ("image_size", "fit", "resample")  # what a detector must know to bring a picture to size
ADVICE = "make it anew with `unmask export MODEL FILE.keras`"


@keras.saving.register_keras_serializable("unmask")
class Calibrated(keras.layers.Layer):
    """From logits to calibrated P(fake); it also holds what else a detector is, which changes no number.

    Attributes:
        slope: of the line through the logits.
        intercept: of that line.
        threshold: scores from here on mean "fake".
        preprocess: `image_size`, `fit`, `resample` and `equalise`, as in training.
        model: the detector's name.
        model_sha256: of the model file that was evaluated.
    """

    def __init__(
        self,
        *,
        calibration: Mapping[str, float],
        threshold: float,
        preprocess: Mapping[str, Any],
        model: str,
        model_sha256: str,
        **options: Any,
    ) -> None:
        """Takes what a detector is.

        Args:
            calibration: `slope` and `intercept`.
            threshold: the least score that is called fake.
            preprocess: how a picture is brought to size.
            model: the detector's name.
            model_sha256: of the model file that was evaluated.
            **options: Keras' own: name and dtype.

        Raises:
            ValueError: a number is not finite, the calibration falls, or `preprocess` lacks something.
        """
        super().__init__(**{**options, "dtype": "float32"})
        self.slope, self.intercept = float(calibration["slope"]), float(calibration["intercept"])
        self.threshold = float(threshold)
        if not all(map(math.isfinite, (self.slope, self.intercept, self.threshold))):
            raise ValueError("the calibration or the threshold is not a finite number")
        if self.slope <= 0:
            raise ValueError("the calibration falls: it would turn every answer round")
        absent = [key for key in SEEN_BY if key not in preprocess]
        if absent:
            raise ValueError(f"its preprocess has no {', '.join(absent)}")
        self.preprocess, self.model, self.model_sha256 = dict(preprocess), str(model), str(model_sha256)

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Gives P(fake), (batch, 1), float32, of logits of that shape."""
        return keras.ops.sigmoid(self.slope * logits + self.intercept)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape does not change."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Gives what the constructor takes."""
        return {
            **super().get_config(),
            "calibration": {"slope": self.slope, "intercept": self.intercept},
            "threshold": self.threshold,
            "preprocess": dict(self.preprocess),
            "model": self.model,
            "model_sha256": self.model_sha256,
        }


def export(detector: Detector, target: Path) -> None:
    """Writes a detector as one file; the same detector gives the same bytes.

    Args:
        detector: what to write.
        target: a `.keras` file; one that is there is replaced.

    Raises:
        EvaluationError: the file's name does not end in `.keras`.
        StorageError: it cannot be written.
    """
    if target.suffix != SUFFIX:
        raise EvaluationError(f"cannot export to {target}: its name must end in {SUFFIX}")
    if not isinstance(detector.engine, Network):
        raise EvaluationError(f"{detector.name} is not in Keras' hands: its engine cannot be written as {target.name}")
    network = detector.engine.model
    layer = Calibrated(
        calibration={"slope": detector.calibration.slope, "intercept": detector.calibration.intercept},
        threshold=detector.threshold,
        preprocess=detector.preprocess,
        model=detector.name,
        model_sha256=detector.model_sha256,
        name=LAYER,
    )
    try:
        with artifacts.atomic_path(target) as temporary:
            saved.save(temporary, keras.Model(network.input, layer(network.output), name=network.name))
    except OSError as error:  # what `atomic_path` passes on: a place that takes no files, such as /proc
        raise artifacts.storage_error(target, error) from error


def load_exported(path: Path) -> Detector:
    """Loads a detector from its one file; no code in the file is run.

    Args:
        path: what `export` wrote.

    Returns:
        A detector of the same verdicts. Its scores are computed in float64, as before the export.

    Raises:
        EvaluationError: the file is missing, damaged, carries code, or is no exported detector.
    """
    whole = saved.load(path, advice=ADVICE)
    layer = whole.layers[-1]
    if not isinstance(layer, Calibrated):
        raise EvaluationError(f"{path} is no exported detector: it has neither calibration nor threshold; {ADVICE}")
    size = layer.preprocess["image_size"]
    if whole.input_shape[1:] != (size, size, 3):
        raise EvaluationError(
            f"{path} is damaged: its network takes {whole.input_shape[1:]}, not {size} pixels; {ADVICE}"
        )
    return Detector(
        name=layer.model,
        engine=Network(keras.Model(whole.input, layer.input, name=whole.name)),
        threshold=layer.threshold,
        preprocess=dict(layer.preprocess),
        calibration=Calibration(layer.slope, layer.intercept),
        model_sha256=layer.model_sha256,
    )
