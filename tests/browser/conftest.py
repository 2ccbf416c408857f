"""A page on a store with two runs, made by the mirror from small finished folders, and a headless browser."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from mlflow_server import served
from playwright.sync_api import Browser, Page, sync_playwright

from unmask.environment import Environment
from unmask.tracking import restoring

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
    with served(environment, folder=tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context(viewport={"width": 1700, "height": 1200})
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
