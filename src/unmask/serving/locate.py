"""Which detector a person means: a model of the pipeline, its champion, or a file that `unmask export` wrote."""

from pathlib import Path

from unmask.serving.detector import Detector, champion
from unmask.serving.export import SUFFIX, load_exported

CHAMPION = "champion"


def locate(model: str, *, models: Path, reports: Path) -> Detector:
    """Loads a detector by what a person calls it.

    Args:
        model: a folder of `models`, "champion", or the path of an exported file, which ends in `.keras`.
        models: the folder of all models.
        reports: the folder of all reports.

    Raises:
        EvaluationError: there is no such detector, or a file of it is missing or damaged.
    """
    if model.endswith(SUFFIX):
        return load_exported(Path(model))
    name = champion(reports / "compare") if model == CHAMPION else model
    return Detector.load(models / name, reports / "evaluate" / name)
