"""A page on a store with two runs, made by the mirror from small finished folders, and a headless browser."""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from unmask.environment import Environment
from unmask.tracking import restoring
from unmask.tracking.store import locate
from unmask.tracking.ui import SETTINGS, server_command

CHROMIUM = shutil.which("chromium")
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 90


@pytest.fixture(scope="session")
def folders() -> ModuleType:
    """The module that writes finished folders, shared with the unit tests; loaded by path as tests are no package."""
    path = Path(__file__).parents[1] / "unit" / "tracking" / "folders.py"
    spec = importlib.util.spec_from_file_location("finished_folders", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium; without one the tests are skipped."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: pages are not looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, folders: ModuleType) -> Environment:
    """Surroundings whose store holds two evaluated models."""
    root = tmp_path_factory.mktemp("tracked")
    surroundings = Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench")
    for name, accuracy in {"cnn": 0.821, "resnet50": 0.914}.items():
        folders.write_model(root, name, seed=len(name))
        folders.write_report(root, name, accuracy=accuracy)
    assert len(restoring.track(root, section=None, environment=surroundings)) == 4
    return surroundings


@pytest.fixture(scope="session")
def address(browser: Browser, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server on that store; it is ended afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with log.open("w") as output:
        server = subprocess.Popen(
            server_command(locate(environment), port=port),
            env={**os.environ, **SETTINGS},
            cwd=log.parent,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, server, log)
            yield url
        finally:
            end_group(server)


def wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


def end_group(server: subprocess.Popen[bytes]) -> None:
    """Ends the server and the workers it started: they are a process group of their own."""
    os.killpg(server.pid, 15)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, 9)
        server.wait(20)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context(viewport={"width": 1700, "height": 1200})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
