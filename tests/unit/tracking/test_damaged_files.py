"""Damaged files of the pipeline cost `unmask track` what they say, and nothing else."""

from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from unmask.environment import Environment
from unmask.errors import TrackingError
from unmask.tracking import restoring
from unmask.tracking.store import locate

MakeFolder = Callable[..., Path]
DAMAGED_REPORTS = [
    "{",
    "[1]",
    '{"threshold": "x"}',
    '{"threshold": 0.4}',
    '{"threshold": "x", "test": {"a_score": 1}}',
    '{"threshold": 0.4, "test": {"a_score": "high"}}',
    '{"threshold": 0.4, "test": {"a_score": 1}, "test_shards_sha256": "e", "records": []}',
    b"\xff\xfe",
]


def metrics_by_run(environment: Environment) -> dict[str, set[str]]:
    client = mlflow.MlflowClient(locate(environment).uri)
    found = client.search_runs([client.get_experiment_by_name("unmask").experiment_id])
    return {run.info.run_name: set(run.data.metrics) for run in found}


def damage(file: Path, content: str | bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize("content", DAMAGED_REPORTS)
def test_a_damaged_report_is_named_and_the_other_models_are_written(
    environment: Environment, trained: MakeFolder, judged: MakeFolder, content: str | bytes
) -> None:
    for seed, name in enumerate(("cnn", "resnet50")):
        trained(name, seed=seed)
        judged(name)
    damage(environment.root / "reports/evaluate/cnn/metrics.json", content)
    for _ in range(2):
        with pytest.raises(TrackingError, match=r"^[^:]*reports/evaluate/cnn/metrics\.json is damaged"):
            restoring.track(environment.root, section=None, environment=environment)
    metrics = metrics_by_run(environment)
    assert "test_accuracy_score" in metrics["resnet50"]
    assert not {"threshold", "test_a_score"} & metrics["cnn"]


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("models/cnn/training.json", "{", "models/cnn is damaged"),
        ("models/cnn/training.json", "[]", "models/cnn is damaged"),
        ("reports/compare/champion.json", "{", "compare/champion.json is damaged"),
        ("reports/compare/champion.json", "[]", "compare/champion.json is damaged"),
        ("reports/search_loss/cnn-focal/scores.json", "{", "cannot read .*scores.json"),
        ("reports/evaluate_external/cnn/external.csv", "", "cannot read .*external.csv"),
    ],
)
def test_any_other_damaged_file_is_named_and_the_other_models_are_written(
    environment: Environment, trained: MakeFolder, judged: MakeFolder, file: str, content: str, words: str
) -> None:
    for seed, name in enumerate(("cnn", "resnet50")):
        trained(name, seed=seed)
        judged(name)
    damage(environment.root / file, content)
    with pytest.raises(TrackingError, match=words) as caught:
        restoring.track(environment.root, section=None, environment=environment)
    assert "cannot write to MLflow" not in str(caught.value)
    assert "test_accuracy_score" in metrics_by_run(environment)["resnet50"]
