"""Taking pictures out of a request: counted while they come in, kept in memory alone, given up when slow."""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message

from pydantic import ValidationError
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from unmask.serving.service.answers import PredictRequest
from unmask.serving.service.refusals import RefusedError, busy, not_understood, too_large
from unmask.serving.service.settings import Limits

FIELD = "files"  # of a multipart form
FORM, JSON = "multipart/form-data", "application/json"
NAME_CHARACTERS = 200  # of a picture's name that are kept
# Each value of a JSON text takes a few hundred times its bytes while it is read, and is told of when it is wrong: six
# megabytes of `{},` took two gigabytes. A request with 16 named pictures has under a hundred of these marks.
JSON_MARKS, MAX_JSON_MARKS = (b"[", b"{", b","), 10_000
NEVER = 0  # SpooledTemporaryFile's word for: however large, it stays in memory


@dataclass(frozen=True)
class Upload:
    """A picture as it came.

    Attributes:
        name: what its sender calls it.
        content: encoded.
    """

    name: str
    content: bytes


class MemoryParser(MultiPartParser):
    """Starlette's parser, whose files would go to disk from a megabyte on."""

    spool_max_size = NEVER

    def close(self) -> None:
        """Lets its files go; Starlette 1.10 does so after errors of its own alone."""
        for file in self._files_to_close_on_error:
            file.close()


class Held:
    """How many bytes of requests are in memory, of all requests together."""

    def __init__(self, most: int) -> None:
        """Starts at none.

        Args:
            most: that may be held.
        """
        self.most, self.now = most, 0

    def add(self, count: int) -> None:
        """Counts more.

        Raises:
            RefusedError: they would be too many.
        """
        if self.now + count > self.most:
            raise busy("too many pictures are being sent at once")
        self.now += count


class Intake:
    """Reads the pictures of requests within limits."""

    def __init__(self, limits: Limits) -> None:
        """Takes the limits."""
        self.limits = limits
        self.held = Held(limits.held_bytes)

    @asynccontextmanager
    async def pictures(self, request: Request) -> AsyncIterator[list[Upload]]:
        """Gives a request's pictures; their bytes count as held until the block ends.

        Raises:
            RefusedError: the body is too large, too slow, or not of the form that OpenAPI describes.
        """
        body = Body(request, self.limits, self.held)
        try:
            yield self.within_limits(await body.uploads())
        finally:
            self.held.now -= body.counted

    def within_limits(self, uploads: list[Upload]) -> list[Upload]:
        """Gives pictures back that are of an allowed number and of allowed sizes.

        Raises:
            RefusedError: they are not.
        """
        if not uploads:
            raise not_understood(f"no picture came: send at least one in the form's field {FIELD!r}")
        if len(uploads) > self.limits.pictures:
            raise too_large(f"{len(uploads)} pictures came; at most {self.limits.pictures} are taken in one request")
        for upload in uploads:
            if len(upload.content) > self.limits.picture_bytes:
                raise too_large(
                    f"a picture has {len(upload.content):,} bytes; at most {self.limits.picture_bytes:,} are taken"
                )
        return uploads


class Body:
    """One request's body while it is read."""

    def __init__(self, request: Request, limits: Limits, held: Held) -> None:
        """Takes the request."""
        self.request, self.limits, self.held = request, limits, held
        self.counted = 0

    async def uploads(self) -> list[Upload]:
        """Reads the body whole.

        Raises:
            RefusedError: see `Intake.pictures`.
        """
        kind = media_type(self.request.headers)
        if kind not in (FORM, JSON):
            raise RefusedError(415, "media_type", f"expected {FORM} or {JSON}, got {kind or 'no content type'}")
        try:
            async with asyncio.timeout(self.limits.receive_seconds):
                return await (self.form() if kind == FORM else self.json())
        except TimeoutError as error:
            seconds = self.limits.receive_seconds
            raise RefusedError(408, "too_slow", f"the request did not arrive within {seconds} seconds") from error
        except ClientDisconnect as error:
            raise RefusedError(400, "gone", "the connection ended before the request did") from error

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Gives the body piece by piece, and counts it before anything keeps it.

        Raises:
            RefusedError: it is, or says that it will be, too large.
        """
        most = self.limits.request_bytes
        stated = self.request.headers.get("content-length", "0")
        if not stated.isdigit() or int(stated) > most:
            raise too_large(f"the request has {stated} bytes; at most {most:,} are taken")
        async for piece in self.request.stream():
            if self.counted + len(piece) > most:
                raise too_large(f"the request has more than {most:,} bytes, which are the most that are taken")
            self.held.add(len(piece))
            self.counted += len(piece)
            yield piece

    async def form(self) -> list[Upload]:
        """Reads a multipart form."""
        # One part more than allowed is parsed, so that the refusal can be of the number of pictures.
        most = self.limits.pictures + 1
        parser = MemoryParser(self.request.headers, self.pieces(), max_files=most, max_fields=0)
        try:
            form = await parser.parse()
            files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
            if strange := [name for name, _ in files if name != FIELD]:
                raise not_understood(f"a field is called {strange[0][:NAME_CHARACTERS]!r}; expected {FIELD!r}")
            return [Upload(shortened(file.filename or ""), await file.read()) for _, file in files]
        except MultiPartException as error:
            raise self.of_form(error) from error
        except UnicodeError as error:  # of `charset=undefined` and the like: Starlette 1.10 expects a part of it
            raise not_understood("the form's names are not in the charset of its content type") from error
        except KeyError as error:  # Starlette 1.10 takes a boundary for given
            raise not_understood("the content type names no boundary of the form's parts") from error
        finally:
            parser.close()

    def of_form(self, error: MultiPartException) -> RefusedError:
        """Says what is wrong with a form."""
        if "Too many files" in error.message:
            return too_large(f"more than {self.limits.pictures} pictures came, which are the most that are taken")
        if "Too many fields" in error.message:
            return not_understood(f"a part of the form is no file: every part must be one, in the field {FIELD!r}")
        return not_understood(f"the form is damaged: {error.message}")

    async def json(self) -> list[Upload]:
        """Reads JSON with pictures in base64."""
        text, num_marks = bytearray(), 0
        async for piece in self.pieces():
            text += piece
            num_marks += sum(map(piece.count, JSON_MARKS))
            if num_marks > MAX_JSON_MARKS:
                raise not_understood(f"the JSON has more than {MAX_JSON_MARKS:,} values, which is no list of pictures")
        try:
            asked = PredictRequest.model_validate_json(bytes(text))
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, fault["loc"])) or "the body"
            raise not_understood(f"{where}: {fault['msg']}") from error
        return [Upload(shortened(picture.name), decoded(picture.content)) for picture in asked.pictures]


def media_type(headers: Headers) -> str:
    """Names a request's media type, without its parameters."""
    message = Message()
    message["content-type"] = headers.get("content-type", "")
    return message.get_content_type() if headers.get("content-type") else ""


def decoded(text: str) -> bytes:
    """Decodes base64.

    Raises:
        RefusedError: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise not_understood("pictures: a picture's content is not base64") from error


def shortened(name: str) -> str:
    """Gives a picture's name without what no name needs."""
    return "".join(letter for letter in name[:NAME_CHARACTERS] if letter.isprintable())


def names_of(uploads: Sequence[Upload]) -> list[str]:
    """Names pictures for the answer; one without a name has its number."""
    return [upload.name or f"picture {number}" for number, upload in enumerate(uploads, start=1)]
