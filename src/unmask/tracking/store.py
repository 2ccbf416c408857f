"""Where MLflow's store is, and making a SQLite one so that no process ever sees it half made.

Several processes that start on an empty SQLite database fail and can leave it unusable (each runs the migrations), so
the database is made under a lock, under a temporary name, and renamed when it is whole.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from unmask.artifacts import atomic_path
from unmask.environment import Environment

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

CREDENTIALS = re.compile(r"://[^/\s]*@")


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
    """
    if store.database is None or store.database.exists():
        return
    store.database.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{store.database}.lock", timeout=LOCK_SECONDS):
        if not store.database.exists():
            create_database(store.database, artifacts=store.artifacts)


def create_database(database: Path, *, artifacts: str) -> None:
    """Makes MLflow's tables and this project's experiment in a new SQLite file."""
    from mlflow.entities import ExperimentTag
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with atomic_path(database) as temporary:
        tables = SqlAlchemyStore(f"{SQLITE}{temporary}", artifacts)  # type: ignore[no-untyped-call]
        tags = [ExperimentTag(key, value) for key, value in EXPERIMENT_TAGS.items()]
        tables.create_experiment(EXPERIMENT, artifacts, tags)  # type: ignore[no-untyped-call]
        tables.engine.dispose()


def redact(text: str) -> str:
    """Hides the user and password of every address in a text."""
    return CREDENTIALS.sub("://***@", text)
