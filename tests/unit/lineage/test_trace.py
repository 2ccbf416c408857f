import json
import shutil
from pathlib import Path

import mlflow
import pytest
from laboratory import EXPERIMENT, Laboratory

from unmask.environment import Environment
from unmask.errors import LineageError
from unmask.lineage.chain import Link
from unmask.lineage.trace import trace
from unmask.tracking.runs import Runs
from unmask.tracking.store import locate, prepare

MODEL = "models/cnn/model.keras"
LINKS = ["commit", "data", "split", "shards", "parameters", "run", "model", "evaluation"]


def links_of(subject: str, environment: Environment) -> dict[str, Link]:
    (found,) = trace(subject, environment=environment)
    return {link.name: link for link in found.links}


def write_run(environment: Environment, *, sha256: str, **tags: str) -> str:
    store = locate(environment)
    prepare(store)
    runs = Runs(store)
    tags = {"model_sha256": sha256, "git_commit": "f" * 40, "git_dirty": "false", **tags}
    run_id = runs.start("cnn", parameters={}, tags=tags)
    runs.end(run_id, "FINISHED")
    return run_id


def test_a_model_of_the_tree_leads_to_all_that_it_is_made_of(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    run_id = write_run(environment, sha256=laboratory.sha256())
    links = links_of(str(laboratory.root / MODEL), environment)
    assert list(links) == LINKS
    assert links["commit"].facts["commit"] == laboratory.commits[2]
    assert links["data"].facts == {"name": "someone/faces", "version": "4", "sha256": "a" * 64}
    assert links["split"].facts | {"dvc": ""} == {"train": 70, "validation": 15, "test": 15, "dvc": ""}
    assert set(links["shards"].facts) == {"train", "validation", "test"}
    assert links["parameters"].facts == {"recipe.seed": 2}
    assert links["run"].facts[run_id] == f"FINISHED; started at {'f' * 40}"
    assert links["model"].facts["sha256"] == laboratory.sha256()
    assert links["evaluation"].facts["roc_auc_score"] == "0.900 (0.850 to 0.950)"
    assert not [link for link in links.values() if link.missing]


@pytest.mark.parametrize("how", ["file", "sha256", "beginning", "bundle", "run", "alias", "commit", "row"])
def test_a_model_of_the_past_is_found_however_it_is_named(laboratory: Laboratory, how: str, tmp_path: Path) -> None:
    laboratory.run("git", "checkout", "-q", laboratory.commits[1])
    laboratory.run("dvc", "checkout", "-q")
    environment, sha256 = laboratory.environment(), laboratory.sha256()
    kept = tmp_path / "somewhere"
    shutil.copytree(laboratory.root / "reports" / "evaluate" / "cnn", kept)
    shutil.copy(laboratory.root / MODEL, kept)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "detector.json").write_text(json.dumps({"model_sha256": sha256}))
    run_id = write_run(environment, sha256=sha256)
    client = mlflow.MlflowClient(locate(environment).uri)
    client.create_registered_model("unmask-cnn")
    version = client.create_model_version("unmask-cnn", "runs:/x/model", run_id=run_id)
    client.set_registered_model_alias("unmask-cnn", "champion", version.version)
    laboratory.run("git", "checkout", "-q", laboratory.commits[2])
    laboratory.run("dvc", "checkout", "-q")
    subjects = {
        "file": str(kept / "model.keras"),
        "sha256": sha256,
        "beginning": sha256[:12],
        "bundle": str(bundle),
        "run": run_id,
        "alias": "models:/unmask-cnn@champion",
        "commit": laboratory.commits[1][:10],
        "row": f"{kept / 'predictions.csv'}:3",
    }
    links = links_of(subjects[how], environment)
    assert links["commit"].facts["commit"] == laboratory.commits[1]
    assert links["model"].facts["sha256"] == sha256
    assert links["parameters"].facts == {"recipe.seed": 1}
    assert run_id in links["run"].facts
    assert links["evaluation"].facts["threshold"] == 0.4
    if how == "row":
        assert links["verdict"].facts == {"member": "fake/0.jpg", "is": "fake", "score": "0.7", "sha256": "c" * 64}


def test_an_experiment_is_followed_by_its_name(laboratory: Laboratory) -> None:
    links = links_of(EXPERIMENT, laboratory.environment())
    assert links["parameters"].facts == {"recipe.seed": 3}
    assert links["commit"].facts["commit"] not in laboratory.commits.values()
    assert not links["model"].missing


def test_an_uncommitted_model_and_a_dirty_tree_are_said_to_be_so(laboratory: Laboratory) -> None:
    laboratory.train(4)
    environment = laboratory.environment()
    write_run(environment, sha256=laboratory.sha256(), git_dirty="true", dvc_experiment="odd-fox")
    links = links_of(str(laboratory.root / MODEL), environment)
    assert [sentence.partition(":")[0] for sentence in links["commit"].missing] == [
        "no commit's dvc.lock names this model",
        "the working tree is dirty",
    ]
    ((run_id, words),) = [(name, words) for name, words in links["run"].facts.items() if name != "store"]
    assert words == f"FINISHED; started at {'f' * 40}, dirty; experiment odd-fox"
    assert links["run"].missing == [f"run {run_id} began from changes that no commit has: see its changes.patch"]


