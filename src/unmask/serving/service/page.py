"""The web page: Gradio draws it and keeps none of it going.

Its pictures go to the API like anybody else's, so that they meet the same limits and never reach Gradio's folder of
uploads; the gate shuts all of Gradio that does more than give the page.
"""

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import jinja2
from fastapi import FastAPI, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unmask.serving.bundle.manifest import Manifest
from unmask.serving.service.answers import AboutAnswer
from unmask.serving.service.examples import Example
from unmask.serving.service.middleware import POLICY

FOLDER = "/page/"
TITLE = "unmask: real photograph or deepfake?"
# As strict as Gradio allows: it sets styles on elements. Scripts are this service's own files, and the page's inline
# ones by a number that is drawn for each answer; none is made of a text ('unsafe-eval').
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
FOREIGN_META = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*?/>\s*')
MANIFEST_LINK = '<link rel="manifest" href="/manifest.json" />'
FONTS = ("system-ui", "sans-serif")
SCRIPTS = {"page.js": "text/javascript", "page.css": "text/css"}
Files = dict[str, tuple[bytes, str]]


def files_of(examples: Sequence[Example]) -> Files:
    """Gives the page's own files, each with its media type, by name.

    Args:
        examples: faces to try.
    """
    folder = files("unmask.serving.service") / "web"
    own = {name: ((folder / name).read_bytes(), kind) for name, kind in SCRIPTS.items()}
    faces = {example_file(number): (example.content, "image/jpeg") for number, example in enumerate(examples)}
    return own | faces


def example_file(number: int) -> str:
    """Names an example's file."""
    return f"example-{number}.jpg"


def add_files(app: FastAPI, found: Files) -> None:
    """Serves the page's own files from memory."""

    async def file(name: str) -> Response:
        if name not in found:
            return Response(status_code=404)
        content, kind = found[name]
        return Response(content, media_type=kind)

    app.add_api_route(FOLDER + "{name}", file, methods=["GET", "HEAD"], include_in_schema=False)


def mount(
    app: FastAPI, manifest: Manifest, *, about: AboutAnswer, card: str = "", examples: Sequence[Example] = ()
) -> None:
    """Puts the page at the application's root.

    Args:
        app: the application.
        manifest: what the detector's bundle says of itself.
        about: what is known of it.
        card: its model card, Markdown, or empty.
        examples: faces to try.
    """
    import gradio

    def mount_blocks() -> None:
        gradio.mount_gradio_app(
            app,
            draw(manifest, about=about, card=card, examples=examples),
            path="/",
            theme=gradio.themes.Default(font=FONTS, font_mono=("ui-monospace", "monospace")),
            footer_links=[],
            run_history=False,
            ssr_mode=False,
            show_error=False,
            enable_monitoring=False,
            pwa=False,
            mcp_server=False,
        )

    on_a_loop(mount_blocks)


def on_a_loop(function: Callable[[], None]) -> None:
    """Calls a function while an event loop runs: where none does, Gradio 6.31 makes some, and closes none."""

    async def call() -> None:
        function()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(call())
    else:
        function()


def draw(manifest: Manifest, *, about: AboutAnswer, card: str, examples: Sequence[Example]) -> Any:
    """Lays the page out; see `mount`.

    Returns:
        Gradio's blocks, which hold no function: what moves is in page.js.
    """
    import gradio

    faces = [(FOLDER + example_file(number), example.name) for number, example in enumerate(examples)]
    with gradio.Blocks(title=TITLE, analytics_enabled=False, fill_width=False) as blocks:
        written(rendered("judge.html.j2", about=about, examples=faces))
        with gradio.Accordion("What the model learnt from, and where it is known to fail", open=True):
            written(rendered("about.html.j2", about=about, manifest=manifest))
        with gradio.Accordion("What became of the test pictures, by score", open=False):
            written(rendered("bins.html.j2", bins=manifest.bins))
        if card:
            with gradio.Accordion("The model card", open=False):
                gradio.Markdown(without_front_matter(card))
        with gradio.Accordion("From a program", open=False):
            written(rendered("program.html.j2", about=about))
    return blocks


def written(text: str) -> Any:
    """Puts this project's own HTML on the page. Gradio's component for HTML would need 'unsafe-eval'."""
    import gradio

    in_one_piece = "\n".join(line.strip() for line in text.splitlines() if line.strip())  # Markdown ends it at a gap
    return gradio.Markdown(in_one_piece, sanitize_html=False, latex_delimiters=[])


def rendered(name: str, **values: Any) -> str:
    """Fills a template; values are escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("unmask.serving.service", "web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(**values)


def without_front_matter(card: str) -> str:
    """Gives a model card without the YAML that is there for programs, and its title one level below the page's."""
    _, _, text = card.partition("\n---\n") if card.startswith("---\n") else ("", "", card)
    return re.sub(r"^(#+ )", r"#\1", text, flags=re.MULTILINE)


class Nonces:
    """Gives each of the page's scripts the number of this answer, and takes other sites' addresses out of it."""

    def __init__(self, app: ASGIApp) -> None:
        """Takes what comes next."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self.app({**scope, "headers": plain}, receive, Rewriting(send).send)


class Rewriting:
    """One answer with the page, held back until it is whole."""

    def __init__(self, send: Send) -> None:
        """Takes what sends."""
        self.pass_on = send
        self.start: Message = {}
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        """Takes a piece of the answer; sends all of it with the last."""
        if message["type"] == "http.response.start":
            self.start = message
            return
        if message["type"] != "http.response.body":
            await self.pass_on(message)
            return
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        nonce = secrets.token_urlsafe(16)
        page = rewritten(self.body.decode(), nonce=nonce).encode() if self.body else b""
        headers = MutableHeaders(scope=self.start)
        headers[POLICY] = PAGE_POLICY.format(nonce=nonce)
        headers["content-length"] = str(len(page)) if page else headers.get("content-length", "0")
        await self.pass_on(self.start)
        await self.pass_on({"type": "http.response.body", "body": page})


def rewritten(page: str, *, nonce: str) -> str:
    """Gives Gradio's page with this service's script and style, and without what is another site's.

    Args:
        page: HTML.
        nonce: of the answer.
    """
    style = f'<link rel="stylesheet" href="{FOLDER}page.css">'
    script = f'<script type="module" src="{FOLDER}page.js"></script>'  # before Gradio draws anything to click on
    page = FOREIGN_META.sub("", page).replace(MANIFEST_LINK, "")
    page = page.replace("<head>", f"<head>{script}", 1).replace("</head>", f"{style}</head>", 1)
    return page.replace("<script", f'<script nonce="{nonce}"')
