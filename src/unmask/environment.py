"""Every environment variable that this project reads, in one place."""

import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DVC_ROOT = "DVC_ROOT"  # the main checkout, also where an experiment runs elsewhere; set by DVC
DVC_EXP_NAME = "DVC_EXP_NAME"  # the experiment's name; set by DVC
MLFLOW_TRACKING_URI = "MLFLOW_TRACKING_URI"  # replaces the store in mlruns/
UNMASK_REAL_DATA = "UNMASK_REAL_DATA"  # a folder of real face archives, for tests and measurements
GITHUB_TOKENS = ("GH_TOKEN", "GITHUB_TOKEN")  # may start a workflow; set by GitHub's CI, or by a person
GITHUB_REPOSITORY = "GITHUB_REPOSITORY"  # OWNER/NAME; set by GitHub's CI
GITHUB_API_URL = "GITHUB_API_URL"  # where GitHub's interface is; set by its CI, also on a company's own server
UNMASK_API_KEYS = "UNMASK_API_KEYS"  # of `unmask serve`: who may have pictures judged; several are parted by commas
PEOPLE = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "USERNAME")  # who acts: set by CI, or by a login
GITHUB = "https://api.github.com"
KAGGLE_VARIABLES = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR")


@dataclass(frozen=True)
class Environment:
    """What the surroundings say.

    Attributes:
        root: the main checkout, where `mlruns/` lies.
        experiment: DVC's name of the running experiment, or empty.
        tracking_uri: MLflow's store if one was named, else empty.
        real_data: the folder of real face archives, or None.
        machine: this machine's name.
        person: who acts, as CI or the system names them; empty where neither does.
        github_token: that may start a workflow; empty where there is none. It is never shown.
        github_repository: OWNER/NAME, as GitHub's CI names it; else empty.
        github_api: the address of GitHub's interface.
        api_keys: of the web service; empty where everybody may use it. They are not shown where this is printed.
    """

    root: Path
    experiment: str
    tracking_uri: str
    real_data: Path | None
    machine: str
    person: str = ""
    github_token: str = field(default="", repr=False)
    github_repository: str = ""
    github_api: str = GITHUB
    api_keys: tuple[str, ...] = field(default=(), repr=False)


def read(variables: Mapping[str, str] | None = None) -> Environment:
    """Reads the environment.

    Args:
        variables: what to read instead of the process's own variables.
    """
    variables = os.environ if variables is None else variables
    real_data = variables.get(UNMASK_REAL_DATA, "")
    return Environment(
        root=Path(variables.get(DVC_ROOT) or Path.cwd()),
        experiment=variables.get(DVC_EXP_NAME, ""),
        tracking_uri=variables.get(MLFLOW_TRACKING_URI, ""),
        real_data=Path(real_data) if real_data else None,
        machine=socket.gethostname(),
        person=next((variables[name] for name in PEOPLE if variables.get(name)), "") or account(),
        github_token=next((variables[name] for name in GITHUB_TOKENS if variables.get(name)), ""),
        github_repository=variables.get(GITHUB_REPOSITORY, ""),
        github_api=variables.get(GITHUB_API_URL) or GITHUB,
        api_keys=tuple(key.strip() for key in variables.get(UNMASK_API_KEYS, "").split(",") if key.strip()),
    )


def account() -> str:
    """Names the account that this process runs under; empty where the system has no name for it, as in containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return ""
