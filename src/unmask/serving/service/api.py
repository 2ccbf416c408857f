"""The API: pictures in, verdicts out."""

import base64
import hashlib
import hmac
import io
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from PIL import Image
from starlette.exceptions import HTTPException

from unmask.errors import ImageError, UnmaskError
from unmask.records import FAKE, LABEL_NAMES
from unmask.serving.bundle.manifest import Manifest
from unmask.serving.service.answers import (
    AboutAnswer,
    BoxAnswer,
    ErrorAnswer,
    Fault,
    HealthAnswer,
    HeatmapAnswer,
    HeatmapsAnswer,
    ModelAnswer,
    PictureAnswer,
    PredictAnswer,
    PredictRequest,
    TrainingAnswer,
    picture_answer,
)
from unmask.serving.service.heatmaps import Heatmaps
from unmask.serving.service.intake import FIELD, FORM, JSON, Intake, names_of
from unmask.serving.service.judging import Judging
from unmask.serving.service.metrics import CONTENT_TYPE_LATEST, Metrics
from unmask.serving.service.refusals import RefusedError, not_understood

KEY_HEADER = "X-API-Key"
EXAMPLE_PIXELS, EXAMPLE_GREY = 64, 128
DESCRIPTION = "Judges face pictures: real photograph or deepfake. A verdict is evidence, not proof."
REFUSALS = {
    400: "The request ended too early.",
    403: "Another site's page asked.",
    408: "The request came too slowly.",
    413: "Too many pictures, or too large.",
    415: "Neither a form nor JSON.",
    422: "Not as described here, or no picture of it can be judged.",
    429: "Busy: try again after as many seconds as Retry-After says.",
    500: "A fault of the service.",
    503: "It took too long, or too many connections are open.",
}
NO_KEY, NO_HEATMAPS = {401: "No key, or a wrong one."}, {404: "Heatmaps are not available here."}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """What the routes work with.

    Attributes:
        manifest: what the detector's bundle says of itself.
        intake: reads requests.
        judging: judges pictures.
        heatmaps: draws why.
        metrics: what is counted.
        api_keys: of which a request to judge must carry one; empty: everybody may.
    """

    manifest: Manifest
    intake: Intake
    judging: Judging
    heatmaps: Heatmaps
    metrics: Metrics
    api_keys: tuple[str, ...]


