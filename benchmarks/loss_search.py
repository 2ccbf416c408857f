r"""Tries every loss on an archive of real faces, and keeps the table in docs/losses.json.

    python -m benchmarks.loss_search --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" \
      --recipe real-subset --model cnn --set search_loss.cnn.epochs=12

The stages search_loss and choose_loss run in a clone below benchmarks/tmp. They read train and validation; no loss is
ever judged on the test split. A profile whose recipe names its loss has no epochs for a search: give it some.
"""

from pathlib import Path

import pandas as pd

from benchmarks import loss_section, real_faces, results, results_page, workspace
from unmask import artifacts, config
from unmask.console import run_stage
from unmask.loss_search.choice import SEARCHED, TABLE

PROGRAM = "python -m benchmarks.loss_search"


def main() -> None:
    """Runs the search, then writes docs/losses.json and docs/results.md."""
    arguments = real_faces.read_arguments(__doc__)
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_faces.real_data_folder())
    recipe = real_faces.recipe_name(arguments.recipe, arguments.set)
    commit = workspace.prepare(arguments.work_folder, checkout=Path.cwd())
    searched = {f"train.{arguments.model}.recipe.loss": SEARCHED}
    changes = {**arguments.set, **real_faces.of_archive(arguments.archive), **searched}
    parameters = workspace.write_parameters(arguments.work_folder, profile=arguments.recipe, changes=changes)
    minutes = workspace.reproduce(arguments.work_folder, f"choose_loss@{arguments.model}")
    found = pd.read_csv(arguments.work_folder / "reports" / "choose_loss" / arguments.model / TABLE)
    known = results.kept(loss_section.LOSSES, nothing={})
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
