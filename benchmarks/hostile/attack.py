"""One hostile client: what it sends, and how."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

PREDICT = "/v1/predict"
BOUNDARY = "limit-of-parts"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"
NONE: Mapping[str, str | bytes] = MappingProxyType({})


class Ending(Enum):
    """What a client does after its last byte."""

    WAIT = "waits for the answer"
    HALF = "closes its side, and waits for the answer"
    RESET = "resets the connection"


@dataclass(frozen=True)
class Attack:
    """What a client sends.

    Attributes:
        pieces: bytes, in order.
        pause_seconds: between them.
        ending: what follows.
        may_be_cut: whether the service may end the connection without an answer: what comes is no HTTP, not whole, or
            too slow.
        is_reading: whether it asks for something that the service gives to everybody, and may get.
        has_answer_body: False for HEAD.
    """

    pieces: tuple[bytes, ...]
    pause_seconds: float = 0.0
    ending: Ending = Ending.WAIT
    may_be_cut: bool = False
    is_reading: bool = False
    has_answer_body: bool = True

    @property
    def content(self) -> bytes:
        """Gives all that is sent."""
        return b"".join(self.pieces)


def raw(*pieces: bytes, **options: object) -> Attack:
    """Sends bytes that need not be HTTP; see `Attack`."""
    return replace(Attack(pieces, may_be_cut=True), **options)  # type: ignore[arg-type]


def header_of(start: str, fields: Mapping[str, str | bytes]) -> bytes:
    """Writes a request's first line and headers."""
    lines = [start.encode("latin-1")]
    for name, value in fields.items():
        lines.append(name.encode("latin-1") + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def post(body: bytes, *, kind: str | bytes = FORM, headers: Mapping[str, str | bytes] = NONE) -> Attack:
    """Sends a body in good HTTP.

    Args:
        body: of the request.
        kind: its content type; empty for none.
        headers: further ones.
    """
    fields: dict[str, str | bytes] = {"Host": "127.0.0.1", "Content-Length": str(len(body))}
    if kind:
        fields["Content-Type"] = kind
    return Attack((header_of(f"POST {PREDICT} HTTP/1.1", {**fields, **headers}), body))


def part_of(content: bytes, *, disposition: bytes = b'form-data; name="files"; filename="a.jpg"') -> bytes:
    """Writes a part of a form, without its end."""
    return f"--{BOUNDARY}\r\n".encode() + b"Content-Disposition: " + disposition + b"\r\n\r\n" + content + b"\r\n"


def form_of(parts: Iterable[bytes]) -> bytes:
    """Writes a form's body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def picture_form(content: bytes) -> Attack:
    """Sends a picture in a form."""
    return post(form_of([part_of(content)]))
