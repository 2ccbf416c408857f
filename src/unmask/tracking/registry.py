"""MLflow's registry: the versions of the detector, their aliases, and the log of decisions about them.

The log is a registered model of its own, whose versions are its lines: the store numbers them, one after another also
where many write at once, and MLflow's pages show them. MLflow itself keeps no history of aliases.
Importing this module imports mlflow (seconds).
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import mlflow.artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from unmask.errors import TrackingError
from unmask.tracking.models import used_store
from unmask.tracking.runs import MODEL_TAG, Runs
from unmask.tracking.views import SINCE_TAG
from unmask.tracking.writing import EVALUATION_FOLDER, TRAINING_FOLDER

DETECTOR = "unmask"
LOG = "unmask-promotions"
CHAMPION, CHALLENGER = "champion", "challenger"
NAME_TAG = "model"  # as the run's parameter of that name
DESCRIPTIONS = {
    DETECTOR: "Detectors of deepfake faces: each version is a trained model, `champion` the one to use.",
    LOG: "Decisions about the champion, one a version, none ever changed: `unmask promotions` lists them.",
}
LOGGED_MODEL = "models:/"
EXISTS, MISSING = "RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST"
APPEND_TRIES = 20  # many may write at once, and MLflow itself tries three times to find a free number


class Registry:
    """The registry of one store."""

    def __init__(self, runs: Runs) -> None:
        """Makes the detector's and the log's entry where they are missing."""
        self.runs, self.client = runs, runs.client
        for name, description in DESCRIPTIONS.items():
            self.create(name, description)

    def create(self, name: str, description: str) -> None:
        """Makes an entry; another process may be making it at the same time."""
        try:
            self.client.get_registered_model(name)
        except MlflowException:
            try:
                self.client.create_registered_model(name, description=description)
            except MlflowException as error:
                if error.error_code != EXISTS:
                    raise

    def register(self, model_sha256: str, *, run_id: str) -> str:
        """Gives the version of a model file, which is made where there is none.

        Args:
            model_sha256: the model file's.
            run_id: of the run that has logged it.

        Returns:
            The version's number.

        Raises:
            TrackingError: the run has no model.
        """
        if found := self.version_of(model_sha256):
            return str(found.version)
        source = f"{LOGGED_MODEL}{self.runs.model_of(run_id)}"
        name = self.runs.get(run_id).data.params.get(NAME_TAG, "")
        return str(self.add(DETECTOR, source, run_id=run_id, tags={MODEL_TAG: model_sha256, NAME_TAG: name}))

    def add(self, name: str, source: str, *, run_id: str | None, tags: Mapping[str, str], text: str = "") -> int:
        """Adds a version to an entry; gives its number."""
        with used_store(self.runs.store.uri):
            made = self.client.create_model_version(
                name,
                source,
                run_id=run_id,
                model_id=source.removeprefix(LOGGED_MODEL),  # a server asks for it
                tags=dict(tags),
                description=text or None,
                await_creation_for=0,
            )
        return int(made.version)

    def version_of(self, model_sha256: str) -> ModelVersion | None:
        """Finds the first version of a model file: two registrations at once may make two."""
        query = f"name = '{DETECTOR}' and tags.{MODEL_TAG} = '{model_sha256}'"
        return min(self.client.search_model_versions(query), key=lambda found: int(found.version), default=None)

    def has(self, number: str) -> bool:
        """Whether there is a version, or somebody has deleted it."""
        try:
            self.version(number)
        except MlflowException as error:
            if error.error_code != MISSING:
                raise
            return False
        return True

    def version(self, number: str) -> ModelVersion:
        """Reads a version."""
        return self.client.get_model_version(DETECTOR, number)

    def lines(self) -> list[tuple[int, Mapping[str, str]]]:
        """Reads the log: the number and the content of every line, in order."""
        found: list[ModelVersion] = []
        token = None
        while page := self.client.search_model_versions(f"name = '{LOG}'", page_token=token):
            found.extend(page)
            if not (token := page.token):
                break
        return sorted((int(line.version), dict(line.tags)) for line in found)

    def append(self, content: Mapping[str, str], *, about: str, text: str) -> int:
        """Adds a line to the log.

        Args:
            content: what it says.
            about: the version that it is about.
            text: Markdown, for MLflow's page.

        Returns:
            Its number.
        """
        version = self.version(about)
        add = partial(self.add, LOG, str(version.source), run_id=version.run_id, tags=content, text=text)
        for _ in range(APPEND_TRIES - 1):
            with suppress(MlflowException):
                return add()
        return add()

    def point(self, alias: str, version: str) -> None:
        """Lets an alias name a version."""
        self.client.set_registered_model_alias(DETECTOR, alias, version)

    def crown(self, version: str, *, since: str) -> None:
        """Lets the champion's alias name a version, and writes beside it, and beside its run, since when.

        Args:
            version: the champion's.
            since: when it was decided.
        """
        self.client.set_model_version_tag(DETECTOR, version, SINCE_TAG, since)
        self.point(CHAMPION, version)
        with suppress(MlflowException):  # a run may have been deleted meanwhile
            self.runs.set_tags(str(self.version(version).run_id), {SINCE_TAG: since})

    def pointed(self, alias: str) -> str:
        """Gives the version that an alias names; empty for none."""
        return str(self.client.get_registered_model(DETECTOR).aliases.get(alias, ""))

    def fetch(self, version: str, *, folder: Path) -> None:
        """Copies what the run of a version says of it: folders `evaluation` and `training`, as in its stage's output.

        Raises:
            TrackingError: the run has no evaluation.
        """
        run_id = str(self.version(version).run_id)
        for part in (EVALUATION_FOLDER, TRAINING_FOLDER):
            if not self.client.list_artifacts(run_id, part):
                raise TrackingError(f"run {run_id} of version {version} has no {part}: run unmask track where it is")
            self.client.download_artifacts(run_id, part, str(folder))

    def fetch_model(self, version: str, *, folder: Path) -> None:
        """Copies a version's network."""
        with used_store(self.runs.store.uri):
            mlflow.artifacts.download_artifacts(self.version(version).source, dst_path=str(folder))
