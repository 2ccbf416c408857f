"""The report of a retraining: what it says, and its curves."""

from pathlib import Path

import pytest

from unmask.environment import Environment
from unmask.evaluation.paired import Difference
from unmask.promotion.challenger import Challenger
from unmask.promotion.decisions import PROMOTED, REFUSED, Decision
from unmask.promotion.gates import AT_LEAST, Gate
from unmask.promotion.promote import Examination
from unmask.retraining.report import Report, render

RUN = "a1b2"
ADDRESS = "https://ada:planted-token@mlflow.example.org"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text("train:\n  epochs: 3\n")
    compare = tmp_path / "reports" / "compare"
    compare.mkdir(parents=True)
    (compare / "table.md").write_text("| on the test split | cnn |\n|---|---|\n| roc_auc_score | 0.9 |\n")
    for model, header in (("cnn", "epoch,validation_roc_auc,roc_auc"), ("bare", "epoch,loss,accuracy")):
        folder = tmp_path / "models" / model
        folder.mkdir(parents=True)
        (folder / "history.csv").write_text(f"{header}\n0,0.61234567,0.6\n1,0.75,0.8\n2,0.8,0.9\n")
    return tmp_path


def written(
    root: Path,
    *,
    is_passed: bool = True,
    outcome: str = "",
    champion: str = "3",
    low: float = -0.01,
    stages: tuple[str, ...] = ("train@cnn", "train@bare", "compare"),
    tracking_uri: str = ADDRESS,
) -> str:
    gates = [Gate("test accuracy_score", 0.9, AT_LEAST, 0.8 if is_passed else 0.95)]
    differences = {"roc_auc_score": Difference(0.02, low, 0.05, 0.2)} if champion else {}
    examined = Examination("cnn", "4", "f" * 64, champion, RUN, "7", differences, gates)
    decision = Decision(2, outcome, champion, "4", "f" * 64, "ada", "", "", is_forced=False) if outcome else None
    report = Report(root, "HEAD", "", stages, Challenger(root, "cnn"), examined, decision)
    surroundings = Environment(root=root, experiment="", tracking_uri=tracking_uri, real_data=None, machine="bench")
    return render(report, environment=surroundings)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "**cnn** (version 4) passes the gates."),
        ({"is_passed": False}, "**cnn** (version 4) does not pass the gates: test accuracy_score."),
        ({"outcome": PROMOTED}, "**cnn** (version 4) was **promoted**."),
        (
            {"is_passed": False, "outcome": REFUSED},
            "**cnn** (version 4) was **refused**: test accuracy_score.",
        ),
        ({"champion": "4"}, "**cnn** (version 4) is champion, as before."),
    ],
)
def test_the_first_sentence_says_how_it_ended(checkout: Path, options: dict[str, object], sentence: str) -> None:
    assert written(checkout, **options).splitlines()[2] == sentence


def test_a_model_that_was_trained_has_its_curve_and_another_has_none(checkout: Path) -> None:
    text = written(checkout)
    assert text.count("```mermaid") == 1
    assert "    line [0.6123, 0.7500, 0.8000]\n    line [0.6000, 0.8000, 0.9000]\n```" in text
    assert 'x-axis "epoch" 1 --> 3' in text
    assert "mermaid" not in written(checkout, stages=("compare",))


def test_differences_beyond_noise_are_marked(checkout: Path) -> None:
    assert "| roc_auc_score | +0.020 (-0.010 to +0.050), p = 0.2 | within noise |" in written(checkout)
    assert "| **a difference** |" in written(checkout, low=0.001)
    assert "Against the champion" not in written(checkout, champion="")


def test_the_run_is_linked_without_the_password(checkout: Path) -> None:
    text = written(checkout)
    assert "planted-token" not in text
    assert f"](https://mlflow.example.org/#/experiments/7/runs/{RUN})" in text
    assert "](" not in written(checkout, tracking_uri="").partition("## Where it is")[2]