def add_routes(app: FastAPI, parts: Parts) -> None:
    """Adds the API's routes, and how errors are answered."""
    guarded: dict[str, Any] = {"dependencies": key_check(parts.api_keys)}
    refusals = REFUSALS | (NO_KEY if parts.api_keys else {})
    app.exception_handler(RefusedError)(answer_refusal)
    app.exception_handler(HTTPException)(answer_http)
    app.exception_handler(UnmaskError)(answer_fault)
    app.exception_handler(Exception)(answer_fault)

    @app.post("/v1/predict", openapi_extra=body_of(many=True), responses=documented(refusals), **guarded)
    async def predict(request: Request) -> PredictAnswer:
        """Judge pictures: JPEG, PNG or WebP, in a form's field `files`, or in JSON as base64."""
        return await predict_with(parts, request)

    @app.post("/v1/heatmap", openapi_extra=body_of(many=False), responses=documented(refusals | NO_HEATMAPS), **guarded)
    async def heatmap(request: Request) -> HeatmapsAnswer:
        """Draw where in one picture the network sees what speaks for its answer, for each face that it judges."""
        return await heatmap_with(parts, request)

    @app.get("/v1/model")
    async def model() -> AboutAnswer:
        """Tell what the model learnt from, and where it is known to fail."""
        return about(parts)

    @app.get("/healthz", responses=documented({503: "No worker is free any more: start the service anew."}))
    async def health() -> HealthAnswer:
        """Answer as long as pictures are judged."""
        if parts.judging.is_stuck:
            raise RefusedError(503, "stuck", "every worker is at a picture that takes too long")
        return HealthAnswer()

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Give counters in Prometheus' text format."""
        return Response(parts.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def predict_with(parts: Parts, request: Request) -> PredictAnswer:
    """Judges a request's pictures.

    Raises:
        RefusedError: it is not taken, or none of its pictures can be judged.
    """
    async with parts.intake.pictures(request) as uploads:
        found = await parts.judging.all([upload.content for upload in uploads])
        answers = [picture_answer(*one) for one in zip(names_of(uploads), found, strict=True)]
    if all(answer.error for answer in answers):
        raise NothingJudgedError(answers)
    return PredictAnswer(model=model_answer(parts), pictures=answers)


async def heatmap_with(parts: Parts, request: Request) -> HeatmapsAnswer:
    """Draws the heatmaps of a request's one picture.

    Raises:
        RefusedError: it is not taken, has another number of pictures, cannot be judged, or no heatmap can be drawn.
    """
    async with parts.intake.pictures(request) as uploads:
        if len(uploads) != 1:
            raise not_understood(f"{len(uploads)} pictures came; a heatmap is drawn of one at a time")
        (found,) = await parts.judging.all([uploads[0].content])
        if isinstance(found, ImageError):
            raise not_understood(str(found))
        fake = LABEL_NAMES[FAKE]
        drawn = await parts.heatmaps.draw([(view.pixels, verdict.label == fake) for view, verdict in found.parts])
    return HeatmapsAnswer(
        heatmaps=[
            HeatmapAnswer(region=BoxAnswer(**asdict(view.region)), png=base64.b64encode(png).decode())
            for (view, _), png in zip(found.parts, drawn, strict=True)
            if view.region is not None
        ]
    )


def model_answer(parts: Parts) -> ModelAnswer:
    """Names the model."""
    return ModelAnswer(name=parts.manifest.model, sha256=parts.manifest.model_sha256)


def about(parts: Parts) -> AboutAnswer:
    """Tells what is known of the detector."""
    manifest = parts.manifest
    return AboutAnswer(
        model=model_answer(parts),
        threshold=manifest.threshold,
        training=TrainingAnswer(data=manifest.data, **asdict(manifest.training)),
        warnings=manifest.warnings,
        looks_for_faces=manifest.framing is not None,
        has_heatmaps=parts.heatmaps.is_available,
        needs_key=bool(parts.api_keys),
        pictures=parts.intake.limits.pictures,
        picture_bytes=parts.intake.limits.picture_bytes,
    )


class NothingJudgedError(RefusedError):
    """Every picture of a request was refused.

    Attributes:
        answers: why, one for each.
    """

    def __init__(self, answers: Sequence[PictureAnswer]) -> None:
        """Takes the reasons."""
        said = answers[0].error or ""
        super().__init__(422, "no_verdict", said if len(answers) == 1 else "none of the pictures can be judged")
        self.answers = list(answers)


def key_check(keys: Sequence[str]) -> list[Any]:
    """Gives what lets a request through only with a key, compared in constant time; nothing where there are none."""
    if not keys:
        return []
    digests = [hashlib.sha256(key.encode()).digest() for key in keys]

    async def check(key: str | None = Depends(APIKeyHeader(name=KEY_HEADER, auto_error=False))) -> None:
        given = hashlib.sha256((key or "").encode()).digest()
        matches = [hmac.compare_digest(given, digest) for digest in digests]
        if not any(matches):
            raise RefusedError(401, "key", f"this service asks for a key in the header {KEY_HEADER}")

    return [Depends(check)]


def body_of(*, many: bool) -> dict[str, Any]:
    """Describes the body of a request for OpenAPI: FastAPI cannot, as two media types share a route."""
    most = {} if many else {"maxItems": 1}
    file = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "required": [FIELD],
        "additionalProperties": False,
        "properties": {FIELD: {"type": "array", "minItems": 1, "items": file, **most}},
    }
    text = PredictRequest.model_json_schema()
    picture = text.pop("$defs")["EncodedPicture"]
    text["properties"]["pictures"].update({"items": picture, **most})
    example = {"pictures": [{"name": "grey.png", "content": base64.b64encode(grey_picture()).decode()}]}
    content = {FORM: {"schema": form}, JSON: {"schema": text, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def grey_picture() -> bytes:
    """Gives a small PNG, for the description's example."""
    buffer = io.BytesIO()
    Image.new("L", (EXAMPLE_PIXELS, EXAMPLE_PIXELS), EXAMPLE_GREY).save(buffer, "PNG")
    return buffer.getvalue()


def documented(refusals: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Describes refusals for OpenAPI."""
    return {status: {"model": ErrorAnswer, "description": text} for status, text in sorted(refusals.items())}


Handler = Callable[[Request, Exception], Awaitable[JSONResponse]]


async def answer_refusal(_: Request, error: Exception) -> JSONResponse:
    """Answers what was refused."""
    if not isinstance(error, RefusedError):
        raise error
    pictures = error.answers if isinstance(error, NothingJudgedError) else []
    return answer(error.status, error.code, str(error), pictures=pictures, headers=error.headers)


async def answer_http(_: Request, error: Exception) -> JSONResponse:
    """Answers what FastAPI itself refuses."""
    if not isinstance(error, HTTPException):
        raise error
    return answer(error.status_code, "http", error.detail, headers=dict(error.headers or {}))


async def answer_fault(_: Request, error: Exception) -> JSONResponse:
    """Answers a fault of the service; what it is stands in the log alone."""
    logger.error("a request failed: %s", error if isinstance(error, UnmaskError) else type(error).__name__)
    return answer(500, "fault", "the service failed on this request")


def answer(
    status: int,
    code: str,
    message: str,
    *,
    pictures: Sequence[PictureAnswer] = (),
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Makes an error's answer."""
    content = ErrorAnswer(error=Fault(code=code, message=message), pictures=list(pictures))
    return JSONResponse(content.model_dump(), status_code=status, headers=headers)
