"""What an interrupted training needs to go on from its last finished epoch as if nothing had happened.

It lies outside the stage's output, and is found only by what the training is made of: other parameters, data,
code or library versions never go on from it. The order of images and their variation are functions of seed and epoch,
so that they need not be kept.
"""

import json
import logging
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

import unmask
from unmask import artifacts
from unmask.config import TrainingSection, flatten
from unmask.data.features import Features
from unmask.data.shards import ShardIndex

STATE, ARRAYS = "state.json", "arrays.npz"
CODE = ("data/input", "losses", "models", "training")  # of the package: what an epoch is made of
PACKAGES = ("keras", "numpy", "tensorflow")
UNREADABLE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile)  # what damage raises

Arrays = list[npt.NDArray[Any]]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class State:
    """Where a training stands.

    Attributes:
        phase: "head" or "all".
        is_over: whether the phase has had its last epoch.
        rows: the history so far, of all phases: one mapping an epoch.
        best: the monitored value of the best epoch of the phase, and that epoch.
        best_epoch: see `best`.
        wait: epochs since then.
        variables: the model's, in Keras' order; the states of its random generators are among them.
        optimizer: the optimiser's, likewise.
        best_weights: the model's weights after the best epoch.
    """

    phase: str
    is_over: bool
    rows: list[dict[str, Any]]
    best: float
    best_epoch: int
    wait: int
    variables: Arrays = field(repr=False)
    optimizer: Arrays = field(repr=False)
    best_weights: Arrays = field(repr=False)


ARRAY_FIELDS = ("variables", "optimizer", "best_weights")


class Checkpoint:
    """The state of one training on disk."""

    def __init__(self, folder: Path, *, key: str) -> None:
        """Names the place; nothing is read or written.

        Args:
            folder: where the states of this stage lie; each under its key.
            key: see `key_of`.
        """
        self.folder = folder
        self.key = key
        self.place = folder / key

    def of_member(self, number: int) -> "Checkpoint":
        """Gives the place of one member of an ensemble; the first one's is this one."""
        return Checkpoint(self.folder, key=f"{self.key}-{number}") if number else self

    def is_whole(self) -> bool:
        """Whether there is a state to go on from."""
        try:
            self.read()
        except UNREADABLE:
            return False
        return True

    def save(self, state: State) -> None:
        """Replaces the state; a process that is killed meanwhile leaves the earlier one."""
        arrays = {f"{name}-{n:05d}": array for name in ARRAY_FIELDS for n, array in enumerate(getattr(state, name))}
        plain = {name: value for name, value in vars(state).items() if name not in ARRAY_FIELDS}
        with artifacts.atomic_path(self.place) as target:
            target.mkdir()
            np.savez(target / ARRAYS, **arrays)
            plain["arrays"] = len(arrays)
            artifacts.write_text(target / STATE, json.dumps(plain))  # not sorted: a row's order is the history's

    def load(self) -> State | None:
        """Reads the state; None where there is none, or a damaged one, which is told."""
        if not self.place.exists():
            return None
        try:
            return self.read()
        except UNREADABLE as error:
            logger.warning("%s is damaged (%s): training begins anew", self.place, error)
            return None

    def read(self) -> State:
        """Reads the state, which must be there and whole.

        Raises:
            OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile: it is not.
        """
        content: dict[str, Any] = artifacts.read_json(self.place / STATE)
        count = content.pop("arrays")
        with (self.place / ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names = sorted(arrays.files)
            for kind in ARRAY_FIELDS:
                content[kind] = [arrays[name] for name in names if name.startswith(f"{kind}-")]
        if len(names) != count or not content["rows"]:
            raise ValueError(f"{len(names)} of {count} arrays, {len(content['rows'])} epochs")
        return State(**content)

    def clear(self) -> None:
        """Removes the states of this stage, this training's and any other's."""
        shutil.rmtree(self.folder, ignore_errors=True)


def key_of(
    section: TrainingSection, *, training: ShardIndex, validation: ShardIndex, features: Features | None = None
) -> str:
    """Names a training by all it is made of.

    Args:
        section: its part of the parameters.
        training: what it learns from.
        validation: what chooses its best epoch.
        features: what its head's phase reads, where it does not run the backbone.

    Returns:
        A SHA-256 in hexadecimal: of the parameters, the data, this package's code for training, the libraries.
    """
    root = Path(unmask.__file__).parent
    files = sorted(file for folder in CODE for file in (root / folder).rglob("*.py"))
    weights = Path(getattr(section.architecture, "weights", ""))
    made_of = {
        "parameters": flatten(section),
        "start": artifacts.sha256_of_file(weights) if weights.is_file() else "",
        "data": [training.sha256, validation.sha256],
        "features": features.sha256 if features else "",
        "code": {str(file.relative_to(root)): artifacts.sha256_of_file(file) for file in files},
        "versions": {package: version(package) for package in PACKAGES},
    }
    return artifacts.sha256_of_text(json.dumps(made_of, sort_keys=True))


def take(model: keras.Model) -> tuple[Arrays, Arrays]:
    """Copies the variables of a compiled model and of its optimiser."""
    return arrays_of(model.variables), arrays_of(model.optimizer.variables)


def put_back(model: keras.Model, state: State) -> None:
    """Brings a compiled model and its optimiser to a state."""
    model.optimizer.build(model.trainable_variables)
    for variables, arrays in ((model.variables, state.variables), (model.optimizer.variables, state.optimizer)):
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def arrays_of(variables: Iterable[Any]) -> Arrays:
    """Copies variables."""
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]
