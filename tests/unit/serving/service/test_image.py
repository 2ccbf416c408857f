"""The image of `unmask serve`: what it installs is pinned, and arguments of `docker run` leave its bundle alone."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[4]
PACKAGES, DOCKERFILE, LOCK = (
    ROOT / "deploy" / "serve.txt",
    ROOT / "deploy" / "serve.Dockerfile",
    ROOT / "requirements.lock",
)


def test_every_package_of_the_image_is_in_the_lock() -> None:
    locked = set(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==", LOCK.read_text(), re.MULTILINE))
    dockerfile = DOCKERFILE.read_text()
    [of_heatmaps] = re.findall(r"-c constraints\.txt ([a-z][\w. -]+);", dockerfile)
    [tools] = re.findall(r"/\^\(([\w|]+)\)==/", dockerfile)
    wanted = [line for line in PACKAGES.read_text().splitlines() if not line.startswith("#")]
    wanted += [*of_heatmaps.split(), *tools.split("|")]
    assert {"fastapi", "tensorflow", "pip"} <= set(wanted)
    assert not set(wanted) - locked


def test_arguments_of_docker_run_come_after_the_bundle_and_replace_nothing() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    [entrypoint] = [json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT ")]
    assert entrypoint == ["unmask", "serve", "--host", "0.0.0.0", "--model", "/bundle"]
    assert not [line for line in lines if line.startswith("CMD ")]
