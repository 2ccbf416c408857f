r"""Judges one model trained on real faces in every way that the pipeline knows, and keeps it in docs/evaluations.json.

    python -m benchmarks.evaluations --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" --recipe real-subset \
      --model cnn --external stylegan-other photoshop faceswap

The stages run in a clone below benchmarks/tmp, as those of benchmarks.real_faces do: a model that it has trained there
is not trained again. The faces from elsewhere are other archives of the same folder.
"""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import evaluation_section, real_faces, results, results_page
from unmask import artifacts
from unmask.console import run_stage
from unmask.data.record_tables import read_external, rows_of

PROGRAM = "python -m benchmarks.evaluations"
WORST_SLICES = 5


def main() -> None:
    """Runs the pipeline, then writes docs/evaluations.json and docs/results.md."""
    arguments = real_faces.read_arguments(__doc__, add=add_arguments)
    real_data = real_faces.real_data_folder()
    spelt = real_faces.spell_command(PROGRAM, arguments, real_data=real_data)
    spelt += f" --external {' '.join(arguments.external)}"
    sets = [str(real_data / f"{name}.zip") for name in arguments.external]
    changes = {**arguments.set, "evaluate_external.sets": sets}
    commit = real_faces.reproduced(arguments, "evaluate_external", changes=changes)
    known = results.kept(evaluation_section.EVALUATIONS, nothing={})
    name = f"{arguments.archive.stem}, {arguments.model}, {real_faces.recipe_name(arguments.recipe, arguments.set)}"
    known[name] = {
        **read_reports(arguments.work_folder / "reports", arguments.model),
        "commit": commit,
        "command": spelt,
    }
    artifacts.write_json(evaluation_section.EVALUATIONS, known)
    results_page.main()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what only this measurement knows."""
    parser.add_argument("--external", nargs="+", required=True, help="archives of the same folder, without .zip")


def read_reports(reports: Path, model: str) -> dict[str, Any]:
    """Gathers what the stages found out about a model."""
    folder = reports / "evaluate" / model
    metrics = artifacts.read_json(folder / "metrics.json")
    slices = pd.read_csv(folder / "slices.csv").head(WORST_SLICES)
    return {
        "images": sum(metrics["records"]["test"].values()),
        "threshold": metrics["threshold"],
        "calibration": metrics["calibration"],
        "explanation": metrics.get("explanation"),
        "robustness": rows_of(pd.read_csv(folder / "robustness.csv")),
        "slices": rows_of(slices),
        "external": read_external(reports / "evaluate_external" / model / "external.csv"),
    }


if __name__ == "__main__":
    run_stage(main)
