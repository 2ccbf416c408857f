"""The chain that a model hangs on, link by link: commit, data, split, shards, parameters, run, model, evaluation."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from unmask import config
from unmask.evaluation.bootstrap import bounds_text
from unmask.lineage.snapshot import DAMAGED, EVERY, TRAIN_STAGE, WORKING_TREE, Document, Snapshot, commits_naming
from unmask.records import TEST
from unmask.tracking.contents import METRICS_FILE, MODEL_FILE, TRAINING_FILE
from unmask.tracking.provenance import CHANGES_FILE, UNKNOWN, current_revision, run_git

NUMBER = (int, float)
SCORES = ("accuracy_score", "roc_auc_score")
INTERVAL = {"value": NUMBER, "low": NUMBER, "high": NUMBER}
SOURCE_SHAPE: Mapping[str, Any] = {}
TRAINING_SHAPE = {
    "model_sha256": str,
    "records": {EVERY: int},
    "splits": {EVERY: {"sha256": str}},
    "parameters": {},
}
REPORT_SHAPE = {
    "model_sha256": str,
    "records": {TEST: {EVERY: int}},
    "test_shards_sha256": str,
    TEST: dict.fromkeys(SCORES, INTERVAL),
    "threshold": NUMBER,
}


@dataclass(frozen=True)
class Link:
    """One link of the chain.

    Attributes:
        name: what it is: "data".
        facts: what is known of it, by name; hashes in full.
        missing: what is not known, or does not fit: sentences without a full stop.
    """

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    missing: Sequence[str] = ()


@dataclass(frozen=True)
class Run:
    """What MLflow has of a model: one of its runs."""

    run_id: str
    status: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """All that the links are made of.

    Attributes:
        snapshot: the state that the model is looked at in.
        model: its name in `params.yaml`.
        description: its training.json.
        evaluation: its metrics.json.
        runs: of this very model, the newest first.
        store: where runs were looked for, or why they could not be.
    """

    snapshot: Snapshot
    model: str
    description: Document
    evaluation: Document
    runs: Sequence[Run]
    store: str

    @property
    def training(self) -> Mapping[str, Any]:
        """What training.json says; empty where it cannot be had."""
        return self.description.content

    @property
    def report(self) -> Mapping[str, Any]:
        """What metrics.json says; empty where it cannot be had."""
        return self.evaluation.content

    @property
    def folder(self) -> str:
        """Where the model lies."""
        return f"models/{self.model}"

    @property
    def sha256(self) -> str:
        """The model file's hash; empty where it is not known."""
        return str(self.training.get("model_sha256", ""))


def model_link(known: Known) -> Link:
    """Names the model file."""
    facts = {"name": known.model, "file": f"{known.folder}/{MODEL_FILE}"}
    if not known.sha256:
        return Link("model", facts, [f"{known.folder}/{TRAINING_FILE} is {known.description.missing or DAMAGED}"])
    return Link("model", facts | {"sha256": known.sha256, "dvc": known.snapshot.digest(known.folder)})


def commit_link(known: Known) -> Link:
    """Names the first commit that holds the model, and says what no commit holds."""
    root, digest = known.snapshot.root, known.snapshot.digest(known.folder)
    missing = []
    facts: dict[str, Any] = {}
    if named := commits_naming(root, digest):
        facts["commit"] = named[0]
        facts["is"] = "the first that holds the model"
        facts["of"] = run_git(root, "log", "-1", "--format=%cs, %s", named[0]) or ""
    else:
        missing.append("no commit's dvc.lock names this model: commit dvc.lock")
    if known.snapshot.revision == WORKING_TREE and current_revision(root).dirty == "true":
        missing.append("the working tree is dirty: its code or parameters differ from the commit")
    return Link("commit", facts, missing)


