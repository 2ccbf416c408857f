"""Fetching a picture from an address that its user has allowed."""

import time
from concurrent.futures import Future
from threading import Thread

import requests

from unmask.errors import ImageError

TIMEOUT_SECONDS = 20.0  # to connect, and between two pieces of an answer
DEADLINE_SECONDS = 120.0  # for all of it: an answer whose bytes drip never runs into the other limit
PIECE_BYTES = 1 << 16


def fetch(address: str, *, max_bytes: int) -> bytes:
    """Fetches an answer whole.

    Args:
        address: begins with http:// or https://.
        max_bytes: the most that is read.

    Raises:
        ImageError: there is no such address, it answers with an error, too slowly, or with more.
    """
    fetched: Future[bytes] = Future()
    # Name, redirections, headers and pieces may each take their time: only another thread can be left waiting for them.
    Thread(target=settle, args=[fetched, address, max_bytes], daemon=True).start()
    try:
        return fetched.result(DEADLINE_SECONDS)
    except TimeoutError as error:
        raise ImageError(f"{address}: not whole within {DEADLINE_SECONDS:g} seconds") from error


def settle(fetched: "Future[bytes]", address: str, max_bytes: int) -> None:
    """Downloads an answer for whoever waits for it, and hands on what stands in the way."""
    try:
        fetched.set_result(download(address, max_bytes=max_bytes))
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
        fetched.set_exception(error)


def download(address: str, *, max_bytes: int) -> bytes:
    """Reads an answer piece by piece, and no longer than anybody waits for it.

    Raises:
        ImageError: see `fetch`.
    """
    end = time.monotonic() + DEADLINE_SECONDS
    try:
        with requests.get(address, timeout=TIMEOUT_SECONDS, stream=True) as answer:
            answer.raise_for_status()
            content = bytearray()
            for piece in answer.iter_content(PIECE_BYTES):
                content += piece
                if len(content) > max_bytes:
                    raise ImageError(f"{address}: more than {max_bytes} bytes")
                if time.monotonic() > end:
                    raise ImageError(f"{address}: not whole within {DEADLINE_SECONDS:g} seconds")
            return bytes(content)
    except requests.RequestException as error:
        raise ImageError(f"{address}: {said(error)}") from error
    except ValueError as error:  # urllib's and urllib3's, of an address or a redirection that requests hands on unread
        raise ImageError(f"{address}: no valid address, or it leads to none ({error})") from error


def said(error: requests.RequestException) -> str:
    """Says in few words why an address gave nothing."""
    if error.response is not None:
        return f"answers {error.response.status_code} {error.response.reason}"
    return "cannot be reached" if isinstance(error, requests.ConnectionError) else type(error).__name__
