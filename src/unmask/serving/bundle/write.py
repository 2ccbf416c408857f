"""Making a bundle. Importing this module imports Keras' backend (seconds)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from sklearn.covariance import LedoitWolf

from unmask import artifacts
from unmask.data.members import read_members
from unmask.data.pictures.decoding import Pixels
from unmask.errors import EvaluationError
from unmask.evaluation.judge import Judge
from unmask.records import LABEL_NAMES, Source
from unmask.serving.baseline import Baseline, EmbeddingDistribution
from unmask.serving.bundle.convert import write_onnx, write_openvino
from unmask.serving.bundle.embedding import with_embedding
from unmask.serving.bundle.manifest import CARD_FILE, FORMAT, KERAS_FILE, MANIFEST_FILE, REFERENCE_FILE, Int8
from unmask.serving.bundle.quantise import cost_of, write_int8
from unmask.serving.bundle.read import DISTRIBUTION_FILE
from unmask.serving.detector import Detector
from unmask.serving.engines import FILES, INT8, PARITY_LIMIT, openvino
from unmask.serving.engines.network import Network
from unmask.serving.export import export
from unmask.serving.faces import framing_of
from unmask.serving.pictures import read_picture
from unmask.serving.precision import in_full, is_half
from unmask.serving.verdict import Bin, Verdict

PARITY_PICTURES = 32
FRAMED_PICTURES = 64
PART = 256  # pictures whose bytes are in memory at once
WORST_SHARE = 0.01  # of the training pictures, that bounds leave out
UNUSUAL_SHARE = 0.001  # of the validation pictures, that lie farther away than is usual
DIGITS = 6


@dataclass(frozen=True)
class Judged:
    """A trained model and what its evaluation found.

    Attributes:
        name: the model's.
        network: pictures in, logits out.
        model_sha256: of its file.
        preprocess: how pictures were brought to size.
        judge: its calibration and threshold.
        bins: the test split's scores.
        warnings: about it, sentences without a full stop.
        card: the model card, Markdown.
        source: the data set.
    """

    name: str
    network: keras.Model
    model_sha256: str
    preprocess: Mapping[str, Any]
    judge: Judge
    bins: Sequence[Bin]
    warnings: Sequence[str]
    card: str
    source: Source


@dataclass(frozen=True)
class Learnt:
    """The pictures that a model learnt from and was chosen on.

    Attributes:
        archive: a zip that holds them.
        train: `records.RECORD_COLUMNS` of the training split.
        validation: the same of the validation split.
        limit: of either, at most so many are looked at: the first by their hash, which is as good as drawn.
        int8_limit: so many training pictures fit the network in 8 bits; 0: there is none.
    """

    archive: Path
    train: pd.DataFrame
    validation: pd.DataFrame
    limit: int
    int8_limit: int

    def contents(self, table: pd.DataFrame, *, limit: int) -> Iterator[bytes]:
        """Reads pictures of one split."""
        chosen = table.sort_values(["sha256", "member"]).head(limit)
        for start in range(0, len(chosen), PART):
            part = chosen.iloc[start : start + PART]
            yield from read_members(self.archive, part["member"].tolist(), part["sha256"].tolist())


def write(folder: Path, judged: Judged, learnt: Learnt, *, finds_faces: bool) -> float:
    """Makes a bundle.

    Args:
        folder: an empty one.
        judged: the model.
        learnt: its pictures.
        finds_faces: whether faces are to be looked for in new pictures, where the training pictures show one each.

    Returns:
        The largest difference to Keras in P(fake) on some pictures.

    Raises:
        EvaluationError: an engine differs from Keras.
        ArchiveError: a picture has changed since it was indexed.
    """
    network = in_full(judged.network)
    write_onnx(with_embedding(network), folder / "model.onnx")
    write_openvino(folder / "model.onnx", folder / "model.xml")
    reference = Detector(
        name=judged.name,
        engine=Network(network),
        threshold=judged.judge.threshold,
        preprocess=dict(judged.preprocess),
        calibration=judged.judge.calibration,
        model_sha256=judged.model_sha256,
    )
    export(reference, folder / KERAS_FILE)
    fast = replace(reference, engine=openvino.load(folder / "model.xml"))
    difference = require_parity(fast, reference, list(learnt.contents(learnt.validation, limit=PARITY_PICTURES)))
    framing = framing_of(portraits(learnt)) if finds_faces else None
    distribution = distribution_of(
        embeddings_of(fast, learnt.contents(learnt.train, limit=learnt.limit)),
        embeddings_of(fast, learnt.contents(learnt.validation, limit=learnt.limit)),
    )
    baseline = baseline_of(judged, learnt, distribution)
    reference_table = table_of(replace(fast, baseline=baseline), learnt)
    artifacts.write_csv(folder / REFERENCE_FILE, reference_table)
    int8 = write_quantised(folder, fast, learnt, scores=reference_table["score"]) if learnt.int8_limit else None
    write_distribution(folder / DISTRIBUTION_FILE, distribution)
    artifacts.write_text(folder / CARD_FILE, judged.card)
    files = {path.name: artifacts.sha256_of_file(path) for path in sorted(folder.iterdir())}
    manifest = describe(judged, learnt, baseline, files=files)
    manifest |= {"framing": framing and asdict(framing), "int8": int8 and asdict(int8)}
    artifacts.write_json(folder / MANIFEST_FILE, manifest)
    return difference


def require_parity(fast: Detector, reference: Detector, contents: Sequence[bytes]) -> float:
    """Compares an engine with Keras on some pictures.

    Returns:
        The largest difference in P(fake).

    Raises:
        EvaluationError: it is more than `PARITY_LIMIT`.
    """
    ours, theirs = (np.array([verdict.score for verdict in one.predict(contents)]) for one in (fast, reference))
    difference = float(np.abs(ours - theirs).max())
    if not difference <= PARITY_LIMIT:
        raise EvaluationError(
            f"{fast.name}: the exported network differs from Keras' by {difference:.2g} in P(fake), by more than "
            f"{PARITY_LIMIT:g}"
        )
    return difference


def write_quantised(folder: Path, exact: Detector, learnt: Learnt, *, scores: pd.Series) -> Int8:
    """Adds the network of 8 bits to a bundle.

    Args:
        folder: where `model.onnx` lies.
        exact: the detector that computes with 32 bits.
        learnt: its pictures; those of training fit the network, those of validation show what it costs.
        scores: P(fake) of the validation pictures, by `exact`.

    Returns:
        What it costs.
    """
    file = folder / FILES[INT8][0]
    write_int8(folder / "model.onnx", file, seen_by(exact, learnt.contents(learnt.train, limit=learnt.int8_limit)))
    small = replace(exact, engine=openvino.load(file))
    verdicts = small.predict(learnt.contents(learnt.validation, limit=learnt.limit))
    return cost_of(np.array([verdict.score for verdict in verdicts]), scores.to_numpy(), threshold=exact.threshold)


def portraits(learnt: Learnt) -> Iterator[Image.Image]:
    """Decodes some training pictures."""
    for content in learnt.contents(learnt.train, limit=FRAMED_PICTURES):
        yield read_picture(content).image


def baseline_of(judged: Judged, learnt: Learnt, distribution: EmbeddingDistribution) -> Baseline:
    """Measures what the training pictures are like."""
    sides = learnt.train[["width", "height"]].min(axis=1)
    qualities = learnt.train["jpeg_quality"].dropna().astype(int)
    are_jpegs = len(qualities) > (1 - WORST_SHARE) * len(learnt.train)
    size, count = Counter(zip(learnt.train["width"], learnt.train["height"], strict=True)).most_common(1)[0]
    return Baseline(
        size=(int(size[0]), int(size[1])) if count > (1 - WORST_SHARE) * len(learnt.train) else None,
        side_pixels=int(sides.quantile(WORST_SHARE, interpolation="lower")),
        jpeg_quality=int(qualities.quantile(WORST_SHARE, interpolation="lower")) if are_jpegs else None,
        bins=tuple(judged.bins),
        distribution=distribution,
    )


def embeddings_of(detector: Detector, contents: Iterable[bytes]) -> NDArray[np.float64]:
    """Gives what the network's last layer sees of whole pictures, (pictures, dimensions)."""
    answers = detector.engine.answers(seen_by(detector, contents))
    return np.array([answer.embedding for answer in answers], dtype=np.float64)


