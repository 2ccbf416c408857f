"""Retraining with a team's real parts: MLflow with accounts on PostgreSQL and S3, DVC's remote on S3, a git remote.

No secret of theirs may be anywhere afterwards.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow_server
import pytest
from mlflow_server import make_team
from postgresql import running_postgresql
from s3_server import running_s3

sys.path.insert(0, str(Path(__file__).parent))

from project import Project, make_project
from test_retraining import OPEN_GATES, Team

from unmask.environment import Environment
from unmask.promotion.promote import log
from unmask.retraining.retrain import Result

DVC_BUCKET = "dvc"
RETRAIN = ("unmask", "retrain", "--against", "origin/main", "--commit", "--promote")


@dataclass(frozen=True)
class WholeTeam(Team):
    """A team with accounts and keys.

    Attributes:
        parts: the MLflow server's.
        said: all that commands wrote to the terminal.
    """

    parts: mlflow_server.Team
    said: list[str] = field(default_factory=list)

    @property
    def variables(self) -> dict[str, str]:
        """What a runner has from its secrets: an account of MLflow's, keys of the S3 store for DVC."""
        keys = {name: value for name, value in self.parts.s3.variables.items() if name.startswith("AWS_")}
        return {**self.parts.variables, **keys}

    @property
    def secrets(self) -> dict[str, str]:
        return {
            "MLflow's password": self.parts.password,
            "the S3 store's secret key": self.parts.s3.secret_key,
            "PostgreSQL's password": self.parts.postgresql.password,
            "the key of MLflow's forms": self.parts.secret,
        }

    def runner(self, name: str, *, changes: dict[str, Any] | None = None) -> Project:
        clone = super().runner(name, changes=changes)
        clone.environment.update(self.variables)
        return clone

    def retrain(self, runner: Project) -> tuple[int, str]:
        """Retrains, and gives the exit status and the report."""
        finished = runner.run(*RETRAIN, is_checked=False)
        self.said.append(finished.stdout + finished.stderr)
        report = runner.root / "report.md"
        assert report.exists(), self.said[-1][-5000:]
        return finished.returncode, report.read_text()

    def places(self) -> Iterator[tuple[str, bytes]]:
        """Reads all that is left: files, objects of git, the databases, the buckets, what was said."""
        for path in self.folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield str(path), path.read_bytes()
        for repository in [*self.folder.glob("*/.git"), self.folder / "remote.git"]:
            command = ["git", "-C", repository, "cat-file", "--batch-all-objects", "--batch"]
            yield f"objects of {repository}", subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        for database in (self.parts.database, self.parts.accounts):
            yield f"database {database}", self.parts.postgresql.run("pg_dump", database)
        for bucket in (DVC_BUCKET, self.parts.bucket):
            for key, content in self.parts.s3.content(bucket).items():
                yield f"s3://{bucket}/{key}", key.encode() + content
        yield "the terminal", "\n".join(self.said).encode()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeTeam]:
    """A team whose pipeline is pushed, and not trained yet."""
    folder = tmp_path_factory.mktemp("team")
    with running_postgresql() as postgresql, running_s3(folder) as s3, pytest.MonkeyPatch.context() as patch:
        parts = make_team(postgresql, s3)
        s3.make_bucket(DVC_BUCKET)
        for name, value in parts.variables.items():
            patch.setenv(name, value)
        with parts.served(folder) as address:
            surroundings = Environment(
                root=folder, experiment="", tracking_uri=address, real_data=None, machine="bench"
            )
            made = WholeTeam(folder, address, surroundings, parts)
            first = make_project(folder / "first", site_cache=folder / "site-first")
            first.set_parameters(
                {"download.source": "archive", "download.archive": str(made.write_archive(seed=1)), **OPEN_GATES}
            )
            first.run("git", "init", "-q", "--bare", "-b", "main", str(folder / "remote.git"))
            first.run("git", "branch", "-m", "main")
            first.run("git", "remote", "add", "origin", str(folder / "remote.git"))
            first.run("dvc", "remote", "add", "-q", "-d", "store", f"s3://{DVC_BUCKET}/cache")
            first.run("dvc", "remote", "modify", "-q", "store", "endpointurl", s3.url)
            first.run("git", "commit", "-qam", "a team's set-up")
            first.run("git", "push", "-q", "origin", "main")
            yield made
            for runner in [path for path in folder.iterdir() if (path / ".dvc").is_dir()]:
                Project(runner, site_cache=folder / "site").end_processes()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_team_retrains_on_its_own_parts_and_no_secret_is_left_anywhere(
    team: WholeTeam, record_property: Callable[[str, object], None]
) -> None:
    first = team.runner("runner-first")
    code, report = team.retrain(first)
    assert code == Result.PASSED, report
    first.run("git", "push", "-q", "origin", "main")
    champion = team.champion()
    assert champion

    second = team.runner("runner-second", changes={"train.cnn.recipe.optimizer.learning_rate": 0.002})
    code, report = team.retrain(second)
    assert code in (Result.PASSED, Result.REFUSED), report
    assert "Trained: cnn." in report  # all else came from the S3 store
    code, report = team.retrain(team.runner("runner-idle"))
    assert code == Result.NOTHING_TO_DO, report

    decisions, now = log(team.environment)
    assert team.champion() == now.champion
    assert decisions[0].outcome == "promoted"
    assert team.parts.s3.content(team.parts.bucket)  # MLflow's files
    assert team.parts.s3.content(DVC_BUCKET)

    fresh = team.runner("fresh")
    fresh.run("dvc", "pull")
    assert fresh.content("models") == first.content("models")

    without = team.runner("without-account")
    for name in team.variables:
        if name != "MLFLOW_TRACKING_URI":
            without.environment.pop(name)
    refused = without.run(*RETRAIN, is_checked=False)
    team.said.append(refused.stdout + refused.stderr)
    assert refused.returncode == 1

    places = list(team.places())
    # The search finds what is there: the store's address is in DVC's configuration, and so in git.
    holders = [where for where, content in places if team.parts.s3.url.encode() in content]
    assert any(where.endswith(".dvc/config") for where in holders)
    assert f"objects of {team.folder / 'remote.git'}" in holders
    record_property("campaign", f"a team's secrets: searched for in {len(places)} files, objects and dumps")
    found = {(what, where) for where, content in places for what, secret in team.secrets.items()
             if secret.encode() in content}  # fmt: skip
    assert found == set()
