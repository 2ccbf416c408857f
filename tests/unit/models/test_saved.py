"""A model file that carries code is refused, and its code is not run."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import pytest

from unmask.errors import EvaluationError
from unmask.models import saved

Config = dict[str, Any]


def small_model() -> keras.Model:
    pictures = keras.Input((4, 4, 3))
    return keras.Model(pictures, keras.layers.Dense(1)(keras.layers.Flatten()(pictures)))


def plant_lambda(path: Path, *, mark: Path) -> None:
    """A layer that is a Python function, which Keras stores as bytecode."""
    pictures = keras.Input((4, 4, 3))

    name = str(mark)
    touch = keras.layers.Lambda(lambda inputs: (__import__("pathlib").Path(name).touch(), inputs)[1])
    keras.Model(pictures, touch(pictures)).save(path)
    mark.unlink()  # building the model ran it


def forge(path: Path, change: Callable[[Config], None]) -> None:
    """Saves a model whose description was changed afterwards."""
    small_model().save(path)
    with zipfile.ZipFile(path) as file:
        members = {name: file.read(name) for name in file.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)


def plant_module(path: Path, *, mark: Path) -> None:
    """A layer that names a function of the system."""

    def change(config: Config) -> None:
        config["config"]["layers"][1].update(module="os", class_name="system", config=f"touch {mark}")

    forge(path, change)


def plant_function(path: Path, *, mark: Path) -> None:
    """An activation that names a function outside Keras."""

    def change(config: Config) -> None:
        function = {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"}
        config["config"]["layers"][2]["config"]["activation"] = function

    forge(path, change)


@pytest.mark.parametrize("plant", [plant_lambda, plant_module, plant_function])
def test_a_file_with_code_is_refused_and_its_code_not_run(plant: Callable[..., None], tmp_path: Path) -> None:
    path, mark = tmp_path / "model.keras", tmp_path / "mark"
    plant(path, mark=mark)
    with pytest.raises(EvaluationError, match="cannot load"):
        saved.load(path)
    assert not mark.exists()


def test_the_planted_layer_would_run_where_loading_were_not_safe(tmp_path: Path) -> None:
    path, mark = tmp_path / "model.keras", tmp_path / "mark"
    plant_lambda(path, mark=mark)
    keras.saving.load_model(path, compile=False, safe_mode=False)
    assert mark.exists()


def test_an_own_file_loads(tmp_path: Path) -> None:
    model = small_model()
    saved.save(tmp_path / "model.keras", model)
    assert saved.load(tmp_path / "model.keras").count_params() == model.count_params()
