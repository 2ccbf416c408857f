"""Measures the stage evaluate: how its time and memory grow with the test images, and the sample's two models.

    python -m benchmarks.evaluation
    python -m benchmarks.evaluation --images 200

The second is a trial. Faces are drawn and a CNN is trained for an epoch in clones below benchmarks/tmp, once with few
images, once with four times and once with seven times as many, each of which goes through the whole grid of
perturbations: what the last three shares cost is held against what the three before them did, as a start takes long.
Memory may not grow by half of what the further images take as float32 pixels.
The sample's models are those of the checkout: `make repro` first, or their line is left unmeasured.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import comparison, memory, workspace
from benchmarks.comparison import Comparison, compare, in_turn, unmeasured
from benchmarks.memory import Usage
from unmask.console import run_stage

NAME = "evaluation"
FOLDER = Path("benchmarks/tmp") / NAME
IMAGES, ROUNDS = 800, 3
TEST_SHARE = 0.15
SIZES = {"few": 1, "more": 4, "most": 7}  # times as many images
LINEAR = 0.9
IMAGE_SIZE = 64
IMAGE_MEGABYTES = IMAGE_SIZE**2 * 3 * 4 / 1e6  # decoded, as float32
SAMPLE_SECONDS = 90
SAMPLE_MODELS = ("cnn", "resnet50")
QUICK = {
    "preprocess.image_size": IMAGE_SIZE,
    "search_loss.cnn.epochs": 0,
    "train.cnn.recipe.loss": "binary_crossentropy",
    "train.cnn.recipe.epochs": 1,
    "split.near_duplicate_distance": 0,
}


def main() -> None:
    """Trains in three clones, measures, writes the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=IMAGES, help="how many faces the smaller set has")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is measured")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    arguments = parser.parse_args()
    lines = [*growth(arguments.images, rounds=arguments.rounds), sample(Path.cwd())]
    is_trial = (arguments.images, arguments.rounds) != (IMAGES, ROUNDS)
    comparison.report(NAME, lines, trial=f"{arguments.images} images, {arguments.rounds} rounds" if is_trial else "")


def growth(num_images: int, *, rounds: int) -> list[Comparison]:
    """Measures the CNN's evaluation on few, more and most images, in turn."""
    usages: dict[str, list[Usage]] = {name: [] for name in SIZES}
    for name, times in SIZES.items():
        workspace.prepare(FOLDER / name, checkout=Path.cwd())
        tested = {"evaluate.robustness_images": times * num_images, "download.sample.images": times * num_images}
        workspace.write_parameters(FOLDER / name, profile="sample", changes={**QUICK, **tested})
        workspace.reproduce(FOLDER / name, "train@cnn")

    def measure(name: str) -> float:
        usages[name].append(evaluate(FOLDER / name, "cnn"))
        return usages[name][-1].seconds

    seconds = in_turn({name: partial(measure, name) for name in SIZES}, rounds=rounds)
    peaks = {name: [usage.peak_bytes / 1e6 for usage in found] for name, found in usages.items()}
    few, more, most = (round(TEST_SHARE * times * num_images) for times in SIZES.values())
    return [
        compare(
            f"evaluate, each image in 55 variants: from {more} images to {most}",
            further(seconds["more"], seconds["most"]),
            peer=(f"from {few} to {more}", further(seconds["few"], seconds["more"])),
            at_least=LINEAR,
            unit="s",
            better="lower",
        ),
        compare(
            f"memory for {most} images",
            peaks["most"],
            peer=(f"that for {few}", peaks["few"]),
            at_least=flat_bar(peaks["few"], added=most - few),
            unit="MB",
            better="lower",
        ),
    ]


def flat_bar(peaks: Sequence[float], *, added: int) -> float:
    """Gives the ratio at which half of the added images would be held.

    Keeping all of them fails by as much as keeping none passes: for 720 images by 18 MB, three times what the medians
    of rounds differed by.

    Args:
        peaks: MB for few images, one a round.
        added: how many images there are beyond these few.
    """
    peak = median(peaks)
    return round(peak / (peak + added * IMAGE_MEGABYTES / 2), 3)


def further(earlier: Sequence[float], later: Sequence[float]) -> list[float]:
    """Gives what more images took beyond fewer, round by round."""
    return [late - early for early, late in zip(earlier, later, strict=True)]


def sample(root: Path) -> Comparison:
    """Measures the evaluation of the sample's two models, one after the other."""
    what = "evaluate both of the sample's models"
    if not all((root / "models" / model / "model.keras").exists() for model in SAMPLE_MODELS):
        return unmeasured(what, peer_name="the limit", at_least=1.0, unit="s")
    seconds = [sum(evaluate(root, model).seconds for model in SAMPLE_MODELS)]
    return compare(what, seconds, peer=("the limit", float(SAMPLE_SECONDS)), at_least=1.0, unit="s", better="lower")


def evaluate(root: Path, model: str) -> Usage:
    """Runs the stage on one model of a checkout; its reports go to benchmarks/tmp."""
    place = root.absolute()
    store = (FOLDER / "mlflow.db").absolute()
    store.parent.mkdir(parents=True, exist_ok=True)
    environment = {**workspace.surroundings(root), "MLFLOW_TRACKING_URI": f"sqlite:///{store}"}
    return memory.measure(command(place, model), environment=environment)


def command(place: Path, model: str) -> Sequence[str]:
    """Spells the stage's command line with whole paths."""
    paths = {
        "--params": place / "params.yaml",
        "--model-folder": place / "models" / model,
        "--shards": place / "data" / "shards",
        "--split": place / "data" / "split",
        "--records": place / "data" / "index" / "records.csv",
        "--output": FOLDER.absolute() / "reports" / model,
    }
    options = [word for name, path in paths.items() for word in (name, str(path))]
    return [sys.executable, str(place / "stages" / "evaluate.py"), "--model", model, *options]


if __name__ == "__main__":
    run_stage(main)