def seen_by(detector: Detector, contents: Iterable[bytes]) -> Iterator[Pixels]:
    """Brings whole pictures to what a network sees, each (size, size, 3), uint8."""
    return (detector.view(read_picture(content)).pixels for content in contents)


def distribution_of(train: NDArray[np.float64], validation: NDArray[np.float64]) -> EmbeddingDistribution:
    """Fits a cloud to the training pictures, and measures on the validation pictures how far away is usual.

    Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices" (2004), as the
    embedding has more dimensions than a small split can fill.
    """
    cloud = LedoitWolf().fit(train)
    found = EmbeddingDistribution(cloud.location_, cloud.precision_, usual=0.0)
    distances = [found.distance(embedding) for embedding in validation]
    return replace(found, usual=float(np.quantile(distances, 1 - UNUSUAL_SHARE)))


def write_distribution(file: Path, distribution: EmbeddingDistribution) -> None:
    """Writes them as arrays; the file holds no code."""
    with artifacts.atomic_path(file) as temporary, temporary.open("wb") as target:
        np.savez(target, mean=distribution.mean, precision=distribution.precision, usual=np.float64(distribution.usual))


def table_of(detector: Detector, learnt: Learnt) -> pd.DataFrame:
    """Judges the validation pictures, which the model has not learnt from: what new pictures are compared with."""
    verdicts = detector.predict(learnt.contents(learnt.validation, limit=learnt.limit))
    return pd.DataFrame([row_of(verdict) for verdict in verdicts]).round(DIGITS)


def row_of(verdict: Verdict) -> dict[str, float | None]:
    """Gives a verdict's measures, and those of its picture."""
    facts = verdict.facts
    if facts is None or verdict.distance is None:
        raise EvaluationError("a verdict without measures cannot be compared")
    return {"score": verdict.score, "distance": verdict.distance, **asdict(facts)}


def describe(judged: Judged, learnt: Learnt, baseline: Baseline, *, files: Mapping[str, str]) -> dict[str, Any]:
    """Makes the manifest but for what is measured beside it; see `manifest.Manifest`."""
    calibration = judged.judge.calibration
    return {
        "format": FORMAT,
        "model": judged.name,
        "model_sha256": judged.model_sha256,
        "labels": [LABEL_NAMES[label] for label in sorted(LABEL_NAMES)],
        "input": {"equalise": 0, **judged.preprocess},
        "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
        "threshold": judged.judge.threshold,
        "bins": [asdict(part) for part in judged.bins],
        "training": {
            "images": len(learnt.train),
            "size": baseline.size,
            "side_pixels": baseline.side_pixels,
            "jpeg_quality": baseline.jpeg_quality,
        },
        "is_half": is_half(judged.network),
        "warnings": list(judged.warnings),
        "data": {"name": judged.source.name, "version": judged.source.version, "sha256": judged.source.sha256},
        "files": dict(files),
    }
