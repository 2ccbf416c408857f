"""The detector's page as a person uses it: with mouse and keyboard, on a phone and on a desktop.

The detector judges by brightness and the heatmaps are drawn here, so that nothing waits for TensorFlow.
"""

import base64
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import uvicorn
from brightness_detector import Brightness, make_manifest, make_subject
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from unmask.serving.bundle.manifest import TrainingPictures
from unmask.serving.service.application import Subject, make_application
from unmask.serving.service.examples import draw_examples
from unmask.serving.service.heatmaps import Heatmaps, coloured
from unmask.serving.service.settings import Limits

pytestmark = pytest.mark.browser

PHONE, DESKTOP = (390, 844), (1280, 800)
SIDE = 64
KEY = "a-long-enough-key-1"
PASTE = """([text, name]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/png' }));
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true }));
}"""
DROP = """([text, name]) => {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type: 'image/png' }));
    const place = document.querySelector('#um-drop');
    place.dispatchEvent(new DragEvent('dragover', { dataTransfer: transfer, bubbles: true, cancelable: true }));
    place.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""

PLACES = """() => [...document.querySelectorAll('.um-stage > img')].map(
    (image) => Object.values(image.getBoundingClientRect().toJSON()),
)"""


def served_subject(network: Path) -> Subject:
    warnings = ["it learnt from drawings, and was judged on drawings: of photographs it knows nothing"]
    training = TrainingPictures(images=840, size=None, side_pixels=128, jpeg_quality=80)
    data = {"name": "unmask/sample", "version": "1", "sha256": "cd" * 32}
    manifest = make_manifest("cnn", side=SIDE, training=training, warnings=warnings, data=data)
    card = "---\nlicense: other\n---\n\n# Model card: cnn\n\n## Not for\n\n- Proof about any one picture.\n"
    return make_subject(Brightness(), manifest, network=network, card=card, examples=draw_examples(side_pixels=128))


async def drawn(_: Heatmaps, __: Path, parts: list) -> list[bytes]:
    """A heatmap that is warm at the top left."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    heat = np.exp(-((rows - 20) ** 2 + (columns - 20) ** 2) / 200).astype(np.float32)
    return [coloured(heat) for _ in parts]


