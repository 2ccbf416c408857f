"""A data set at Kaggle, fetched by Kaggle's own client and kept as the one zip it comes in."""

import io
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from unmask.config import DownloadConfig
from unmask.data.sources.archive import require_space
from unmask.errors import CredentialsError, DownloadError
from unmask.records import Source

HOW_TO_SIGN_IN = (
    "sign in at https://www.kaggle.com, open https://www.kaggle.com/settings/api, press 'Generate New Token', then "
    "either set the environment variable KAGGLE_API_TOKEN to the token or save the token as ~/.kaggle/access_token "
    "(an older ~/.kaggle/kaggle.json, or KAGGLE_USERNAME and KAGGLE_KEY, also work)"
)
NO_ACCESS = (401, 403)
NOT_FOUND = 404

logger = logging.getLogger(__name__)


def fetch(config: DownloadConfig, target: Path) -> Source:
    """Downloads the data set's zip, in the version that is current when the download begins.

    Args:
        config: `kaggle.dataset` is the data set, as owner/name.
        target: an existing folder.

    Returns:
        The data set's name, version, page and licence, as Kaggle states them.

    Raises:
        CredentialsError: Kaggle's credentials are missing or were refused.
        DownloadError: Kaggle cannot be reached, or has no such data set.
        StorageError: the zip would not fit on the disk.
    """
    dataset = config.kaggle.dataset
    archive = f"{dataset.split('/')[1]}.zip"
    # The client talks on standard output.
    with redirect_stdout(io.StringIO()), plain_errors(dataset):
        api = sign_in()
        details = current_details(api, dataset)
        require_space(target, details["bytes"])
        pinned = f"{dataset}/{details['version']}" if details["version"] else dataset
        with tempfile.TemporaryDirectory(dir=target, prefix=".kaggle.") as temporary:
            api.dataset_download_files(pinned, path=temporary, quiet=not sys.stderr.isatty(), unzip=False)
            (Path(temporary) / archive).replace(target / archive)
    return Source(
        name=dataset,
        version=details["version"],
        url=f"https://www.kaggle.com/datasets/{dataset}",
        licence=details["licence"],
        archive=archive,
    )


def sign_in() -> Any:
    """Makes a signed-in client; without credentials the client ends the process, which `plain_errors` turns."""
    # Here, because importing the client already signs in.
    from kaggle.api.kaggle_api_extended import KaggleApi

    api = KaggleApi()
    try:
        api.authenticate()
    except json.JSONDecodeError:
        raise
    except ValueError:
        # No header can carry the token; the error's text holds it.
        raise CredentialsError(f"the Kaggle token holds characters that no token has: {HOW_TO_SIGN_IN}") from None
    return api


def current_details(api: Any, dataset: str) -> dict[str, Any]:
    """Asks for the data set's current version, licence and size.

    Returns:
        `version` and `licence`, empty where Kaggle states none; `bytes`, 0 where it states none.
    """
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest
    from requests import HTTPError

    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = dataset.split("/")
    try:
        with api.build_kaggle_client() as client:
            details = client.datasets.dataset_api_client.get_dataset(request)
    except HTTPError as error:
        if status_of(error) != NOT_FOUND:
            raise
        # The download itself says whether the data set exists.
        logger.warning("Kaggle does not describe %s: its version stays unknown", dataset)
        return {"version": "", "licence": "", "bytes": 0}
    return {
        "version": str(details.current_version_number or ""),
        "licence": details.license_name,
        "bytes": details.total_bytes,
    }


@contextmanager
def plain_errors(dataset: str) -> Iterator[None]:
    """Turns the client's errors into this project's.

    Their texts are left out, and so is the chain: they can hold the token or a signed address.
    """
    from requests import HTTPError, RequestException

    try:
        yield
    except SystemExit:
        raise CredentialsError(f"no valid Kaggle credentials: {HOW_TO_SIGN_IN}") from None
    except HTTPError as error:
        status = status_of(error)
        if status in NO_ACCESS:
            raise CredentialsError(
                f"Kaggle refused the credentials, or access to {dataset} (HTTP {status}): {HOW_TO_SIGN_IN}"
            ) from None
        reason = "there is no such data set" if status == NOT_FOUND else "try again later"
        raise DownloadError(f"Kaggle answered HTTP {status} for {dataset}: {reason}") from None
    except RequestException as error:
        raise DownloadError(
            f"cannot reach Kaggle to download {dataset} ({type(error).__name__}): check the network, or fetch the "
            "zip elsewhere and set download.source to archive"
        ) from None
    except ValueError:
        raise DownloadError(f"Kaggle's answer for {dataset} was incomplete or not understood: try again") from None


def status_of(error: Any) -> int:
    """Reads the HTTP status of an error; 0 when it carries none."""
    response = getattr(error, "response", None)
    return 0 if response is None else int(response.status_code)
