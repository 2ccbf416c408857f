"""A store in a temporary folder, and finished folders to mirror."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from unmask.environment import Environment


@pytest.fixture(scope="session")
def folders() -> ModuleType:
    """The module that writes finished folders; loaded by path because tests are no package."""
    spec = importlib.util.spec_from_file_location("finished_folders", Path(__file__).with_name("folders.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment without a store yet."""
    return Environment(root=tmp_path, experiment="", tracking_uri="", real_data=None, machine="bench")


@pytest.fixture
def trained(tmp_path: Path, folders: ModuleType) -> Callable[..., Path]:
    """Makes a finished model folder."""

    def make(name: str = "cnn", *, seed: int = 1) -> Path:
        return folders.write_model(tmp_path, name, seed=seed)

    return make


@pytest.fixture
def judged(tmp_path: Path, folders: ModuleType) -> Callable[..., Path]:
    """Makes a finished report folder."""

    def make(name: str = "cnn", *, accuracy: float = 0.9) -> Path:
        return folders.write_report(tmp_path, name, accuracy=accuracy)

    return make
