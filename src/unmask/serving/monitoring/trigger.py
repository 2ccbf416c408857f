"""Telling GitHub to retrain, by the event that .github/workflows/retrain.yml waits for."""

import re

import requests

from unmask.environment import Environment
from unmask.errors import MonitoringError

EVENT = "new-data"
COMMAND = "gh api repos/{owner}/{repo}/dispatches -f event_type=" + EVENT  # gh fills in the checkout's own names
ORIGIN = re.compile(r"[:/](?P<repository>[\w.-]+/[\w.-]+?)(\.git)?/?$")
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
        raise MonitoringError("--trigger needs a repository: set GITHUB_REPOSITORY=OWNER/NAME, or add a remote origin")
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


def repository_of(origin: str | None) -> str:
    """Reads OWNER/NAME from the address of a remote; empty where it has none."""
    found = ORIGIN.search(origin or "")
    return found["repository"] if found else ""