def data_link(known: Known) -> Link:
    """Names the archive: its set, version and hash."""
    source = known.snapshot.read_json("data/raw/source.json", SOURCE_SHAPE)
    if not source.content:
        missing = f"data/raw/source.json is {source.missing or DAMAGED}"
        return Link("data", {"dvc": known.snapshot.digest("data/raw")}, [missing])
    wanted = ("name", "version", "sha256", "bytes", "licence", "url")
    return Link("data", {name: source.content[name] for name in wanted if source.content.get(name)})


def split_link(known: Known) -> Link:
    """Says how many images each split has."""
    digest = known.snapshot.digest("data/split")
    counts = dict(known.training.get("records", {}))
    if test := known.report.get("records", {}).get(TEST):
        counts[TEST] = sum(test.values())
    missing = [] if digest else ["dvc.lock has no data/split"]
    return Link("split", {**counts, "dvc": digest}, missing)


def shards_link(known: Known) -> Link:
    """Names the images that were learnt from and judged on, as they lie in the shards."""
    facts = {name: split.get("sha256", "") for name, split in known.training.get("splits", {}).items()}
    if digest := known.report.get("test_shards_sha256"):
        facts[TEST] = digest
    there = {name: sha256_of(known.snapshot, f"data/shards/{name}/shards.json") for name in facts}
    others = [name for name, now in there.items() if now not in (None, facts[name])]
    return Link("shards", facts, [f"the shards of {name} beside the model are others than it saw" for name in others])


def parameters_link(known: Known) -> Link:
    """Gives the parameters that the model was trained with."""
    locked = known.snapshot.parameters(f"{TRAIN_STAGE}{known.model}")
    facts = dict(known.training.get("parameters") or config.flat_items(locked))
    return Link("parameters", facts, [] if facts else ["neither dvc.lock nor training.json names any"])


def run_link(known: Known) -> Link:
    """Names the runs that made this very model, and the commits that they started from."""
    if not known.runs:
        return Link("run", {"store": known.store}, ["the store has no run of this model: unmask track writes it"])
    facts: dict[str, Any] = {"store": known.store}
    missing = []
    for run in known.runs:
        commit = run.tags.get("git_commit", "")
        is_dirty = run.tags.get("git_dirty") == "true"
        experiment = run.tags.get("dvc_experiment")
        is_known = commit not in ("", UNKNOWN)
        words = [run.status, f"started at {commit if is_known else 'an unknown commit'}{', dirty' if is_dirty else ''}"]
        words += [f"experiment {experiment}"] if experiment else []
        words += ["written again from files"] if run.tags.get("rebuilt_from_files") else []
        facts[run.run_id] = "; ".join(words)
        if not is_known:
            missing.append(f"the commit that run {run.run_id} began from is not known")
        if is_dirty:
            missing.append(f"run {run.run_id} began from changes that no commit has: see its {CHANGES_FILE}")
    return Link("run", facts, missing)


def evaluation_link(known: Known) -> Link:
    """Says how the model did on its test split."""
    file = f"reports/evaluate/{known.model}/{METRICS_FILE}"
    if known.evaluation.missing:
        return Link("evaluation", {}, [f"{file} is {known.evaluation.missing}"])
    if known.sha256 and known.report.get("model_sha256") != known.sha256:
        return Link("evaluation", {"file": file}, [f"{file} judged another model: run dvc repro"])
    scores = {
        name: bounds_text(**{bound: interval[bound] for bound in INTERVAL})
        for name, interval in known.report.get(TEST, {}).items()
        if name in SCORES and interval.keys() >= INTERVAL.keys()
    }
    return Link("evaluation", {"file": file, **scores, "threshold": known.report.get("threshold")})


LINKS: Sequence[Callable[[Known], Link]] = (
    commit_link,
    data_link,
    split_link,
    shards_link,
    parameters_link,
    run_link,
    model_link,
    evaluation_link,
)


def chain(known: Known) -> list[Link]:
    """Gives every link, from the commit on to the evaluation."""
    return [link(known) for link in LINKS]


def sha256_of(snapshot: Snapshot, path: str) -> str | None:
    """Hashes a file of a state; None where it cannot be had."""
    content = snapshot.read(path)
    return None if content is None else hashlib.sha256(content).hexdigest()
