r"""Tries every loss on an archive of real faces, and keeps the table in docs/losses.json.

    python -m benchmarks.loss_search --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" \
      --recipe real-subset --model cnn

The stages search_loss and choose_loss run in a clone below benchmarks/tmp. They read train and validation; no loss is
ever judged on the test split.
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks import loss_section, real_faces, results_page, workspace
from benchmarks.workspace import MeasurementError
from unmask import artifacts, config, environment
from unmask.console import run_stage
from unmask.loss_search.choice import SEARCHED, TABLE

PROGRAM = "python -m benchmarks.loss_search"


def main() -> None:
    """Runs the search, then writes docs/losses.json and docs/results.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    real_faces.add_arguments(parser)
    arguments = parser.parse_args()
    real_data = environment.read().real_data
    if real_data is None:
        raise MeasurementError(f"set {environment.UNMASK_REAL_DATA} to the folder of the real faces' archives")
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_data.absolute())
    changes = dict(real_faces.read_change(text) for text in arguments.set)
    recipe = real_faces.recipe_name(arguments.recipe, changes)
    commit = workspace.prepare(arguments.work_folder, checkout=Path.cwd())
    changes |= {
        "download.source": "archive",
        "download.archive": str(arguments.archive.absolute()),
        f"train.{arguments.model}.recipe.loss": SEARCHED,
    }
    parameters = workspace.write_parameters(arguments.work_folder, profile=arguments.recipe, changes=changes)
    minutes = workspace.reproduce(arguments.work_folder, f"choose_loss@{arguments.model}")
    found = pd.read_csv(arguments.work_folder / "reports" / "choose_loss" / arguments.model / TABLE)
    known = artifacts.read_json(loss_section.LOSSES) if loss_section.LOSSES.exists() else {}
    known[f"{arguments.archive.stem}, {arguments.model}, {recipe}"] = {
        "losses": found.to_dict("records"),
        "budget": config.flatten(config.loss_budget(parameters, arguments.model)),
        "minutes": minutes,
        "commit": commit[:12],
        "command": spelt,
    }
    artifacts.write_json(loss_section.LOSSES, known)
    results_page.main()


if __name__ == "__main__":
    run_stage(main)
