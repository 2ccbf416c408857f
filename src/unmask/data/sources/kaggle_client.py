"""Kaggle's own client: signed in, asked for one zip, and its errors turned into this project's."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from requests import HTTPError, RequestException, Response
from urllib3.exceptions import HTTPError as TransportError

from unmask.data.sources import network
from unmask.data.sources.archive import require_space
from unmask.data.sources.kaggle_pins import Pins, require_bytes
from unmask.errors import CredentialsError, DownloadError

HOW_TO_SIGN_IN = (
    "sign in at https://www.kaggle.com, open https://www.kaggle.com/settings/api, press 'Generate New Token', then "
    "either set the environment variable KAGGLE_API_TOKEN to the token or save the token as ~/.kaggle/access_token "
    "(an older ~/.kaggle/kaggle.json, or KAGGLE_USERNAME and KAGGLE_KEY, also work)"
)
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TOO_MANY = 401, 403, 404, 429
GIVEN_UP = 1  # the code with which the client ends the process when it has no credentials
IMPORT_SECONDS = 10.0
MARKER = ".kaggle-partial"  # the client's: beside a file that is not whole, with the identity of what it is part of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Details:
    """What Kaggle says of a data set; empty, or 0, where it says nothing.

    Attributes:
        version: the current one.
        licence: its terms, in a few words.
        bytes: its size.
    """

    version: str
    licence: str
    bytes: int


def page_of(dataset: str) -> str:
    """Gives the address of a data set's page."""
    return f"https://www.kaggle.com/datasets/{dataset}"


def sign_in() -> Any:
    """Makes a signed-in client.

    Raises:
        CredentialsError: there are no credentials, or they are not valid.
    """
    # Here, because importing the client signs in already, and forgets how that ended.
    with network.patience(num_retries=0, stall_seconds=IMPORT_SECONDS):
        from kaggle.api.kaggle_api_extended import KaggleApi

    api = KaggleApi()
    # VERBOSE, which many programs read, makes the client print its headers and hold the whole zip in memory.
    api.args = [argument for argument in api.args if argument != "--verbose"]
    try:
        api.authenticate()
    except json.JSONDecodeError:
        raise
    except ValueError:
        # No header can carry the token; the error's text holds it.
        raise CredentialsError(f"the Kaggle token holds characters that no token has: {HOW_TO_SIGN_IN}") from None
    except SystemExit as ending:
        if ending.code != GIVEN_UP:  # this process was told to stop
            raise
        raise CredentialsError(f"no valid Kaggle credentials: {HOW_TO_SIGN_IN}") from None
    return api


def current_details(api: Any, dataset: str) -> Details:
    """Asks for the data set's current version, licence and size."""
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest

    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = dataset.split("/")
    try:
        with api.build_kaggle_client() as client:
            details = client.datasets.dataset_api_client.get_dataset(request)
    except HTTPError as error:
        if status_of(error) != NOT_FOUND:
            raise
        # The download itself says whether the data set exists.
        logger.warning("Kaggle does not describe %s: its current version and licence stay unknown", dataset)
        return Details(version="", licence="", bytes=0)
    return Details(
        version=str(details.current_version_number or ""), licence=details.license_name, bytes=details.total_bytes
    )


def download(api: Any, pins: Pins, *, folder: Path, about_bytes: int) -> Path:
    """Downloads the zip, or the rest of it, with the client's own download.

    Args:
        api: from `sign_in`.
        pins: which zip.
        folder: an existing folder, of this data set and version alone; what an earlier call left there is continued.
        about_bytes: its size, for want of a better figure; 0 when that is not known.

    Returns:
        The zip, in the folder.

    Raises:
        DownloadError: the size is not as expected, or the connection broke too often.
        StorageError: the rest would not fit on the disk.
    """
    archive = folder / f"{pins.dataset.split('/')[1]}.zip"
    with request_zip(api, pins) as response:
        size_bytes = int(response.headers.get("Content-Length") or 0)
        if size_bytes:
            require_bytes(pins, size_bytes)
        present_bytes = archive.stat().st_size if archive.exists() else 0
        if size_bytes and present_bytes > size_bytes:
            archive.unlink()  # the client would take it for a newer copy
            present_bytes = 0
        require_space(folder, (size_bytes or about_bytes) - present_bytes)
        is_unfinished = archive.with_name(archive.name + MARKER).exists()
        if is_unfinished or api.download_needed(response, str(archive)):
            receive(api, response, archive)
    return archive


