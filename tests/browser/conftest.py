"""A page on a store with two runs, one on a store of two months, and a headless browser.

With UNMASK_SCREENSHOTS=FOLDER the tests leave pictures of what they looked at: `make screenshots`.
"""

import importlib.util
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from judged_checkout import Checkout
from mlflow_server import served
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from two_months import make_two_months

from unmask.environment import Environment
from unmask.tracking import restoring

COLOURS, MENU_PIXELS, DRAWING_MS = 256, 48, 2000  # of a saved picture
ASSISTANT_CLOSED = """
try {
    localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true');
    localStorage.setItem('mlflow.assistant.panelOpen_v1', 'false');
} catch (error) { /* a blank page has no storage */ }
"""
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    Headless Chromium; without one the tests are skipped.

    It ends with each module's tests: while it is open, Playwright keeps an event loop running in this thread, and no
    later test of this process could call `asyncio.run`.
    """
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: pages are not looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory, folders: ModuleType) -> Environment:
    """An environment whose store holds two evaluated models."""
    root = tmp_path_factory.mktemp("tracked")
    surroundings = Environment(root=root, experiment="", tracking_uri="", real_data=None, machine="bench")
    for name, accuracy in {"cnn": 0.821, "resnet50": 0.914}.items():
        folders.write_model(root, name, seed=len(name))
        folders.write_report(root, name, accuracy=accuracy)
    assert len(restoring.track(root, section=None, environment=surroundings)) == 4
    return surroundings


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def months(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout that was retrained after a month, with its store."""
    return make_two_months(tmp_path_factory.mktemp("months"))


@pytest.fixture(scope="module")
def months_address(months: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server on that store; it is ended afterwards."""
    with served(months.environment, folder=tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def small_page(browser: Browser) -> Iterator[Page]:
    """An empty page of a size whose text can be read where a picture of it stands in a text."""
    context = browser.new_context(viewport={"width": 1400, "height": 800})
    context.set_default_timeout(60_000)
    context.add_init_script(ASSISTANT_CLOSED)
    yield context.new_page()
    context.close()


@pytest.fixture
def keep(small_page: Page) -> Callable[[str, int], None]:
    """Saves a picture of the page where pictures are asked for, down to a height, without MLflow's own menus."""
    folder = os.environ.get("UNMASK_SCREENSHOTS")

    def save(name: str, height: int) -> None:
        if not folder:
            return
        for menu in ("Toggle sidebar", "Hide banner"):
            button = small_page.get_by_label(menu)
            if button.count():
                button.click()
        small_page.get_by_role("button", name="MLflow Assistant").evaluate("button => button.remove()")
        small_page.mouse.move(0, 0)
        small_page.wait_for_timeout(DRAWING_MS)
        right_of_menu = {"x": MENU_PIXELS, "y": 0, "width": 1400 - MENU_PIXELS, "height": height}
        picture = Image.open(io.BytesIO(small_page.screenshot(clip=right_of_menu)))
        Path(folder).mkdir(parents=True, exist_ok=True)
        picture.convert("RGB").quantize(COLOURS).save(Path(folder) / f"{name}.png", optimize=True)

    return save