@pytest.fixture(scope="module")
def serve(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts services on free ports of this machine, and ends them."""
    started: list[tuple[uvicorn.Server, threading.Thread]] = []
    patch = pytest.MonkeyPatch()
    patch.setattr(Heatmaps, "in_process", drawn)
    subject = served_subject(tmp_path_factory.mktemp("bundle") / "model.keras")

    def start(*, keys: tuple[str, ...] = (), **changed: object) -> str:
        app = make_application(replace(subject, **changed), workers=2, limits=Limits(), api_keys=keys)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
        while not server.started:
            time.sleep(0.05)
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"

    yield start
    for server, thread in started:
        server.should_exit = True
        thread.join()
    patch.undo()


@pytest.fixture(scope="module")
def open_service(serve: Callable[..., str]) -> str:
    """The address of a service without keys."""
    return serve()


def picture(grey: int, *, side: int = 160) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), (grey, grey, grey)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages and holds, at the end, that they asked nothing of anybody else and broke on nothing."""
    contexts, asked, broken = [], [], []

    def open_page(address: str, *, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        page.goto(address)
        expect(page.locator("#um-files")).to_be_attached()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not broken
    assert asked
    assert not [url for url in asked if not url.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:"))]


def choose(page: Page, *greys: int) -> None:
    files = [{"name": f"grey {grey}.png", "mimeType": "image/png", "buffer": picture(grey)} for grey in greys]
    page.set_input_files("#um-files", files)


def keep(page: Page, name: str) -> None:
    """Saves a picture of the page where pictures are asked for."""
    if folder := os.environ.get("UNMASK_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        shot.convert("RGB").quantize(256).save(Path(folder) / f"{name}.png", optimize=True)


def test_several_chosen_pictures_get_a_verdict_each(opened, open_service):
    page = opened(open_service)
    choose(page, 130, 60)
    verdicts = page.locator("#um-verdicts > li")
    expect(page.locator("#um-status")).to_have_text("2 pictures judged.")
    expect(verdicts).to_have_count(2)
    expect(verdicts.nth(0).locator("h3")).to_have_text("Probably fake")
    expect(verdicts.nth(1).locator("h3")).to_have_text("Probably real")
    # 38 of 40: Wilson's interval is 83.5% to 98.6%.
    expect(verdicts.nth(0)).to_contain_text("Going by the 40 test pictures with a score like this, 83% to 99%")
    expect(verdicts.nth(0)).to_contain_text("Evidence, not proof.")
    page.get_by_role("button", name="Clear all").click()
    expect(verdicts).to_have_count(0)
    expect(page.locator("#um-files")).to_be_focused()


@pytest.mark.parametrize("script", [PASTE, DROP])
def test_a_pasted_and_a_dropped_picture_are_judged(opened, open_service, script):
    page = opened(open_service)
    page.evaluate(script, [base64.b64encode(picture(130)).decode(), "<img src=x onerror=alert(1)>.png"])
    expect(page.locator("#um-verdicts h3")).to_have_text("Probably fake")
    expect(page.locator("figcaption")).to_have_text("<img src=x onerror=alert(1)>.png")


def test_what_is_no_picture_is_said_in_words(opened, open_service):
    page = opened(open_service)
    page.set_input_files("#um-files", [{"name": "a.png", "mimeType": "image/png", "buffer": b"rubbish"}])
    expect(page.locator("#um-verdicts h3")).to_have_text("No verdict")
    expect(page.locator("#um-status")).to_have_text("0 pictures judged, 1 without a verdict.")


def test_too_large_a_picture_is_refused_in_words_before_it_is_sent(opened, open_service):
    page = opened(open_service)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate(DROP, [base64.b64encode(bytes(20_000_001)).decode(), "large.png"])
    expect(page.locator("#um-verdicts li")).to_contain_text("20,000,001 bytes; at most 20,000,000 are taken")
    assert not sent


def test_the_slider_turns_the_heatmap_up_and_down(opened, open_service):
    page = opened(open_service)
    choose(page, 130)
    slider = page.get_by_role("slider", name="Heatmap")
    expect(slider).to_have_value("60")
    heat = page.locator(".um-heat")
    expect(heat).to_have_css("opacity", "0.6")
    slider.focus()
    page.keyboard.press("Home")
    expect(heat).to_have_css("opacity", "0")
    page.keyboard.press("End")
    expect(heat).to_have_css("opacity", "1")
    below, above = page.evaluate(PLACES)
    assert above == pytest.approx(below, abs=1)


def test_the_keyboard_alone_suffices(opened, open_service):
    page = opened(open_service)
    page.keyboard.press("Tab")
    expect(page.locator("#um-files")).to_be_focused()
    page.keyboard.press("Tab")
    example = page.get_by_role("button", name="Face 1")
    expect(example).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#um-status")).to_have_text("One picture judged.")
    expect(page.get_by_role("slider")).to_be_visible()
    for name in ("What the model learnt from", "What became of the test pictures", "The model card", "From a program"):
        expect(page.get_by_role("button", name=name)).to_be_visible()


def test_a_key_is_asked_for_and_sent(opened, serve):
    page = opened(serve(keys=(KEY,)))
    choose(page, 130)
    expect(page.locator("#um-verdicts li").first).to_contain_text("asks for a key")
    page.get_by_label("Key of this service").fill(KEY)
    choose(page, 130)
    expect(page.locator("#um-verdicts li").nth(1).locator("h3")).to_have_text("Probably fake")


def test_without_keras_the_page_says_that_there_are_no_heatmaps(opened, serve):
    page = opened(serve(network=None))
    choose(page, 130)
    expect(page.locator("figure")).to_contain_text("Heatmaps are not available here.")


def test_the_page_says_what_was_learnt_and_where_it_fails(opened, open_service):
    page = opened(open_service)
    expect(page.locator(".um-warnings")).to_contain_text("of photographs it knows nothing.")
    expect(page.locator("dl").first).to_contain_text("840 of unmask/sample")
    expect(page.locator(".um-notice")).to_contain_text("Evidence, not proof.")
    page.get_by_role("button", name="From a program").click()
    expect(page.locator(".um-origin")).to_have_text(open_service)


def all_opened(page: Page) -> None:
    """Shows all there is: two verdicts with their numbers, and every part of the page."""
    page.get_by_role("button", name="Face 1").click()
    choose(page, 130)
    expect(page.get_by_role("slider")).to_have_count(2)
    for title in ("What became of the test pictures", "The model card", "From a program"):
        page.get_by_role("button", name=title).click()
    for summary in page.locator(".um-verdict summary").all():
        summary.click()
    page.wait_for_timeout(1000)  # Gradio fades parts in, and a faded text has less contrast


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "size"), [("phone", PHONE), ("desktop", DESKTOP)])
def test_the_page_fits_and_axe_finds_nothing_serious(opened, open_service, name, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = opened(open_service, size=size, scheme=scheme)
    all_opened(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    found = axe.Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert not serious
    if scheme == "light":
        keep(page, f"detector-page-{name}")


def test_axe_would_find_a_button_without_a_name(opened, open_service):
    """The test above can fail."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = opened(open_service)
    page.evaluate("document.querySelector('.um-drop').append(document.createElement('button'))")
    assert "button-name" in {one["id"] for one in axe.Axe().run(page).response["violations"]}
