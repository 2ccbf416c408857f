"""Fetching a picture from an address that its user has allowed."""

import requests

from unmask.errors import ImageError

TIMEOUT_SECONDS = 20.0  # to connect, and between two pieces of an answer
PIECE_BYTES = 1 << 16


def fetch(address: str, *, max_bytes: int) -> bytes:
    """Fetches an answer whole.

    Args:
        address: begins with http:// or https://.
        max_bytes: the most that is read.

    Raises:
        ImageError: there is no such address, it answers with an error, too slowly, or with more.
    """
    try:
        with requests.get(address, timeout=TIMEOUT_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_content(PIECE_BYTES):
                content += piece
                if len(content) > max_bytes:
                    raise ImageError(f"{address}: more than {max_bytes} bytes")
            return bytes(content)
    except requests.RequestException as error:
        raise ImageError(f"{address}: {said(error)}") from error


def said(error: requests.RequestException) -> str:
    """Says in few words why an address gave nothing."""
    if error.response is not None:
        return f"answers {error.response.status_code} {error.response.reason}"
    return "cannot be reached" if isinstance(error, requests.ConnectionError) else type(error).__name__
