"""The service as an ASGI application: the API, the page, and all that a request passes on its way to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from unmask.serving.bundle.manifest import CARD_FILE, KERAS_FILE, Manifest, checked, read_manifest
from unmask.serving.bundle.read import load_bundle
from unmask.serving.detector import Detector
from unmask.serving.service import api, page
from unmask.serving.service.examples import Example, draw_examples
from unmask.serving.service.heatmaps import Heatmaps
from unmask.serving.service.intake import Intake
from unmask.serving.service.judging import Judging
from unmask.serving.service.metrics import Metrics
from unmask.serving.service.middleware import Gate, SecurityHeaders, Watch
from unmask.serving.service.settings import Limits


@dataclass(frozen=True)
class Subject:
    """The detector that a service offers, and what its page says of it.

    Attributes:
        detector: judges.
        manifest: what its bundle says of itself.
        network: in Keras' format, for heatmaps; None where there is none.
        card: the model card, Markdown; empty where the bundle's is another model's, or there is none.
        examples: faces to try it on.
    """

    detector: Detector
    manifest: Manifest
    network: Path | None = None
    card: str = ""
    examples: tuple[Example, ...] = ()


def read_subject(folder: Path, *, engine: str) -> Subject:
    """Loads a bundle for the service.

    Args:
        folder: the bundle's.
        engine: what computes.

    Raises:
        EvaluationError: a file of it is missing or damaged.
        ConfigError: there is no such engine.
    """
    manifest = read_manifest(folder)
    return Subject(
        detector=load_bundle(folder, engine=engine),
        manifest=manifest,
        network=checked(folder, manifest, KERAS_FILE) if KERAS_FILE in manifest.files else None,
        card=checked(folder, manifest, CARD_FILE).read_text(encoding="utf-8") if CARD_FILE in manifest.files else "",
        examples=draw_examples(side_pixels=max(manifest.training.side_pixels, manifest.input.image_size)),
    )


def make_application(subject: Subject, *, workers: int, limits: Limits, api_keys: tuple[str, ...] = ()) -> ASGIApp:
    """Puts the service together.

    Args:
        subject: what it offers.
        workers: pictures that are judged at the same time.
        limits: what it takes on.
        api_keys: of which a request to judge must carry one; empty: everybody may.
    """
    detector = subject.detector
    metrics = Metrics(model=detector.name, model_sha256=detector.model_sha256)
    judging = Judging(detector, workers=workers, limits=limits, metrics=metrics)
    heatmaps = Heatmaps(subject.network, limits=limits, metrics=metrics)
    intake = Intake(limits)
    metrics.held_bytes.set_function(lambda: intake.held.now)

    @asynccontextmanager
    async def closing(_: FastAPI) -> AsyncIterator[None]:
        yield
        judging.close()
        heatmaps.close()

    app = FastAPI(title="unmask", description=api.DESCRIPTION, docs_url=None, redoc_url=None, lifespan=closing)
    parts = api.Parts(subject.manifest, intake, judging, heatmaps, metrics, api_keys)
    api.add_routes(app, parts)
    files = page.files_of(subject.examples)
    page.add_files(app, files)
    methods = methods_of(app)
    page.mount(app, subject.manifest, card=subject.card, about=api.about(parts), examples=subject.examples)
    gated: ASGIApp = Gate(app, methods=methods, folders=(page.FOLDER,))
    shielded = SecurityHeaders(page.Nonces(gated), send_seconds=limits.send_seconds)
    return Watch(shielded, metrics=metrics, routes=tuple(methods))


def methods_of(app: FastAPI) -> dict[str, tuple[str, ...]]:
    """Lists the application's own paths, each with its methods."""
    found: dict[str, tuple[str, ...]] = {}
    for route in app.routes:
        kind: Any = route
        if "{" not in kind.path:
            found[kind.path] = tuple(sorted(kind.methods))
    return found
