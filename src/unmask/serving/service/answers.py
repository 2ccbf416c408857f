"""What the API takes and gives, as pydantic models: OpenAPI's schemas are made of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from unmask.errors import ImageError
from unmask.serving.service.judging import Examined
from unmask.serving.service.plain import NOTICE, Words, words_of
from unmask.serving.verdict import Verdict

Probability = Annotated[float, Field(ge=0, le=1)]
STRICT = ConfigDict(extra="forbid", frozen=True)


class EncodedPicture(BaseModel):
    """A picture in JSON."""

    model_config = STRICT
    content: Annotated[
        str, Field(description="A JPEG, PNG or WebP in base64.", json_schema_extra={"contentEncoding": "base64"})
    ]
    name: Annotated[str, Field(description="What the answer shall call it.")] = ""


class PredictRequest(BaseModel):
    """Pictures in JSON."""

    model_config = STRICT
    pictures: Annotated[list[EncodedPicture], Field(min_length=1)]


class BoxAnswer(BaseModel):
    """A part of a picture, in pixels of the picture as shown; right and bottom lie just outside of it."""

    left: int
    top: int
    right: int
    bottom: int


class BandAnswer(BaseModel):
    """Of the test pictures with a score like this one, the share that was fake: bounds with 95% confidence."""

    low: Probability
    high: Probability
    images: int


class CautionAnswer(BaseModel):
    """A reason to trust a verdict less."""

    name: str
    text: str


class FactsAnswer(BaseModel):
    """What a picture is like."""

    width: int
    height: int
    jpeg_quality: int | None
    brightness: float


class FaceAnswer(BaseModel):
    """What is said of one face, or of a whole picture."""

    label: Literal["real", "fake"]
    score: Annotated[Probability, Field(description="P(fake).")]
    threshold: Annotated[Probability, Field(description="From this score on the label is fake.")]
    band: BandAnswer | None
    cautions: list[CautionAnswer]
    distance: Annotated[float | None, Field(description="From the training pictures; about 1 is usual.")]
    box: Annotated[BoxAnswer | None, Field(description="Of the face; null for the whole picture.")]


class VerdictAnswer(FaceAnswer):
    """What is said of a picture: of the face in it most likely fake, where faces were looked for and found."""

    facts: FactsAnswer | None
    faces: list[FaceAnswer]


class WordsAnswer(BaseModel):
    """A verdict in plain words."""

    headline: str
    sureness: Literal["clear", "unsure"]
    explanation: str


class PictureAnswer(BaseModel):
    """What became of one picture: a verdict with its words, or an error."""

    name: str
    verdict: VerdictAnswer | None = None
    words: WordsAnswer | None = None
    error: Annotated[str | None, Field(description="Why there is no verdict.")] = None


class ModelAnswer(BaseModel):
    """Which model judged."""

    name: str
    sha256: str


class PredictAnswer(BaseModel):
    """What became of a request's pictures, in their order."""

    model: ModelAnswer
    notice: str = NOTICE
    pictures: list[PictureAnswer]


class Fault(BaseModel):
    """Why a request was refused."""

    code: Annotated[str, Field(description="A word that programs compare.")]
    message: str


class ErrorAnswer(BaseModel):
    """The answer to a request that was refused."""

    error: Fault
    pictures: Annotated[list[PictureAnswer], Field(description="Where every picture was refused: why.")] = []


class HeatmapAnswer(BaseModel):
    """Where in a part of a picture the network saw what speaks for its answer."""

    region: BoxAnswer
    png: Annotated[str, Field(description="In base64, RGBA: the brighter, the more; empty where nothing speaks.")]


class HeatmapsAnswer(BaseModel):
    """A picture's heatmaps: one for each face that was judged, or one for the whole picture."""

    heatmaps: list[HeatmapAnswer]


class TrainingAnswer(BaseModel):
    """What the model learnt from; the bounds are those that all but the worst hundredth of the pictures keep."""

    data: dict[str, str]
    images: int
    side_pixels: int
    jpeg_quality: int | None


class AboutAnswer(BaseModel):
    """What is known of the detector that judges."""

    model: ModelAnswer
    threshold: Probability
    training: TrainingAnswer
    warnings: list[str]
    looks_for_faces: bool
    has_heatmaps: bool
    needs_key: bool
    pictures: Annotated[int, Field(description="The most that one request may have.")]
    picture_bytes: Annotated[int, Field(description="The most that one picture may have.")]
    notice: str = NOTICE


class HealthAnswer(BaseModel):
    """The service is up and takes requests."""

    status: Literal["ok"] = "ok"


def face_answer(verdict: Verdict) -> FaceAnswer:
    """Says what was found of one face."""
    return FaceAnswer.model_validate(verdict, from_attributes=True)


def picture_answer(name: str, found: Examined | ImageError) -> PictureAnswer:
    """Says what became of one picture."""
    if isinstance(found, ImageError):
        return PictureAnswer(name=name, error=str(found))
    verdict = VerdictAnswer.model_validate(found.verdict, from_attributes=True)
    return PictureAnswer(name=name, verdict=verdict, words=words_answer(words_of(found.verdict)))


def words_answer(words: Words) -> WordsAnswer:
    """Gives a verdict's words."""
    return WordsAnswer.model_validate(words, from_attributes=True)
