"""Where MLflow's store is, and making a SQLite one so that no process ever sees it half made.

Several processes that start on an empty SQLite database fail and can leave it unusable (each runs the migrations), so
the database is made under a lock, under a temporary name, and renamed when it is whole.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from unmask.artifacts import atomic_path, storage_error
from unmask.environment import Environment
from unmask.errors import TrackingError

SQLITE = "sqlite:///"
FOLDER = "mlruns"
DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"
EXPERIMENT = "unmask"
EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",  # MLflow's page for training; it guesses language models else
    "mlflow.note.content": "Real face photographs or deepfakes: one run a trained model, with its evaluation.",
}
LOCK_SECONDS = 120

# A password may hold "/", "@" and "=": what could be part of one is hidden, also where that hides the host.
SECRET = r"\w*(?:password|passwd|token|secret|key)="
SECRET_WITH_AT = re.compile(rf"://\S*{SECRET}[^\s&#]*@[^\s&#]*", re.IGNORECASE)
CREDENTIALS = re.compile(r"://\S*@")
SECRET_VALUE = re.compile(rf"({SECRET})[^\s&#]+", re.IGNORECASE)


@dataclass(frozen=True)
class Store:
    """One MLflow store.

    Attributes:
        uri: what MLflow calls the tracking URI.
        database: the SQLite file, or None where the store is another kind.
        artifacts: where a new experiment's files go; empty lets a server decide.
    """

    uri: str
    database: Path | None
    artifacts: str

    @property
    def is_missing(self) -> bool:
        """Whether it is a SQLite file that nobody has made yet; of a server, only asking would tell."""
        return self.database is not None and not self.database.exists()


def locate(environment: Environment) -> Store:
    """Finds the store: what MLFLOW_TRACKING_URI names, else SQLite in the main checkout's `mlruns/`.

    Args:
        environment: its root is the main checkout also where a DVC experiment runs in a copy; a relative SQLite path
            starts there.
    """
    root = environment.root.absolute()
    uri = environment.tracking_uri or f"{SQLITE}{root / FOLDER / DATABASE}"
    if not uri.startswith(SQLITE):
        return Store(uri=uri, database=None, artifacts="")
    database = root / uri.removeprefix(SQLITE)
    return Store(uri=f"{SQLITE}{database}", database=database, artifacts=(database.parent / ARTIFACTS).as_uri())


def prepare(store: Store) -> None:
    """Makes a SQLite store that does not exist yet; other kinds are left to their server.

    Raises:
        StorageError: the folder cannot be written.
        TrackingError: another process holds the lock, or MLflow cannot make its tables.
    """
    if store.database is None or store.database.exists():
        return
    lock = f"{store.database}.lock"
    try:
        store.database.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=LOCK_SECONDS):
            if not store.database.exists():
                create_database(store.database, artifacts=store.artifacts)
    except Timeout as error:  # an OSError too: it comes first
        raise TrackingError(
            f"another process has been making the store for {LOCK_SECONDS} s (it holds {lock}): wait for it, or end it"
        ) from error
    except OSError as error:
        raise storage_error(store.database, error) from error


def create_database(database: Path, *, artifacts: str) -> None:
    """Makes MLflow's tables and this project's experiment in a new SQLite file.

    Raises:
        TrackingError: MLflow or SQLite refused.
    """
    from mlflow.entities import ExperimentTag
    from mlflow.exceptions import MlflowException
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with atomic_path(database) as temporary:
            tables = SqlAlchemyStore(f"{SQLITE}{temporary}", artifacts)  # type: ignore[no-untyped-call]
            tags = [ExperimentTag(key, value) for key, value in EXPERIMENT_TAGS.items()]
            tables.create_experiment(EXPERIMENT, artifacts, tags)  # type: ignore[no-untyped-call]
            tables.engine.dispose()
    except (MlflowException, SQLAlchemyError) as error:
        reason = redact(str(error).partition("\n")[0])
        raise TrackingError(f"MLflow cannot make {database}: {reason}") from error


def redact(text: str) -> str:
    """Hides the user and password of every address in a text, and every value whose name says that it is secret."""
    without_users = CREDENTIALS.sub("://***@", SECRET_WITH_AT.sub("://***", text))
    return SECRET_VALUE.sub(r"\1***", without_users)
