"""Telling GitHub to retrain, by the event that .github/workflows/retrain.yml waits for."""

import re
from urllib.parse import urlsplit

import requests

from unmask.environment import Environment
from unmask.errors import MonitoringError

EVENT = "new-data"
COMMAND = "gh api repos/{owner}/{repo}/dispatches -f event_type=" + EVENT  # gh fills in the checkout's own names
REPOSITORY = r"(?P<repository>[\w.-]+/[\w.-]+?)(\.git)?/?"
# Of a remote: as an address, and in the short form of ssh. The path of a folder is neither.
REMOTES = (
    re.compile(rf"\w+://([^/@]*@)?(?P<host>[\w.-]+)(:\d+)?/{REPOSITORY}"),
    re.compile(rf"([^/@:]*@)?(?P<host>[\w.-]+):/?{REPOSITORY}"),
)
TIMEOUT_SECONDS = 30.0


def trigger(environment: Environment, *, repository: str) -> None:
    """Sends the event, as `COMMAND` does.

    Source: https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event

    Args:
        environment: where GitHub's interface is, and a token that may write to the repository.
        repository: OWNER/NAME.

    Raises:
        MonitoringError: no token or repository is known, or GitHub refuses or cannot be reached.
    """
    if not environment.github_token:
        raise MonitoringError(f"--trigger needs a token in GH_TOKEN; or run: {COMMAND}")
    if not repository:
        raise MonitoringError(
            f"--trigger needs a repository of {host_of(environment.github_api)}, and the remote origin is none: set "
            "GITHUB_REPOSITORY=OWNER/NAME, and for another server than that GITHUB_API_URL"
        )
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {environment.github_token}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    address = f"{environment.github_api}/repos/{repository}/dispatches"
    try:
        answer = requests.post(
            address, json={"event_type": EVENT}, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        raise MonitoringError(f"{address} cannot be reached: {type(error).__name__}") from error
    if answer.status_code != requests.codes.no_content:
        raise MonitoringError(f"{address} answers {answer.status_code} {answer.reason}: no retraining was started")


def host_of(api: str) -> str:
    """Says where the repositories lie that an interface of GitHub's knows.

    Source: https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api:
    a company's own server has its interface at HOST/api/v3, GitHub itself at api.HOST.
    """
    return (urlsplit(api).hostname or "").removeprefix("api.")


def repository_of(origin: str | None, *, api: str) -> str:
    """Reads OWNER/NAME from the address of a remote.

    Args:
        origin: the address; None where there is no remote.
        api: the address of GitHub's interface. It knows the repositories of its own host: what another host calls by
            the same name is somebody else's.

    Returns:
        It, or nothing where the remote is on no such host.
    """
    host = host_of(api)
    for remote in REMOTES:
        found = remote.fullmatch(origin or "")
        if found and found["host"].lower() in (host, f"ssh.{host}"):  # GitHub's for ssh at the port of HTTPS
            return found["repository"]
    return ""
