"""The comparison's report and the model card as a person sees them, on a phone and on a desktop, without a network."""

from dataclasses import dataclass
from pathlib import Path

import judged_models
import pytest
from playwright.sync_api import Browser

from unmask.evaluation.model_card import model_card
from unmask.evaluation.report_page import render
from unmask.evaluation.report_sections import comparison_page, draw_heatmap
from unmask.figures import png

pytestmark = pytest.mark.browser

PHONE, DESKTOP = (390, 844), (1280, 900)
LOOK = """() => ({
    width: document.documentElement.scrollWidth,
    images: document.images.length,
    broken: [...document.images].filter(image => !(image.complete && image.naturalWidth > 0)).length,
    wide: [...document.images].filter(image => image.getBoundingClientRect().right > window.innerWidth).length,
    cut: [...document.querySelectorAll('td, th, p, li, pre, figcaption, h1, h2')].filter(element => {
        const box = element.closest('.scroll');
        const right = box ? box.getBoundingClientRect().right : element.getBoundingClientRect().right;
        return right > window.innerWidth;
    }).length,
})"""


@dataclass(frozen=True)
class Look:
    """What a browser makes of a page.

    Attributes:
        width: of the page, in pixels; more than the screen's is a page that scrolls sideways.
        images: how many there are.
        broken: of them, those that do not show.
        wide: of them, those that reach beyond the screen.
        cut: texts beyond the screen that no box lets scroll.
        requests: addresses beside the page's own.
    """

    width: int
    images: int
    broken: int
    wide: int
    cut: int
    requests: list[str]


def look(browser: Browser, file: Path, *, size: tuple[int, int]) -> Look:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    found = page.evaluate(LOOK)
    context.close()
    others = [url for url in requests if url != file.as_uri() and not url.startswith("data:")]
    return Look(**found, requests=others)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report and the card of two models, with long names."""
    root = tmp_path_factory.mktemp("compared")
    judged_models.write_two(root, explanation=judged_models.EXPLANATION)
    evidence = judged_models.read(root)
    external = [{**judged_models.EXTERNAL, "set": "a_name_" * 20, "warning": f"{'a_name_' * 20}: the threshold fails"}]
    evidence.models["cnn"].external[:] = external
    figure = draw_heatmap(evidence)
    assert figure is not None
    (root / "report.html").write_text(render(comparison_page(evidence, heatmap=png(figure))))
    (root / "model-card.html").write_text(model_card(evidence).html)
    return root


@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize(("name", "images"), [("report.html", 11), ("model-card.html", 0)])
def test_the_page_fits_the_screen_shows_every_picture_and_asks_for_nothing(browser, pages, name, images, size):
    # The report: 5 drawn pictures a model, and the heatmap.
    found = look(browser, pages / name, size=size)
    assert found == Look(width=size[0], images=images, broken=0, wide=0, cut=0, requests=[])


def test_the_look_notices_what_is_wrong(browser, tmp_path):
    page = '<meta name="viewport" content="width=device-width"><p style="width: 900px">wide</p>'
    page += '<img src="data:image/png;base64,AAAA"><img src="missing.png" width="800" height="9">'
    (tmp_path / "bad.html").write_text(page)
    found = look(browser, tmp_path / "bad.html", size=PHONE)
    assert found.width > PHONE[0]
    assert (found.images, found.broken, found.wide, found.cut) == (2, 2, 1, 1)
    assert found.requests == [(tmp_path / "missing.png").as_uri()]


def test_a_wide_table_scrolls_within_its_box(browser, pages):
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto((pages / "report.html").as_uri())
    box = page.locator("#metrics .scroll").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    box.evaluate("box => { box.scrollLeft = 10000 }")
    assert box.evaluate("box => box.scrollLeft") > 0
    assert page.evaluate("window.scrollX") == 0
    context.close()


def test_the_links_at_the_top_lead_to_their_parts(browser, pages):
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
    page = context.new_page()
    page.goto((pages / "report.html").as_uri())
    page.get_by_role("link", name="Lineage", exact=True).click()
    assert page.locator("#lineage h2").bounding_box()["y"] < PHONE[1]
    context.close()
