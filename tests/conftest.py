"""Small archives of generated pictures, shared by all tests; no real face is in any of them."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unmask import config, environment
from unmask.data import shards

ROOT = Path(__file__).parent.parent
SIZE = 32  # pixels a side of the pictures in `splits`
CAMPAIGN = "campaign"  # a property of a test: what its campaign of faults did, and from which seed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what the campaigns did, also those that ran in other processes."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    told = [value for report in reports for name, value in report.user_properties if name == CAMPAIGN]
    if told:
        terminalreporter.section("campaigns")
    for value in told:
        terminalreporter.write_line(value)


@pytest.fixture
def make_picture() -> Callable[..., Image.Image]:
    """Draws a picture that looks like no other of another seed: smooth noise."""

    def make(seed: int = 0, *, size: tuple[int, int] = (48, 48)) -> Image.Image:
        noise = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)

    return make


@pytest.fixture
def make_image(make_picture: Callable[..., Image.Image]) -> Callable[..., bytes]:
    """Encodes such a picture: `make_image(seed, size=(48, 48), format="JPEG", quality=75)`."""

    def make(seed: int = 0, *, size: tuple[int, int] = (48, 48), format: str = "JPEG", **options: Any) -> bytes:
        return encode(make_picture(seed, size=size), format, **options)

    return make


@pytest.fixture
def make_faces(make_image: Callable[..., bytes]) -> Callable[..., dict[str, bytes]]:
    """Makes the members of an archive: `make_faces(per_class=8, splits=("train", "valid", "test"))`.

    Without splits the members are `real/000.jpg`, ...; with them `set/train/real/000.jpg`, ..., as Kaggle has it.
    """

    def make(*, per_class: int = 8, splits: tuple[str, ...] = (), size: tuple[int, int] = (48, 48)) -> dict[str, bytes]:
        folders = [f"set/{split}/{label}" for split in splits for label in ("real", "fake")] or ["real", "fake"]
        return {
            f"{folder}/{number:03d}.jpg": make_image(1000 * position + number, size=size)
            for position, folder in enumerate(folders)
            for number in range(per_class)
        }

    return make


@pytest.fixture
def make_archive(tmp_path: Path, make_faces: Callable[..., dict[str, bytes]]) -> Callable[..., Path]:
    """Writes a zip: of `members` (name to bytes or text), or of the pictures that `make_faces` makes."""

    def make(members: Mapping[str, bytes | str] | None = None, *, name: str = "faces.zip", **options: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = make_faces(**options) if members is None else members
        with zipfile.ZipFile(path, "w") as archive:
            for member, data in content.items():
                archive.writestr(zipfile.ZipInfo(member), data)
        return path

    return make


@pytest.fixture
def parameters() -> config.Config:
    """The parameters as committed."""
    return config.load(ROOT / "params.yaml")


@pytest.fixture
def write_parameters(tmp_path: Path) -> Callable[..., Path]:
    """Writes the committed parameters with some texts replaced: `write_parameters({"epochs: 15": "epochs: 1"})`."""

    def write(changes: Mapping[str, str], *, name: str = "params.yaml") -> Path:
        text = (ROOT / "params.yaml").read_text(encoding="utf-8")
        for old, new in changes.items():
            assert old in text, f"params.yaml has no {old!r}"
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def real_data() -> Path:
    """The folder of real face archives; skips where there is none."""
    folder = environment.read().real_data
    if folder is None:
        pytest.skip(f"{environment.UNMASK_REAL_DATA} is unset: no real faces to test with")
    return folder


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    """Encodes a picture."""
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.fixture
def splits(tmp_path: Path, make_image: Callable[..., bytes]) -> tuple[shards.ShardIndex, shards.ShardIndex]:
    """Writes the shards of 30 pictures of 32 pixels to learn from, and 12 for validation."""
    about = {"preprocess": {"image_size": SIZE, "fit": "resize", "resample": "box"}}
    for name, count in (("train", 30), ("validation", 12)):
        faces = [shards.Example(str(n), n % 2, f"{n:064x}", make_image(n, size=(SIZE, SIZE))) for n in range(count)]
        shards.write(tmp_path / name, faces, total=count, shard_megabytes=1.0, about=about)
    return shards.read_index(tmp_path / "train"), shards.read_index(tmp_path / "validation")
