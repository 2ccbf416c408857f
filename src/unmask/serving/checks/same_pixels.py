"""No skew between training and serving: a picture is packed, read back and scored as the pipeline does it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from unmask.config import PreprocessConfig
from unmask.data import shards
from unmask.data.input.reading import evaluation_batches
from unmask.data.pictures.decoding import Pixels
from unmask.data.preprocess import stored_image
from unmask.records import REAL, TEST
from unmask.serving.checks.finding import ROUNDING, Finding, Pictures, found, largest_change, scores
from unmask.serving.detector import Detector
from unmask.serving.pictures import MAX_PIXELS

LIMIT = ROUNDING
BATCH = 64  # images read at once
ONE_SHARD = 1e6  # megabytes, more than any pictures have


def check(detector: Detector, pictures: Pictures) -> Finding:
    """Compares what the detector says of each file with what the pipeline's own stages would."""
    served = scores(replace(detector, framing=None), pictures.contents)  # the pipeline looks for no faces
    return found(
        "same_pixels",
        "a file gets the score that its picture gets in the pipeline",
        value=largest_change(served, pipeline_scores(detector, pictures.contents)),
        limit=LIMIT,
    )


def pipeline_scores(detector: Detector, contents: Sequence[bytes]) -> NDArray[np.float64]:
    """Packs pictures into a shard, and scores what is read back from it.

    Args:
        detector: gives the engine, its calibration and how pictures are brought to size.
        contents: encoded pictures.

    Returns:
        (pictures,), float64, P(fake), in the pictures' order.
    """
    config = preprocess_of(detector)
    about = {"preprocess": dict(detector.preprocess)}
    with TemporaryDirectory() as temporary:
        shards.write(
            Path(temporary) / TEST,
            examples(contents, config=config),
            total=len(contents),
            shard_megabytes=config.shard_megabytes,
            about=about,
        )
        pixels: list[Pixels] = []
        members: list[str] = []
        for images, _, names in evaluation_batches(Path(temporary), TEST, BATCH):
            pixels.extend(images)
            members.extend(names)
    logits = np.array([answer.logit for answer in detector.engine.answers(pixels)])
    return detector.calibration.score(logits[np.argsort(members)])  # by member, which is the pictures' order


def examples(contents: Sequence[bytes], *, config: PreprocessConfig) -> Iterator[shards.Example]:
    """Prepares pictures as the stage does, in the order of their hashes; members are their numbers."""
    hashed = sorted((hashlib.sha256(content).hexdigest(), number) for number, content in enumerate(contents))
    for sha256, number in hashed:
        image = stored_image(contents[number], config=config, max_pixels=MAX_PIXELS)
        yield shards.Example(f"{number:09d}", REAL, sha256, image)


def preprocess_of(detector: Detector) -> PreprocessConfig:
    """Gives the parameters that the pipeline would bring these pictures to size with."""
    preprocess = detector.preprocess
    return PreprocessConfig(
        image_size=int(preprocess["image_size"]),
        fit=preprocess["fit"],
        resample=preprocess["resample"],
        equalise=int(preprocess.get("equalise", 0)),
        train_share=1.0,
        shard_megabytes=ONE_SHARD,
        workers=1,
    )