def request_zip(api: Any, pins: Pins) -> Response:
    """Asks for the zip and follows Kaggle to its storage; the content is not read yet."""
    from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest

    request = ApiDownloadDatasetRequest()
    request.owner_slug, request.dataset_slug = pins.dataset.split("/")
    request.dataset_version_number = int(pins.version) if pins.version else None
    with api.build_kaggle_client() as client:
        response: Response = client.datasets.dataset_api_client.download_dataset(request)
    return response


def receive(api: Any, response: Response, archive: Path) -> None:
    """Lets the client write the content, resume where it can, and try again where the connection breaks.

    Raises:
        DownloadError: it broke too often, or what arrived is of another length than was said.
    """
    try:
        # The bar, with rate and time left, is the client's own.
        api.download_file(response, str(archive), None, quiet=not sys.stderr.isatty(), resume=True)
    except (RequestException, TransportError) as error:
        present_bytes = archive.stat().st_size if archive.exists() else 0
        raise DownloadError(
            f"the connection to Kaggle's storage broke again and again ({type(error).__name__}): "
            f"{present_bytes} bytes of {archive.name} have arrived and are kept; run the command again to go on"
        ) from None
    except ValueError:
        archive.unlink(missing_ok=True)  # or the next run would go on from what is of nothing known
        raise DownloadError(
            f"what Kaggle sent of {archive.name} is not as long as was said: run the command again, to begin anew"
        ) from None


@contextmanager
def plain_errors(dataset: str) -> Iterator[None]:
    """Silences the client in the block, lends it patience, and turns its errors into this project's.

    The errors' texts are left out, and so is the chain: they can hold the token or a signed address.

    Raises:
        CredentialsError: Kaggle's credentials are missing, were refused, or do not reach the data set.
        DownloadError: anything else that went wrong with Kaggle.
    """
    patience = network.patience(num_retries=network.NUM_RETRIES, stall_seconds=network.STALL_SECONDS)
    try:
        # The client talks on standard output.
        with redirect_stdout(io.StringIO()), patience:
            yield
    except HTTPError as error:
        raise refusal(dataset, status_of(error)) from None
    except RequestException as error:
        raise DownloadError(
            f"cannot reach Kaggle to download {dataset} ({type(error).__name__}): check the network, or fetch the "
            "zip elsewhere and set download.source to archive"
        ) from None
    except ValueError:
        raise DownloadError(f"Kaggle's answer for {dataset} was incomplete or not understood: try again") from None


def refusal(dataset: str, status: int) -> DownloadError:
    """Makes the error for a call that Kaggle answered with an error: it says what the user can do."""
    if status == UNAUTHORIZED:
        return CredentialsError(f"Kaggle refused the credentials for {dataset} (HTTP {status}): {HOW_TO_SIGN_IN}")
    if status == FORBIDDEN:
        return CredentialsError(
            f"Kaggle refused access to {dataset} (HTTP {status}): open {page_of(dataset)} as the token's user and "
            f"accept the rules if it shows any; else the token is not enough: {HOW_TO_SIGN_IN}"
        )
    advice = {
        NOT_FOUND: f"there is no such data set or version: see {page_of(dataset)}",
        TOO_MANY: "too many requests: try again later",
    }
    return DownloadError(f"Kaggle answered HTTP {status} for {dataset}: {advice.get(status, 'try again later')}")


def status_of(error: Any) -> int:
    """Reads the HTTP status of an error; 0 when it carries none."""
    response = getattr(error, "response", None)
    return 0 if response is None else int(response.status_code)
