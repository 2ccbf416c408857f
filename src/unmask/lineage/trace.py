"""Finds what a person means by a name, and follows it to where it came from."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmask.artifacts import sha256_of_file
from unmask.environment import Environment
from unmask.errors import LineageError
from unmask.evaluation.judge import read_value
from unmask.lineage.chain import REPORT_SHAPE, TRAINING_SHAPE, Known, Link, Run, chain
from unmask.lineage.snapshot import DAMAGED, WORKING_TREE, Snapshot, snapshots
from unmask.lineage.store import RunStore
from unmask.records import LABEL_NAMES
from unmask.serving.bundle.manifest import MANIFEST_FILE
from unmask.tracking.contents import METRICS_FILE, TRAINING_FILE
from unmask.tracking.provenance import run_git

RUN_ID = re.compile(r"[0-9a-f]{32}")
HASH = re.compile(r"[0-9a-f]{7,64}")  # in full, or as much of it as a table shows
ALIAS = re.compile(r"(?:models:/)?(?P<name>[^/@\s'\"]+)@(?P<alias>[\w.-]+)")
ROW = re.compile(r"(?P<file>.+\.csv):(?P<line>[0-9]{1,9})")
EXPERIMENTS = "refs/exps"
PREDICTIONS = "predictions.csv"
RECORDS = "data/index/records.csv"
LABELS = {str(label): name for label, name in LABEL_NAMES.items()}  # as a CSV has them
KINDS = (
    "a model file or its sha256, a bundle's folder, a run, NAME@ALIAS of the registry, a commit, a DVC experiment, or "
    "predictions.csv:LINE"
)


@dataclass(frozen=True)
class Trace:
    """A model, and what it hangs on.

    Attributes:
        title: what was asked for, in words.
        links: from the commit on to the evaluation; a verdict's own link comes last.
    """

    title: str
    links: Sequence[Link]


def trace(text: str, *, environment: Environment) -> list[Trace]:
    """Follows a name to where it came from.

    Args:
        text: see `KINDS`.
        environment: says where the checkout and MLflow's store are.

    Returns:
        One trace, or one a model where a commit or an experiment has several.

    Raises:
        LineageError: nothing is known by this name.
    """
    tracer = Tracer(environment.root.absolute(), RunStore(environment))
    if row := ROW.fullmatch(text):
        return [tracer.of_row(Path(row["file"]), line=int(row["line"]))]
    if is_file(Path(text)):
        return [tracer.of_model(hash_of(Path(text)), title=text)]
    if is_file(Path(text, MANIFEST_FILE)):
        return [tracer.of_model(str(read_value(Path(text, MANIFEST_FILE), "model_sha256")), title=text)]
    if RUN_ID.fullmatch(text):
        return [tracer.of_run(tracer.store.by_id(text), title=f"run {text}")]
    if alias := ALIAS.fullmatch(text):
        return [tracer.of_run(tracer.store.by_alias(alias["name"], alias["alias"]), title=text)]
    if commit := tracer.commit_of(text):
        return tracer.of_commit(commit, title=text)
    if HASH.fullmatch(text):
        return [tracer.of_hash(text)]
    raise LineageError(f"nothing is known as {text!r}; trace follows {KINDS}")


class Tracer:
    """Follows names within one checkout and one store."""

    def __init__(self, root: Path, store: RunStore) -> None:
        """Args: root: the checkout; store: where its runs are."""
        self.root, self.store = root, store

    def of_model(self, sha256: str, *, title: str) -> Trace:
        """Follows a model file, wherever it lies, by its hash or the beginning of it."""
        known = self.known(*self.find_model(sha256, title=title))
        return Trace(f"{title}, sha256 {known.sha256}", chain(known))

    def of_hash(self, text: str) -> Trace:
        """Follows what is no commit of this repository as the hash of a model file, or the beginning of it."""
        try:
            return self.of_model(text, title="the model")
        except LineageError as error:
            raise LineageError(f"{text} is no commit here (git fetch brings new ones); as a hash of {error}") from error

    def of_run(self, run: Run | None, *, title: str) -> Trace:
        """Follows a run of MLflow by the model that it made."""
        if run is None:
            raise LineageError(f"{title} is not in MLflow's store ({self.store.about})")
        sha256 = run.tags.get("model_sha256", "")
        if not sha256:
            raise LineageError(
                f"{title} has no model: it is {run.status}, from commit {run.tags.get('git_commit', 'unknown')}"
            )
        return self.of_model(sha256, title=title)

    def of_commit(self, commit: str, *, title: str) -> list[Trace]:
        """Follows every model of a commit, by whatever name it was asked for."""
        snapshot = Snapshot(self.root, commit)
        if not snapshot.models():
            raise LineageError(f"{title} ({commit}) has no trained model in its dvc.lock")
        return [Trace(f"{model} of {title}", chain(self.known(snapshot, model))) for model in snapshot.models()]

    def of_row(self, file: Path, *, line: int) -> Trace:
        """Follows one verdict of an evaluation; lines are counted as an editor does, the header being the first."""
        if file.name != PREDICTIONS or not is_file(file):
            raise LineageError(f"{file} is not the {PREDICTIONS} of an evaluation")
        try:
            with file.open(encoding="utf-8", newline="") as rows:
                found = next((row for number, row in enumerate(csv.DictReader(rows), start=2) if number == line), None)
        except (OSError, ValueError, csv.Error) as error:
            raise LineageError(f"{file} cannot be read: {error}") from error
        if found is None:
            raise LineageError(f"{file} has no verdict on line {line}")
        if not {"member", "score"} <= found.keys() or found.get("label") not in LABELS:
            raise LineageError(f"{file}, line {line} is no verdict: the file is {DAMAGED}")
        sha256 = read_value(file.parent / METRICS_FILE, "model_sha256")
        known = self.known(*self.find_model(sha256, title=str(file)))
        return Trace(f"{file}, line {line}", [*chain(known), verdict_link(known, found)])

    def known(self, snapshot: Snapshot, model: str) -> Known:
        """Reads all that the links are made of."""
        training = snapshot.read_json(f"models/{model}/{TRAINING_FILE}", TRAINING_SHAPE)
        runs = self.store.of_model(training.content.get("model_sha256", ""))
        report = snapshot.read_json(f"reports/evaluate/{model}/{METRICS_FILE}", REPORT_SHAPE)
        return Known(snapshot, model, training, report, runs, self.store.about)

    def find_model(self, sha256: str, *, title: str) -> tuple[Snapshot, str]:
        """Finds the state that has a model file: the working tree, else the newest commit of any branch.

        Args:
            sha256: the model file's, or the beginning of it: the newest model that has it is found.
            title: what was asked for, in words.

        Raises:
            LineageError: there is none.
        """
        seen: set[str] = set()
        damaged = []
        for snapshot in snapshots(self.root):
            for model in snapshot.models():
                folder = f"models/{model}"
                digest = snapshot.digest(folder)
                if digest in seen:
                    continue
                if snapshot.revision != WORKING_TREE:  # whose files may have been edited since
                    seen.add(digest)
                training = snapshot.read_json(f"{folder}/{TRAINING_FILE}", TRAINING_SHAPE)
                if training.missing == DAMAGED:
                    damaged.append(f"; {folder}/{TRAINING_FILE} of {snapshot.revision or 'the tree'} is {DAMAGED}")
                if sha256 and str(training.content.get("model_sha256", "")).startswith(sha256):
                    return snapshot, model
        raise LineageError(
            f"{title}: no dvc.lock of this repository leads to a model with sha256 {sha256 or 'unknown'}; what DVC's "
            f"cache and remote do not hold cannot be found: try dvc fetch --all-commits{''.join(damaged)}"
        )

    def commit_of(self, text: str) -> str | None:
        """Finds a commit by any of its names, or by that of a DVC experiment; None where there is none."""
        names = run_git(self.root, "for-each-ref", "--format=%(refname)", EXPERIMENTS) or ""
        experiment = [name for name in names.split() if name.rpartition("/")[2] == text]
        for name in (text, *experiment):
            if commit := run_git(self.root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
                return commit
        return None


def is_file(path: Path) -> bool:
    """Tells whether there is such a file; a name that the system refuses, as one too long, is of none."""
    try:
        return path.is_file()
    except OSError:
        return False


def hash_of(file: Path) -> str:
    """Hashes a file.

    Raises:
        LineageError: it cannot be read.
    """
    try:
        return sha256_of_file(file)
    except OSError as error:
        raise LineageError(f"{file} cannot be read: {error.strerror}") from error


def verdict_link(known: Known, row: dict[str, str]) -> Link:
    """Names the picture of a verdict: where it came from, and its bytes."""
    facts: dict[str, Any] = {"member": row["member"], "is": LABELS[row["label"]], "score": row["score"]}
    content = known.snapshot.read(RECORDS)
    if content is None:
        return Link("verdict", facts, [f"{RECORDS} cannot be had: the picture's hash is not known"])
    try:
        records = csv.DictReader(content.decode("utf-8").splitlines())
        record = next((record for record in records if record["member"] == row["member"]), None)
    except (ValueError, KeyError, csv.Error):
        return Link("verdict", facts, [f"{RECORDS} is {DAMAGED}; the picture's hash is not known"])
    if record is None:
        return Link("verdict", facts, ["the index has no such picture: it is of another archive"])
    return Link("verdict", {**facts, "sha256": record.get("sha256", "")})
