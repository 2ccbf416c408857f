"""The champion's answers on the challenger's test images: paired tests need both models on the same ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from unmask.data.members import read_members
from unmask.data.raw import find_archive
from unmask.data.record_tables import read_predictions, read_split
from unmask.errors import TrackingError
from unmask.evaluation.compare import differences
from unmask.evaluation.judge import read_judge, read_report, read_value
from unmask.evaluation.paired import Difference
from unmask.models import saved
from unmask.records import TEST
from unmask.serving.bundle.manifest import MANIFEST_FILE
from unmask.serving.bundle.read import load_bundle
from unmask.serving.check_pictures import PREDICTIONS_FILE
from unmask.serving.detector import Detector
from unmask.serving.engines.network import Network
from unmask.tracking.contents import METRICS_FILE, TEST_DIGEST, TRAINING_FILE
from unmask.tracking.registry import Registry
from unmask.tracking.writing import EVALUATION_FOLDER, TRAINING_FOLDER

NETWORK = "network"
PART = 256  # pictures read at once


@dataclass(frozen=True)
class Answers:
    """One model on the test split.

    Attributes:
        predictions: `records.PREDICTION_COLUMNS`.
        threshold: scores from here on are called fake.
    """

    predictions: pd.DataFrame
    threshold: float


def answers_of(report: Path) -> Answers:
    """Reads a model's answers from `reports/evaluate/<model>`."""
    return Answers(read_predictions(report / PREDICTIONS_FILE), read_judge(report / METRICS_FILE).threshold)


def compare_with(challenger: Path, champion: Answers) -> dict[str, Difference]:
    """Tests the challenger against the champion, image by image.

    Args:
        challenger: its `reports/evaluate/<model>`.
        champion: its answers on the same images.

    Returns:
        Metric to how much better the challenger is.
    """
    ours = answers_of(challenger)
    table = differences(
        {"challenger": ours.predictions, "champion": champion.predictions},
        thresholds={"challenger": ours.threshold, "champion": champion.threshold},
        confidence=float(read_report(challenger / METRICS_FILE)["confidence"]),
    )
    return {
        row["metric"]: Difference(row["value"], row["low"], row["high"], row["p_value"])
        for row in table.to_dict("records")
    }


def fetch(registry: Registry, version: str, *, challenger: Path, folder: Path) -> None:
    """Copies what the store has of the champion; its network too, where it was judged on other images.

    Args:
        registry: holds the champion's version, its run and its network.
        version: the champion's.
        challenger: the challenger's `reports/evaluate/<model>`.
        folder: an empty one.
    """
    registry.fetch(version, folder=folder)
    if not is_on_same_images(folder, challenger=challenger):
        registry.fetch_model(version, folder=folder / NETWORK)


def read_answers(folder: Path, *, challenger: Path, data: Path) -> Answers:
    """Reads the champion's answers from its copies, or judges the challenger's test images by its network.

    Args:
        folder: what `fetch` filled.
        challenger: the challenger's `reports/evaluate/<model>`.
        data: `data`, with the archive and the split that the challenger was judged on.
    """
    report = folder / EVALUATION_FOLDER
    if is_on_same_images(folder, challenger=challenger):
        return answers_of(report)
    judge = read_judge(report / METRICS_FILE)
    if bundles := sorted((folder / NETWORK).rglob(MANIFEST_FILE)):
        detector = load_bundle(bundles[0].parent)
        return Answers(judge_again(detector, answers_of(challenger).predictions, data=data), judge.threshold)
    files = sorted((folder / NETWORK).rglob("*.keras"))
    if not files:
        raise TrackingError("the registry has no network of the champion, which was judged on other images")
    detector = Detector(
        name="champion",
        engine=Network(saved.load(files[0])),
        threshold=judge.threshold,
        preprocess=read_value(folder / TRAINING_FOLDER / TRAINING_FILE, "preprocess"),
        calibration=judge.calibration,
    )
    return Answers(judge_again(detector, answers_of(challenger).predictions, data=data), judge.threshold)


def is_on_same_images(folder: Path, *, challenger: Path) -> bool:
    """Whether the champion's own evaluation judged the challenger's test images."""
    theirs = read_report(folder / EVALUATION_FOLDER / METRICS_FILE).get(TEST_DIGEST)
    return bool(theirs == read_value(challenger / METRICS_FILE, TEST_DIGEST))


def judge_again(detector: Detector, predictions: pd.DataFrame, *, data: Path) -> pd.DataFrame:
    """Gives a table with the scores that a detector has for the same pictures, read from the archive."""
    split = read_split(data / "split" / f"{TEST}.csv").set_index("member")["sha256"]
    members = predictions["member"].tolist()
    archive = find_archive(data / "raw")
    scores = []
    for start in range(0, len(members), PART):
        part = members[start : start + PART]
        contents = read_members(archive, part, split.loc[part].tolist())
        scores += [verdict.score for verdict in detector.predict(contents)]
    return predictions.assign(score=np.array(scores))
