"""A trained model, ready to judge pictures from outside the pipeline exactly as the pipeline judged its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from unmask.artifacts import sha256_of_file
from unmask.data.inspection import MIN_SIDE_PIXELS
from unmask.data.pictures.decoding import Pixels, open_image
from unmask.data.pictures.equalise import seen
from unmask.errors import EvaluationError, ImageError
from unmask.evaluation.calibration import Calibration
from unmask.evaluation.judge import read_judge, read_value
from unmask.evaluation.predict import score_batch
from unmask.models import saved
from unmask.records import FAKE, LABEL_NAMES, REAL

MODEL_FILE = "model.keras"
TRAINING_FILE = "training.json"
METRICS_FILE = "metrics.json"
CHAMPION_FILE = "champion.json"

MAX_PIXELS = 40_000_000  # a camera's largest pictures; a crafted file may unpack to far more than its bytes
# Every batch is filled up to this size: TensorFlow 2.21 on a CPU gives a picture alone another score than among others,
# by up to 3e-5, and compiles each new size. A larger batch would make a single picture wait.
BATCH = 8


@dataclass(frozen=True)
class Verdict:
    """What a model says of one picture.

    Attributes:
        label: "fake" where the score reaches the threshold, else "real".
        score: P(fake), in [0, 1].
        threshold: chosen on the validation split.
    """

    label: str
    score: float
    threshold: float


@dataclass(frozen=True)
class Detector:
    """A loaded model with its threshold and its way of bringing a picture to size.

    Attributes:
        name: the model's name.
        network: pictures (batch, size, size, 3) float32 in [0, 255] in, logits (batch, 1) out.
        threshold: scores from here on mean "fake".
        preprocess: `image_size`, `fit`, `resample`, as in training.
        calibration: what turns logits into scores, as the evaluation fitted it.
        model_sha256: of the model file that was evaluated, in hexadecimal.
    """

    name: str
    network: keras.Model
    threshold: float
    preprocess: dict[str, Any]
    calibration: Calibration = field(default_factory=Calibration)
    model_sha256: str = ""

    @classmethod
    def load(cls, model_folder: Path, report_folder: Path) -> "Detector":
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
        return cls(
            name=model_folder.name,
            network=network,
            threshold=judge.threshold,
            preprocess=preprocess,
            calibration=judge.calibration,
            model_sha256=model_sha256,
        )

    def predict(self, images: Sequence[bytes | Path]) -> list[Verdict]:
        """Judges pictures.

        Args:
            images: encoded JPEG, PNG or WebP, or paths of such files; any size.

        Returns:
            One verdict for each, in the same order.

        Raises:
            ImageError: a picture is missing, damaged or refused; it is named.
            EvaluationError: the model gave something else than one finite logit a picture.
        """
        verdicts: list[Verdict] = []
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            names = [str(image) if isinstance(image, Path) else f"picture {start + n}" for n, image in enumerate(part)]
            pictures = np.stack([self.prepare(image) for image in part])
            scores = self.calibration.apply(score_batch(self.network, pictures, names, batch_size=BATCH))
            verdicts.extend(self.judge(float(score)) for score in scores)
        return verdicts

    def judge(self, score: float) -> Verdict:
        """Turns a score into a verdict."""
        label = FAKE if score >= self.threshold else REAL
        return Verdict(label=LABEL_NAMES[label], score=score, threshold=self.threshold)

    def prepare(self, image: bytes | Path) -> Pixels:
        """Brings one picture to what the model sees: (size, size, 3) uint8."""
        name = f"{image}: " if isinstance(image, Path) else ""
        try:
            content = image.read_bytes() if isinstance(image, Path) else image
            require_picture(content)
            return seen(content, self.preprocess, max_pixels=MAX_PIXELS)
        except OSError as error:
            raise ImageError(f"{name}{error.strerror}") from error
        except ImageError as error:
            raise ImageError(f"{name}{error}") from error


def require_picture(content: bytes) -> None:
    """Refuses what `index` refuses of pictures that could be decoded: a line of pixels."""
    width, height = open_image(content, max_pixels=MAX_PIXELS).size
    if min(width, height) < MIN_SIDE_PIXELS:
        raise ImageError(f"{width}x{height}: a line, no picture")


def champion(reports: Path) -> str:
    """Names the model that the comparison chose on the validation split.

    Args:
        reports: `reports/compare`.

    Raises:
        EvaluationError: there is no comparison yet.
    """
    return str(read_value(reports / CHAMPION_FILE, "model"))