@pytest.fixture
def clone(laboratory: Laboratory, tmp_path: Path) -> Path:
    """A fresh clone beside the repository's remote, with nothing in its cache."""
    laboratory.run("git", "clone", "-q", ".", str(tmp_path / "clone"))
    return tmp_path / "clone"


def test_a_fresh_clone_reads_what_the_remote_has(laboratory: Laboratory, clone: Path) -> None:
    links = links_of(laboratory.commits[1], laboratory.environment(root=clone))
    assert links["parameters"].facts == {"recipe.seed": 1}
    assert [name for name, link in links.items() if link.missing] == ["run"]
    assert links["run"].facts["store"].endswith("mlruns/mlflow.db: there is none")
    assert not (clone / "mlruns").exists()


def test_a_fresh_clone_without_the_remote_says_what_is_missing(laboratory: Laboratory, clone: Path) -> None:
    shutil.rmtree(clone.parent / "remote")
    links = links_of("HEAD", laboratory.environment(root=clone))
    assert [name for name, link in links.items() if link.missing] == ["data", "run", "model", "evaluation"]
    assert links["commit"].facts["commit"] == laboratory.commits[2]
    assert links["parameters"].facts == {"train.cnn.recipe.seed": 2}
    assert links["data"].facts["dvc"].endswith(".dir")


def test_what_does_not_belong_together_is_said(laboratory: Laboratory) -> None:
    report = laboratory.root / "reports" / "evaluate" / "cnn" / "metrics.json"
    content = report.read_text().replace(laboratory.sha256(), "0" * 64)
    report.unlink()  # a link into the cache
    report.write_text(content)
    shards = laboratory.root / "data" / "shards" / "train" / "shards.json"
    shards.unlink()
    shards.write_text("{}")
    links = links_of(str(laboratory.root / MODEL), laboratory.environment())
    assert links["evaluation"].missing == ["reports/evaluate/cnn/metrics.json judged another model: run dvc repro"]
    assert links["shards"].missing == ["the shards of train beside the model are others than it saw"]


def test_a_committed_model_is_found_where_the_tree_was_edited(laboratory: Laboratory) -> None:
    sha256 = laboratory.sha256()
    description = laboratory.root / "models" / "cnn" / "training.json"
    description.unlink()
    description.write_text("{}")
    assert links_of(sha256, laboratory.environment())["model"].facts["sha256"] == sha256


def test_a_verdict_on_a_picture_that_the_index_lacks_says_so(laboratory: Laboratory) -> None:
    row = laboratory.root / "reports" / "evaluate" / "cnn" / "predictions.csv"
    links = links_of(f"{row}:4", laboratory.environment())
    assert links["verdict"].missing == ["the index has no such picture: it is of another archive"]


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("nonsense", "nothing is known as 'nonsense'"),
        ("0" * 32, "is not in MLflow's store"),
        ("0" * 64, "no dvc.lock of this repository leads to a model"),
        ("unmask-cnn@champion", "is not in MLflow's store"),
        (
            "0123456789ab",
            r"0123456789ab is no commit here \(git fetch .*\); as a hash of the model: no dvc",
        ),
        ("o'brien@champion", "nothing is known as"),
        ("make.py", "no dvc.lock of this repository leads to a model"),
        ("reports/evaluate/cnn/predictions.csv:9", "has no verdict on line 9"),
        ("elsewhere.csv:2", "is not the predictions.csv"),
        ("a" * 300, "nothing is known as 'aaa"),
        (f"{'a' * 300}/predictions.csv:2", "is not the predictions.csv"),
        (f"reports/evaluate/cnn/predictions.csv:{'9' * 5000}", "nothing is known as"),
    ],
)
def test_what_nothing_is_known_of_is_one_clear_error(
    laboratory: Laboratory, subject: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(laboratory.root)
    with pytest.raises(LineageError, match=words):
        trace(subject, environment=laboratory.environment())


def test_an_alias_that_nobody_gave_is_no_failure_of_the_store(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    write_run(environment, sha256=laboratory.sha256())
    with pytest.raises(LineageError, match=r"^unmask@champion is not in MLflow's store \(sqlite:\S+/mlflow\.db\)$"):
        trace("unmask@champion", environment=environment)


def overwrite(file: Path, content: bytes) -> None:
    file.unlink()  # a link into the cache
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"member,label,score\n\xff,1,0.5\n", "predictions.csv cannot be read"),
        (b"member,label,score\n" + b"a" * 200_000 + b",1,0.5\n", "predictions.csv cannot be read"),
        (b"member,label,score\na,fake,0.5\n", "predictions.csv, line 2 is no verdict"),
        (b"member,label,score\na,7,0.5\n", "predictions.csv, line 2 is no verdict"),
        (b"member,label,score\na\n", "predictions.csv, line 2 is no verdict"),
        (b"label,score\n1,0.5\n", "predictions.csv, line 2 is no verdict"),
    ],
)
def test_damaged_predictions_are_one_clear_error(laboratory: Laboratory, content: bytes, words: str) -> None:
    file = laboratory.root / "reports" / "evaluate" / "cnn" / "predictions.csv"
    overwrite(file, content)
    with pytest.raises(LineageError, match=words):
        trace(f"{file}:2", environment=laboratory.environment())


