"""Pulls, asks for new data, reproduces, measures, reports, pushes, and promotes where that is allowed."""

import logging
import subprocess
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from unmask import artifacts
from unmask.config import Config
from unmask.environment import Environment
from unmask.errors import RetrainingError
from unmask.evaluation.judge import read_value
from unmask.promotion.challenger import Challenger
from unmask.promotion.decisions import Decision
from unmask.promotion.promote import Examination, examine, is_settled, promote
from unmask.retraining import dvc, upstream
from unmask.retraining.changes import parameter_changes
from unmask.retraining.report import Report, render
from unmask.tracking.contents import CHAMPION_FILE
from unmask.tracking.provenance import run_git
from unmask.tracking.store import redact

LOCK = "dvc.lock"
UNFINISHED = "# Retraining\n\nNot finished: the log says why.\n"
COMMIT_MESSAGE = "Retrained: what dvc repro made"

logger = logging.getLogger(__name__)


class Result(IntEnum):
    """How a retraining ended, as an exit status; 1 is an error's."""

    PASSED = 0
    NOTHING_TO_DO = 10
    REFUSED = 20


@dataclass(frozen=True)
class Wish:
    """What a retraining is asked for.

    Attributes:
        against: the commit, branch or tag that the report compares with.
        report: the file for the report.
        is_promoting: whether a challenger that passes every gate becomes champion.
        is_committing: whether `dvc.lock` is committed, without which the model hangs on no commit.
        push: the branch of git's `origin` that the commit goes to, before anything is decided; empty for none.
        why: in words, for the log of promotions.
    """

    against: str
    report: Path
    is_promoting: bool
    is_committing: bool
    push: str
    why: str


def retrain(root: Path, *, wish: Wish, parameters: Config, environment: Environment) -> Result:
    """Retrains once. What was interrupted goes on when it is called again.

    Args:
        root: the checkout.
        wish: what is asked for.
        parameters: of `params.yaml`.
        environment: where the store is, and who acts.

    Returns:
        How it ended.

    Raises:
        RetrainingError: DVC or git failed.
        PromotionError: another promotion came first.
        TrackingError: MLflow's store cannot be used.
    """
    before = run_git(root, "rev-parse", "--verify", f"{wish.against}^{{commit}}")  # now: HEAD moves with a commit
    if before is None:
        raise RetrainingError(f"git knows no {wish.against!r} to compare with: fetch it, or give another --against")
    parameter_changes(root, before)  # what cannot be told of stops it here, and not after a decision
    artifacts.write_text(wish.report, UNFINISHED)
    is_remote = dvc.has_remote(root)
    if is_remote:
        pull(root)
    news = upstream.changed(parameters.download, root / "data" / "raw")
    if news:
        logger.info("retrain: %s", news)
        dvc.run(root, "repro", "--force", "--single-item", "download")
    stages = [*(["download"] if news else []), *dvc.reproduce(root)]
    challenger = Challenger(root, read_value(root / "reports" / "compare" / CHAMPION_FILE, "model"))
    sha256 = read_value(root / "reports" / "compare" / CHAMPION_FILE, "model_sha256")
    if wish.is_committing:
        commit(root)  # also what DVC's cache of runs gave back without a stage
    if is_remote:
        dvc.run(root, "push")
    if wish.push:
        push(root, wish.push)
    if not stages and is_settled(sha256, is_deciding=wish.is_promoting, environment=environment):
        artifacts.write_text(wish.report, "# Retraining\n\nNothing to do: no stage ran.\n")
        return Result.NOTHING_TO_DO
    examined = examine(challenger, parameters=parameters, environment=environment)
    decision = settle(examined, wish=wish, environment=environment)
    report = Report(root, before, news, stages, challenger, examined, decision)
    artifacts.write_text(wish.report, render(report, environment=environment))
    return Result.REFUSED if examined.failed else Result.PASSED


def settle(examined: Examination, *, wish: Wish, environment: Environment) -> Decision | None:
    """Promotes or refuses where that is asked for; None where it is not, or the challenger is champion already."""
    if examined.is_champion or not wish.is_promoting:
        return None
    return promote(examined, environment=environment, why=wish.why)


def pull(root: Path) -> None:
    """Fetches what DVC's remote has; what it lacks is made anew."""
    try:
        dvc.run(root, "pull", "--run-cache", "--allow-missing")
    except RetrainingError as error:
        logger.warning("retrain: %s", error)


def commit(root: Path) -> None:
    """Commits `dvc.lock`, where it has changed.

    Raises:
        RetrainingError: git refused.
    """
    if not run_git(root, "status", "--porcelain", "--", LOCK):
        return
    run_git(root, "add", "--", LOCK)
    if run_git(root, "commit", "--quiet", "--message", COMMIT_MESSAGE, "--", LOCK) is None:
        raise RetrainingError(f"git does not commit {LOCK}: is its user set (git config user.email)?")


def push(root: Path, branch: str) -> None:
    """Pushes the checkout's commit: a champion whose commit is nowhere could not be followed back.

    Raises:
        RetrainingError: git refused, as where the branch has gone on meanwhile.
    """
    command = ["git", "push", "origin", f"HEAD:{branch}"]
    finished = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if finished.returncode:
        reason = redact((finished.stderr.strip().splitlines() or ["no reason given"])[0])
        raise RetrainingError(f"git does not push to {branch} ({reason}): nothing was decided; pull, and run it again")
