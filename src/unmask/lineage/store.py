"""What MLflow's store has of a model, a run or an alias. A store that is absent or dead is an answer, not an error."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from unmask.environment import Environment
from unmask.lineage.chain import Run
from unmask.tracking.session import CONNECT_SECONDS, address_of, attempt
from unmask.tracking.store import locate

if TYPE_CHECKING:
    from unmask.tracking.runs import Runs

Answer = TypeVar("Answer")


class RunStore:
    """Reads runs.

    Attributes:
        about: the store's address, or why it cannot be read.
    """

    def __init__(self, environment: Environment) -> None:
        """Args: environment: says where the store is; nothing is made where there is none."""
        self.environment = environment
        self.about = address_of(environment)
        self.is_there = not locate(environment).is_missing
        if not self.is_there:
            self.about = f"{self.about}: there is none"

    def of_model(self, sha256: str) -> Sequence[Run]:
        """Lists the runs that made a model file, the newest first."""

        def ask(runs: "Runs") -> list[Run]:
            return [as_run(found) for found in runs.find_all(sha256)]

        return self.ask(ask, otherwise=[]) if sha256 else []

    def by_id(self, run_id: str) -> Run | None:
        """Reads a run."""
        return self.ask(lambda runs: as_run(runs.get(run_id)), otherwise=None)

    def by_alias(self, name: str, alias: str) -> Run | None:
        """Reads the run of the version of a registered model that has an alias; None where there is no such name."""

        def ask(runs: "Runs") -> Run | None:
            found = runs.client.search_registered_models(f"name = '{name}'")
            if not found or alias not in found[0].aliases:
                return None
            return as_run(runs.get(str(runs.client.get_model_version(name, found[0].aliases[alias]).run_id)))

        return self.ask(ask, otherwise=None)

    def ask(self, question: "Callable[[Runs], Answer]", *, otherwise: Answer) -> Answer:
        """Asks the store once, with a bounded wait."""
        if not self.is_there:
            return otherwise
        answers = attempt(question, environment=self.environment, on_failure=self.fail, seconds=CONNECT_SECONDS)
        return answers[0] if answers else otherwise

    def fail(self, reason: str) -> None:
        """Keeps why the store gave no answer."""
        self.about = f"{address_of(self.environment)}: {reason}"


def as_run(run: object) -> Run:
    """Takes from MLflow's run what the chain needs."""
    return Run(run_id=str(run.info.run_id), status=str(run.info.status), tags=dict(run.data.tags))  # type: ignore[attr-defined]
