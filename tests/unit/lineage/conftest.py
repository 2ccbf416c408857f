import shutil
from pathlib import Path

import pytest
from laboratory import Laboratory, build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Laboratory:
    """The repository as it is built."""
    return build(tmp_path_factory.mktemp("lineage") / "laboratory")


@pytest.fixture
def laboratory(built: Laboratory, tmp_path: Path) -> Laboratory:
    """A copy of its own."""
    shutil.copytree(built.root.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Laboratory(tmp_path / built.root.name, built.commits)