@pytest.mark.parametrize("content", [b"\xff", b"path\nreal/0.jpg\n", b"member\n" + b"a" * 200_000])
def test_a_damaged_index_leaves_a_verdict_without_the_pictures_hash(laboratory: Laboratory, content: bytes) -> None:
    overwrite(laboratory.root / "data" / "index" / "records.csv", content)
    row = laboratory.root / "reports" / "evaluate" / "cnn" / "predictions.csv"
    (sentence,) = links_of(f"{row}:2", laboratory.environment())["verdict"].missing
    assert sentence.startswith("data/index/records.csv is damaged")


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"records": []}',
        '{"records": {"test": 3}}',
        '{"test": 3}',
        '{"test": {"accuracy_score": 0.5}}',
        '{"test": {"accuracy_score": {"value": "a", "low": 0, "high": 1}}}',
        '{"threshold": "x"}',
        '{"model_sha256": 3}',
    ],
)
def test_a_damaged_report_is_said_to_be_so(laboratory: Laboratory, content: str) -> None:
    overwrite(laboratory.root / "reports" / "evaluate" / "cnn" / "metrics.json", content.encode())
    links = links_of(str(laboratory.root / MODEL), laboratory.environment())
    (sentence,) = links["evaluation"].missing
    assert sentence.startswith("reports/evaluate/cnn/metrics.json is damaged")


@pytest.mark.parametrize("content", ["{", '{"splits": []}', '{"records": 3}', '{"parameters": [1]}'])
def test_a_damaged_description_is_said_to_be_so(laboratory: Laboratory, content: str) -> None:
    laboratory.train(4)
    sha256 = laboratory.sha256()
    overwrite(laboratory.root / "models" / "cnn" / "training.json", content.encode())
    with pytest.raises(LineageError, match=r"models/cnn/training\.json of the tree is damaged"):
        trace(sha256, environment=laboratory.environment())


def test_a_damaged_source_is_said_to_be_so(laboratory: Laboratory) -> None:
    overwrite(laboratory.root / "data" / "raw" / "source.json", b"[")
    (sentence,) = links_of(str(laboratory.root / MODEL), laboratory.environment())["data"].missing
    assert sentence.startswith("data/raw/source.json is damaged")


@pytest.mark.parametrize("content", [b"\xff", b"stages: [1]", b"stages: {train@cnn: 1}", b"stages: {a: {outs: [1]}}"])
def test_a_damaged_lock_leaves_the_commits_to_be_searched(laboratory: Laboratory, content: bytes) -> None:
    (laboratory.root / "dvc.lock").write_bytes(content)
    links = links_of(laboratory.sha256(), laboratory.environment())
    assert links["commit"].facts["commit"] == laboratory.commits[2]


def test_a_run_of_no_known_commit_is_said_to_be_so(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    tags = {"git_commit": "unknown", "git_dirty": "unknown", "rebuilt_from_files": "true"}
    run_id = write_run(environment, sha256=laboratory.sha256(), **tags)
    run = links_of(str(laboratory.root / MODEL), environment)["run"]
    assert run.facts[run_id] == "FINISHED; started at an unknown commit; written again from files"
    assert run.missing == [f"the commit that run {run_id} began from is not known"]


def test_a_run_without_a_model_says_what_became_of_it(laboratory: Laboratory) -> None:
    environment = laboratory.environment()
    run_id = write_run(environment, sha256="")
    with pytest.raises(LineageError, match="has no model: it is FINISHED, from commit ffff"):
        trace(run_id, environment=environment)


def test_a_folder_without_dvc_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LineageError, match="nothing is known as 'HEAD'"):
        trace("HEAD", environment=Laboratory(tmp_path, {}).environment())


def test_the_command_shows_a_table_or_json(laboratory: Laboratory) -> None:
    table = laboratory.run("unmask", "trace", "HEAD")
    lines = {line.split()[0]: line for line in table.splitlines() if line and not line.startswith(" ")}
    assert [name for name in lines if name in LINKS] == LINKS
    assert f"commit {laboratory.commits[2][:12]}" in lines["commit"]
    assert f"sha256 {laboratory.sha256()[:12]}" in table
    assert "missing: the store has no run of this model" in table
    (found,) = json.loads(laboratory.run("unmask", "trace", "HEAD", "--json"))
    assert [link["name"] for link in found["links"]] == LINKS
    assert found["links"][0]["facts"]["commit"] == laboratory.commits[2]
