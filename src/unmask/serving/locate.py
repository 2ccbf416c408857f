"""Which detector a person means."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from unmask import environment
from unmask.console import silent_start
from unmask.errors import EvaluationError
from unmask.evaluation.judge import read_value
from unmask.serving.bundle.manifest import MANIFEST_FILE
from unmask.serving.bundle.read import DEFAULT_ENGINE, load_bundle
from unmask.serving.detector import Detector
from unmask.tracking.contents import CHAMPION_FILE
from unmask.tracking.registered import ALIAS_SIGN, fetch_bundle

CHAMPION = "champion"
KERAS_SUFFIX = ".keras"


def locate(model: str, *, bundles: Path, reports: Path, engine: str = DEFAULT_ENGINE) -> Detector:
    """Loads a detector by what a person calls it.

    Args:
        model: a bundle's folder; a model of `bundles`; "champion", that of the comparison; an alias of MLflow's
            registry, "unmask@champion"; or the path of a file that `unmask export` wrote, which ends in `.keras`.
        bundles: the folder of all bundles.
        reports: the folder of all reports.
        engine: what computes; an exported file is Keras' alone.

    Raises:
        TrackingError: the registry has no such detector.
        EvaluationError: there is no such detector, or a file of it is missing or damaged.
        ConfigError: there is no such engine.
    """
    if model.endswith(KERAS_SUFFIX):
        from unmask.serving.export import load_exported

        return load_exported(Path(model))
    with bundle_of(model, bundles=bundles, reports=reports) as folder:
        return load_bundle(folder, engine=engine)


@contextmanager
def bundle_of(model: str, *, bundles: Path, reports: Path) -> Iterator[Path]:
    """Finds a detector's folder by what a person calls it.

    Args:
        model: a bundle's folder; a model of `bundles`; "champion"; or an alias of MLflow's registry.
        bundles: the folder of all bundles, in a checkout's root: an alias is looked up in that checkout's registry,
            unless an environment variable names another.
        reports: the folder of all reports.

    Yields:
        The folder. An alias's is a copy that is gone after the block.

    Raises:
        TrackingError: the registry has no such detector, or cannot be asked.
        EvaluationError: there is no such detector.
    """
    if ALIAS_SIGN in model and not Path(model).exists():
        surroundings = environment.read()
        # Of the current folder, which may be DVC's copy of a checkout, the environment knows the root.
        if bundles.parent != Path():
            surroundings = replace(surroundings, root=bundles.parent)
        with TemporaryDirectory() as folder:
            with silent_start():  # MLflow imports TensorFlow
                bundle = fetch_bundle(model, folder=Path(folder), environment=surroundings)
            yield bundle
    else:
        yield find_bundle(model, bundles=bundles, reports=reports)


def find_bundle(model: str, *, bundles: Path, reports: Path) -> Path:
    """Finds the folder of a detector that lies on this machine; see `bundle_of`."""
    if (Path(model) / MANIFEST_FILE).is_file():
        return Path(model)
    name = model_named(model, reports=reports)
    try:
        return find_outputs(name, folder=bundles)
    except EvaluationError as error:
        raise EvaluationError(f"{error}; or name a bundle's folder") from error


def find_outputs(name: str, *, folder: Path) -> Path:
    """Finds what a stage made of a model.

    Args:
        name: of a model of `params.yaml`.
        folder: that of all models: `bundles`, `models`.

    Raises:
        EvaluationError: it holds nothing of this name.
    """
    known = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if name not in known:  # nor is a path one, though it may lead somewhere
        there = f"{folder}/ has {', '.join(known) or 'none'}"
        if not folder.is_dir():
            there = f"there is no {folder}/ in this folder"
        raise EvaluationError(
            f"there is no model {name!r}: {there}. Run `dvc repro` or `dvc pull` in the checkout's root"
        )
    return folder / name


def model_named(model: str, *, reports: Path) -> str:
    """Names the model that a person means by "champion"; any other name is its own."""
    return champion(reports / "compare") if model == CHAMPION else model


def champion(reports: Path) -> str:
    """Names the model that the comparison chose on the validation split.

    Args:
        reports: `reports/compare`.

    Raises:
        EvaluationError: there is no comparison yet.
    """
    if not (reports / CHAMPION_FILE).exists():
        raise EvaluationError(
            f"there is no champion: {reports / CHAMPION_FILE} is missing. Run `dvc repro` or `dvc pull` in the root of "
            "the checkout; or name a model, or a bundle's folder"
        )
    return str(read_value(reports / CHAMPION_FILE, "model"))
