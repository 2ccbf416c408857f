r"""Measures one choice of a recipe on the validation split, and keeps the number in docs/ablation.json.

    python -m benchmarks.ablation --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" --recipe real-subset \
      --model cnn --set train.cnn.architecture.gradient_filters=[] --note "without the edges"

The model is trained by the pipeline in a clone below benchmarks/tmp, from the profile with the changes named. The test
split is neither read nor judged on: recipes are chosen by what is written here. `--share 0.1` trains on a tenth of the
training images, for the learning curve.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks import ablation_section, real_faces, results, results_page, validation, workspace
from unmask import artifacts, config
from unmask.console import run_stage
from unmask.models import saved
from unmask.records import TRAIN

PROGRAM = "python -m benchmarks.ablation"
DIGITS = 4


def main() -> None:
    """Trains, judges on validation, then writes docs/ablation.json and docs/results.md."""
    arguments = real_faces.read_arguments(__doc__, add=add_arguments)
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_faces.real_data_folder())
    commit = workspace.prepare(arguments.work_folder, checkout=Path.cwd())
    changes = dict(arguments.set)
    if arguments.share < 1.0:
        changes["preprocess.train_share"] = arguments.share
        spelt += f" --share {arguments.share:g}"
    parameters, minutes = real_faces.train(arguments, changes=changes)
    row = {
        "data": arguments.archive.stem,
        "model": arguments.model,
        "recipe": real_faces.recipe_name(arguments.recipe, arguments.set),
        "share": arguments.share,
        "note": arguments.note,
        "minutes": minutes,
        "commit": commit[:12],
        "command": spelt,
        **judge(arguments.work_folder, arguments.model, section=parameters.evaluate),
    }
    rows = results.kept(ablation_section.ABLATION, nothing=[])
    artifacts.write_json(ablation_section.ABLATION, ablation_section.upsert(rows, row))
    results_page.main()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what only this measurement knows."""
    parser.add_argument("--note", default="", help="says in a few words what the choice is")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the training images is learnt from")


def judge(folder: Path, model: str, *, section: config.EvaluateConfig) -> dict[str, Any]:
    """Scores the validation split.

    Args:
        folder: the clone in which the model was trained.
        model: its name.
        section: says how intervals are made.

    Returns:
        The AUC with its interval, how many images were learnt from, and how many epochs it took.
    """
    made = folder / "models" / model
    network = saved.load(made / "model.keras")
    bounds = validation.area(network, folder / "data" / "shards", section=section)
    about = artifacts.read_json(made / "training.json")
    return {
        "value": round(bounds.value, DIGITS),
        "low": round(bounds.low, DIGITS),
        "high": round(bounds.high, DIGITS),
        "images": about["records"][TRAIN],
        "epochs": about["epochs"],
    }


if __name__ == "__main__":
    run_stage(main)
