"""Measures one model by one recipe on an archive of real faces, and keeps the numbers in docs/results.json.

    python -m benchmarks.real_faces --archive "$UNMASK_REAL_DATA/faces-140k-subset.zip" --recipe paper --model cnn

The pipeline runs in a clone below benchmarks/tmp, whose data stages are kept from call to call. Every number comes
from the metrics.json that the stage evaluate writes there.
"""

import argparse
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks import results, results_page, workspace
from benchmarks.workspace import MeasurementError
from unmask import artifacts, config, environment
from unmask.console import run_stage
from unmask.loss_search.choice import SEARCHED

REAL_DATA = f"${environment.UNMASK_REAL_DATA}"
PROGRAM = "python -m benchmarks.real_faces"
JUDGES_ALONE = "evaluate.robustness_images"  # how closely a model is looked at, which changes nothing in a row


def main() -> None:
    """Runs the pipeline, then writes docs/results.json and docs/results.md."""
    arguments = read_arguments(__doc__)
    spelt = spell_command(PROGRAM, arguments, real_data=real_data_folder())
    commit = workspace.prepare(arguments.work_folder, checkout=Path.cwd())
    parameters, minutes = train(arguments, changes=arguments.set)
    workspace.reproduce(arguments.work_folder, f"evaluate@{arguments.model}")
    rows = results.rows_of(
        artifacts.read_json(arguments.work_folder / "reports" / "evaluate" / arguments.model / "metrics.json"),
        data=arguments.archive.stem,
        recipe=recipe_name(arguments.recipe, arguments.set),
        weights=weights_of(parameters, arguments.model),
        minutes=minutes,
        commit=commit[:12],
        command=spelt,
    )
    results.save(results.RESULTS, results.upsert(results.load(results.RESULTS), rows))
    results_page.main()


def train(arguments: argparse.Namespace, *, changes: Mapping[str, Any]) -> tuple[config.Config, float | None]:
    """Trains the model in the prepared clone.

    Args:
        arguments: see `read_arguments`.
        changes: to the profile, beside the archive: dotted keys and their values.

    Returns:
        The parameters, and the minutes that training took: None where DVC had its output.
    """
    folder, model = arguments.work_folder, arguments.model
    changes = {**of_archive(arguments.archive), **changes}
    parameters = workspace.write_parameters(folder, profile=arguments.recipe, changes=changes)
    if config.training_section(parameters, model).recipe.loss != SEARCHED:
        changes |= {f"search_loss.{model}.epochs": 0}  # nothing would read what it finds
        parameters = workspace.write_parameters(folder, profile=arguments.recipe, changes=changes)
    workspace.reproduce(folder, f"choose_loss@{model}")
    return parameters, workspace.reproduce(folder, f"train@{model}")


def reproduced(arguments: argparse.Namespace, stage: str, *, changes: Mapping[str, Any]) -> str:
    """Trains the model in a clone of this checkout's commit, and runs what follows up to a stage of that model.

    Args:
        arguments: see `read_arguments`.
        stage: without the model: "export".
        changes: see `train`.

    Returns:
        The commit, shortened.
    """
    commit = workspace.prepare(arguments.work_folder, checkout=Path.cwd())
    train(arguments, changes=changes)
    workspace.reproduce(arguments.work_folder, f"{stage}@{arguments.model}")
    return commit[:12]


def real_data_folder() -> Path:
    """Finds the folder of the real faces' archives."""
    real_data = environment.read().real_data
    if real_data is None:
        raise MeasurementError(f"set {environment.UNMASK_REAL_DATA} to the folder of the real faces' archives")
    return real_data.absolute()


def of_archive(archive: Path) -> dict[str, Any]:
    """Gives the parameters that make an archive the data."""
    return {"download.source": "archive", "download.archive": str(archive.absolute())}


def read_arguments(
    description: str, *, add: Callable[[argparse.ArgumentParser], None] = lambda _: None
) -> argparse.Namespace:
    """Reads the command line: archive, recipe, model, changes; `set` becomes a mapping of dotted keys to values.

    Args:
        description: the program's text.
        add: adds arguments of its own.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True, help=f"a zip of faces in {REAL_DATA}")
    parser.add_argument("--recipe", required=True, help="the name of a profile: paper")
    parser.add_argument("--model", required=True, help="cnn, resnet50")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="changes a parameter")
    parser.add_argument("--work-folder", type=Path, default=Path("benchmarks/tmp/work"), help="where the clone is kept")
    parser.add_argument("--debug", action="store_true", help="shows tracebacks")
    add(parser)
    arguments = parser.parse_args()
    arguments.set = dict(read_change(text) for text in arguments.set)
    return arguments


def read_change(text: str) -> tuple[str, Any]:
    """Reads one KEY=VALUE; the value is YAML."""
    key, equals, value = text.partition("=")
    if not equals:
        raise MeasurementError(f"--set {text}: expected KEY=VALUE")
    return key, yaml.safe_load(value)


def spell_command(program: str, arguments: argparse.Namespace, *, real_data: Path) -> str:
    """Writes the command for any machine: paths in the folder of real data begin with the variable's name.

    Raises:
        MeasurementError: a path lies elsewhere, so that nobody could repeat the measurement.
    """
    words = ["--archive", spell(str(arguments.archive.absolute()), real_data=real_data)]
    words += ["--recipe", shlex.quote(arguments.recipe), "--model", shlex.quote(arguments.model)]
    for key, value in arguments.set.items():
        words += ["--set", spell(f"{key}={value}", real_data=real_data)]
    return " ".join([program, *words])


def spell(word: str, *, real_data: Path) -> str:
    """Quotes one word for a shell, the folder of real data replaced by its variable."""
    portable = word.replace(f"{real_data}/", f"{REAL_DATA}/")
    if portable.partition("=")[2].startswith("/") or portable.startswith("/"):
        raise MeasurementError(f"{word} is not in {REAL_DATA}: a measurement is kept only if others can repeat it")
    return f'"{portable}"' if portable != word else shlex.quote(word)


def recipe_name(profile: str, changes: dict[str, Any]) -> str:
    """Names a profile and what was changed in it: "paper, train.cnn.recipe.epochs=3"."""
    named = {key: Path(value).name if is_path(value) else value for key, value in changes.items()}
    return ", ".join([profile, *(f"{key}={value}" for key, value in named.items() if key != JUDGES_ALONE)])


def is_path(value: Any) -> bool:
    """Whether a parameter's value is an absolute path."""
    return isinstance(value, str) and value.startswith("/")


def weights_of(parameters: config.Config, model: str) -> str:
    """Says what a model starts from; models without the parameter start from nothing."""
    weights = config.flatten(parameters.train).get(f"{model}.architecture.weights", "none")
    return Path(weights).name


if __name__ == "__main__":
    run_stage(main)
