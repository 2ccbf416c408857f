"""Patience with a bad network, for a client that has none of its own.

Kaggle's client (2.2.4) asks without a time limit, gives up at the first 429 or 5xx, and on resuming takes an error's
text for data and writes it over what had arrived (https://github.com/Kaggle/kaggle-cli/pull/1179, not yet released).
It makes its own sessions of `requests`, so patience is given to every session that begins while it runs.
"""

import functools
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from requests import PreparedRequest, Response, sessions
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from unmask.errors import DownloadError

CONNECT_SECONDS = 10.0
STALL_SECONDS = 30.0  # without one byte
LONGEST_WAIT_SECONDS = 300.0  # that a Retry-After is obeyed; who asks for more is told to the user
NUM_RETRIES = 5  # of one request: after 0, 2, 4, 8 and 16 s
NUM_READ_RETRIES = 2  # of a request that was sent and not answered: each can take STALL_SECONDS
BUSY = (429, 500, 502, 503, 504)
OUT_OF_RANGE = 416
ADAPTER = "HTTPAdapter"  # the name under which `requests.sessions` finds what sends a new session's requests
# They write the addresses they ask, which are signed, and would write more if VERBOSE is set.
TALKATIVE = ("kaggle", "kagglesdk", "urllib3")

logger = logging.getLogger(__name__)


class PatientRetry(Retry):
    """Says that a request is repeated, and obeys a Retry-After only while that makes sense."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Waits before a request is repeated: as long as the server asks, else twice as long each time.

        Raises:
            DownloadError: the server asks for more than a user would wait.
        """
        asked_seconds = None if response is None else self.get_retry_after(response)
        seconds = self.get_backoff_time() if asked_seconds is None else asked_seconds
        if seconds > LONGEST_WAIT_SECONDS:
            raise DownloadError(
                f"Kaggle asks to wait {seconds:.0f} seconds before another try: run the command again then; what has "
                "arrived is kept"
            )
        reason = "does not answer" if response is None else f"answered HTTP {response.status}"
        logger.warning("Kaggle %s: trying again in %.0f s", reason, seconds)
        time.sleep(seconds)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Reads how many seconds a server asks to wait; None when it asks nothing that can be understood."""
        try:
            return super().get_retry_after(response)
        except InvalidHeader:
            return None


class PatientAdapter(HTTPAdapter):
    """Sends requests with a time limit, repeats those that fail in passing, and takes no error page for data.

    Args:
        num_retries: how often a request is repeated.
        stall_seconds: how long to wait for an answer, and between two pieces of one.
    """

    def __init__(self, *, num_retries: int, stall_seconds: float) -> None:
        """Sets the limits."""
        self.stall_seconds = stall_seconds
        retries = PatientRetry(
            total=num_retries,
            read=min(num_retries, NUM_READ_RETRIES),
            status_forcelist=BUSY,
            backoff_factor=1.0,
            allowed_methods=None,  # Kaggle's calls are POSTs, but those that are used here change nothing
            raise_on_status=False,
        )
        super().__init__(max_retries=retries)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        """Sends one request.

        Raises:
            DownloadError: a request for data was answered by something else.
        """
        options["timeout"] = (CONNECT_SECONDS, self.stall_seconds)
        response = super().send(request, *args, **options)
        if request.method == "GET":  # of the data itself; Kaggle's calls are POSTs
            require_data(request, response)
        return response


def require_data(request: PreparedRequest, response: Response) -> None:
    """Stops when a request for data is answered by something else.

    Raises:
        DownloadError: by an error, or by bytes of another place than asked.
    """
    asked = re.match(r"bytes=(\d+)-", str(request.headers.get("Range", "")))
    # To a range that is not there the client's answer is right: it asks for the whole.
    is_out_of_range = asked is not None and response.status_code == OUT_OF_RANGE
    if response.status_code >= HTTPStatus.BAD_REQUEST and not is_out_of_range:
        response.close()
        raise DownloadError(
            f"Kaggle's storage answered HTTP {response.status_code}: run the command again; what has arrived is kept"
        )
    if asked is None:
        return
    logger.info("resuming the download at byte %s", asked[1])
    sent = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if response.status_code == HTTPStatus.PARTIAL_CONTENT and (sent is None or sent[1] != asked[1]):
        response.close()
        raise DownloadError(
            f"Kaggle's storage sent bytes from {sent[1] if sent else 'an unknown place'} when those from {asked[1]} "
            "were asked: run the command again; what has arrived is kept"
        )


@contextmanager
def patience(*, num_retries: int, stall_seconds: float) -> Iterator[None]:
    """Makes every session of `requests` that begins in the block patient, and libraries that name addresses silent.

    The client makes sessions inside its methods, out of reach: so the class that sessions take is replaced, for as
    long as the block runs, in the whole process.

    Args:
        num_retries: how often a request is repeated.
        stall_seconds: how long to wait for an answer, and between two pieces of one.
    """
    adapter = functools.partial(PatientAdapter, num_retries=num_retries, stall_seconds=stall_seconds)
    ordinary = getattr(sessions, ADAPTER)
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    setattr(sessions, ADAPTER, adapter)
    try:
        yield
    finally:
        setattr(sessions, ADAPTER, ordinary)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
