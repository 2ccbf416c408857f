r"""Holds a bundle's engines against Keras on real faces, and keeps what was found in docs/bundles.json.

    python -m benchmarks.bundles --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" --recipe real-subset --model cnn

The stages run in a clone below benchmarks/tmp, as those of benchmarks.real_faces do: a model that it has trained there
is not trained again. Exports may differ from Keras by 0.0001 in P(fake) on 500 pictures; else the command fails. What 8
bits cost is told, and fails nothing.
"""

import argparse
import statistics
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks import bundle_section, real_faces, results, results_page
from benchmarks.comparison import in_turn
from benchmarks.workspace import MeasurementError
from unmask import artifacts
from unmask.console import run_stage, silent_start
from unmask.data.members import read_members
from unmask.data.raw import find_archive
from unmask.records import FAKE, TEST, TRAIN, VALIDATION
from unmask.serving.bundle.read import load_bundle
from unmask.serving.detector import Detector
from unmask.serving.engines import ENGINES, FILES, INT8, PARITY_LIMIT

PROGRAM = "python -m benchmarks.bundles"
PARITY_PICTURES = 500
REFERENCE = "openvino"  # what the others' speed, and the cost of 8 bits, is held against
ROUNDS, REPEATS = 5, 20
MEGABYTE = 1e6


def main() -> None:
    """Runs the pipeline, then writes docs/bundles.json and docs/results.md."""
    arguments = real_faces.read_arguments(__doc__)
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_faces.real_data_folder())
    commit = real_faces.reproduced(arguments, "export", changes=arguments.set)
    name = f"{arguments.archive.stem}, {arguments.model}, {real_faces.recipe_name(arguments.recipe, arguments.set)}"
    found = {**measure(arguments), "commit": commit, "command": spelt}
    known = {**results.kept(bundle_section.BUNDLES, nothing={}), name: found}
    artifacts.write_json(bundle_section.BUNDLES, known)
    results_page.main()
    worst = max(engine["parity"] for engine in found["engines"].values() if engine["parity"] is not None)
    if not worst <= PARITY_LIMIT:
        raise MeasurementError(f"an engine differs from Keras by {worst:.2g} in P(fake), by more than {PARITY_LIMIT:g}")


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Judges some pictures of every split by all engines, and the test split by each."""
    data, bundle = arguments.work_folder / "data", arguments.work_folder / "bundles" / arguments.model
    with silent_start():
        from unmask.serving.export import load_exported
    detectors = {engine: load_bundle(bundle, engine=engine) for engine in ENGINES}
    tables = {split: pd.read_csv(data / "split" / f"{split}.csv") for split in (TRAIN, VALIDATION, TEST)}
    some = pd.concat(tables.values()).sort_values(["sha256", "member"]).head(PARITY_PICTURES)
    expected = scores_of(load_exported(bundle / "model.keras"), contents_of(some, data))
    parity = {
        engine: float(np.abs(scores_of(detector, contents_of(some, data)) - expected).max())
        for engine, detector in detectors.items()
        if engine != INT8
    }
    contents, labels = contents_of(tables[TEST], data), tables[TEST]["label"].to_numpy()
    scores = {engine: scores_of(detector, contents) for engine, detector in detectors.items()}
    seconds = single_seconds(detectors, contents[0])
    return {
        "parity_pictures": len(some),
        "images": len(labels),
        "engines": {
            engine: {
                "parity": parity.get(engine),
                **quality_of(scores[engine], labels, threshold=detector.threshold),
                **cost_of(scores[engine], scores[REFERENCE], threshold=detector.threshold),
                "megabytes": sum((bundle / name).stat().st_size for name in FILES[engine]) / MEGABYTE,
                "speed": seconds[REFERENCE] / seconds[engine],
            }
            for engine, detector in detectors.items()
        },
    }


def contents_of(table: pd.DataFrame, data: Path) -> list[bytes]:
    """Reads pictures out of the archive."""
    return list(read_members(find_archive(data / "raw"), table["member"].tolist(), table["sha256"].tolist()))


def scores_of(detector: Detector, contents: list[bytes]) -> NDArray[np.float64]:
    """Gives P(fake) of pictures."""
    return np.array([verdict.score for verdict in detector.predict(contents)])


def quality_of(scores: NDArray[np.float64], labels: NDArray[np.int64], *, threshold: float) -> dict[str, float]:
    """Gives what the evaluation calls a model's quality."""
    right = (scores >= threshold) == (labels == FAKE)
    return {"accuracy": float(right.mean()), "roc_auc": float(roc_auc_score(labels, scores))}


def cost_of(scores: NDArray[np.float64], exact: NDArray[np.float64], *, threshold: float) -> dict[str, float]:
    """Tells how far scores are from others of the same pictures, and how many labels that changes."""
    return {
        "largest_difference": float(np.abs(scores - exact).max()),
        "mean_difference": float(np.abs(scores - exact).mean()),
        "changed": int(((scores >= threshold) != (exact >= threshold)).sum()),
    }


def single_seconds(detectors: Mapping[str, Detector], content: bytes) -> dict[str, float]:
    """Measures one picture's time in each engine alone, in turn: the median of the rounds."""
    ways = {name: partial(median_seconds, detector, content) for name, detector in detectors.items()}
    return {name: statistics.median(found) for name, found in in_turn(ways, rounds=ROUNDS).items()}


def median_seconds(detector: Detector, content: bytes) -> float:
    """Measures one call's time: the median of several."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        detector.predict([content])
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    run_stage(main)
