"""Promotions, refusals and ways back on a real store."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow_server import served
from typer.testing import CliRunner

from unmask.cli import app
from unmask.errors import EvaluationError, PromotionError, TrackingError
from unmask.promotion import promote as promotion
from unmask.promotion.challenger import Challenger
from unmask.promotion.decisions import PROMOTED, REFUSED, ROLLED_BACK, Decision
from unmask.promotion.promote import Examination, examine, is_settled, log, promote, rollback
from unmask.tracking.registry import CHALLENGER, CHAMPION, Registry
from unmask.tracking.runs import Runs
from unmask.tracking.session import ask
from unmask.tracking.views import SINCE_TAG

PROMOTE_NOW = """
import sys
from pathlib import Path
from unmask import environment
from unmask.errors import PromotionError
from unmask.promotion.decisions import PROMOTED, Decision
from unmask.promotion.promote import clock, decide

where = environment.read({"DVC_ROOT": sys.argv[1]})
Path(f"ready-{sys.argv[2]}").touch()
while not Path("go").exists():
    pass
decision = Decision(0, PROMOTED, "1", sys.argv[2], "", "", clock(), "", is_forced=False)
try:
    print(decide(decision, text="", environment=where).number)
except PromotionError as error:
    sys.exit(str(error))
"""


@dataclass(frozen=True)
class Outcome:
    examined: Examination
    decision: Decision

    @property
    def version(self) -> str:
        return self.examined.version

    @property
    def is_refused(self) -> bool:
        return self.decision.outcome == REFUSED


def promoted(checkout: Any, name: str, *, is_forced: bool = False, **options: Any) -> Outcome:
    examined = examine(
        checkout.challenger(name, **options), parameters=checkout.parameters, environment=checkout.environment
    )
    return Outcome(examined, promote(examined, environment=checkout.environment, why="a test", is_forced=is_forced))


def aliases(checkout: Any) -> dict[str, str]:
    return ask(
        lambda runs: {alias: Registry(runs).pointed(alias) for alias in (CHAMPION, CHALLENGER)},
        environment=checkout.environment,
    )


def test_a_first_model_that_passes_becomes_champion(checkout: Any) -> None:
    outcome = promoted(checkout, "cnn")
    assert not outcome.is_refused
    assert outcome.examined.failed == []
    decisions, now = log(checkout.environment)
    assert now.champion == outcome.version
    assert aliases(checkout) == {CHAMPION: outcome.version, CHALLENGER: outcome.version}
    (decision,) = decisions
    assert (decision.outcome, decision.who, decision.why, decision.before) == (PROMOTED, "ada", "a test", "")
    assert (
        decision.model_sha256
        == json.loads((checkout.root / "reports/evaluate/cnn/metrics.json").read_text())["model_sha256"]
    )


def since(checkout: Any, version: str) -> tuple[str | None, str | None]:
    """Reads when a version became champion, as it and as its run say."""

    def question(runs: Runs) -> tuple[str | None, str | None]:
        found = Registry(runs).version(version)
        return found.tags.get(SINCE_TAG), runs.get(found.run_id).data.tags.get(SINCE_TAG)

    return ask(question, environment=checkout.environment)


def test_champions_and_their_runs_say_since_when(checkout: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(["2026-10-01T09:00:00Z", "2026-11-02T09:00:00Z", "2026-11-03T09:00:00Z", "2026-11-04T09:00:00Z"])
    monkeypatch.setattr(promotion, "clock", lambda: next(times))
    first = promoted(checkout, "cnn")
    second = promoted(checkout, "resnet50", slope=0.2)
    refused = promoted(checkout, "other", skill=0.1, slope=0.3)
    assert since(checkout, first.version) == ("2026-10-01T09:00:00Z",) * 2
    assert since(checkout, second.version) == ("2026-11-02T09:00:00Z",) * 2
    assert since(checkout, refused.version) == (None, None)
    rollback(environment=checkout.environment)
    assert since(checkout, first.version) == ("2026-11-04T09:00:00Z",) * 2


def test_a_version_whose_run_was_deleted_can_be_champion_again(checkout: Any) -> None:
    first = promoted(checkout, "cnn")
    promoted(checkout, "resnet50", slope=0.2)
    ask(lambda runs: runs.client.delete_run(first.examined.run_id), environment=checkout.environment)
    assert rollback(environment=checkout.environment).version == first.version
    assert aliases(checkout)[CHAMPION] == first.version


def test_a_version_names_its_model(checkout: Any) -> None:
    version = promoted(checkout, "cnn").version
    assert ask(lambda runs: Registry(runs).version(version).tags["model"], environment=checkout.environment) == "cnn"


def test_the_champion_is_not_promoted_again(checkout: Any) -> None:
    promoted(checkout, "cnn")
    same = Challenger(checkout.root, "cnn")
    assert examine(same, parameters=checkout.parameters, environment=checkout.environment).is_champion
    assert len(log(checkout.environment)[0]) == 1


def test_a_worse_model_is_refused_and_the_champion_stays(checkout: Any) -> None:
    first = promoted(checkout, "cnn")
    worse = promoted(checkout, "resnet50", skill=1.8, slope=0.2)
    assert worse.is_refused
    assert "roc_auc_score against the champion" in worse.examined.failed
    decisions, now = log(checkout.environment)
    assert [decision.outcome for decision in decisions] == [PROMOTED, REFUSED]
    assert now.champion == first.version
    assert aliases(checkout) == {CHAMPION: first.version, CHALLENGER: worse.version}


def test_a_worse_model_can_be_forced_and_the_log_says_so(checkout: Any) -> None:
    promoted(checkout, "cnn")
    forced = promoted(checkout, "resnet50", skill=1.8, slope=0.2, is_forced=True)
    assert aliases(checkout)[CHAMPION] == forced.version
    assert log(checkout.environment)[0][-1].is_forced


def test_an_equal_model_is_promoted_since_it_is_not_worse_beyond_noise(checkout: Any) -> None:
    promoted(checkout, "cnn")
    equal = promoted(checkout, "resnet50", slope=0.2)
    assert not equal.is_refused


def test_a_way_back_returns_to_the_champion_before(checkout: Any) -> None:
    first = promoted(checkout, "cnn")
    second = promoted(checkout, "resnet50", slope=0.2)
    decision = rollback(environment=checkout.environment, why="it failed on phones")
    assert (decision.outcome, decision.before, decision.version) == (ROLLED_BACK, second.version, first.version)
    assert aliases(checkout)[CHAMPION] == first.version
    with pytest.raises(PromotionError, match="no champion to return to"):
        rollback(environment=checkout.environment)


@pytest.mark.parametrize(("is_bright", "is_refused"), [(True, True), (False, False)])
def test_a_champion_judged_on_other_images_is_judged_on_these(checkout: Any, is_bright: bool, is_refused: bool) -> None:
    # The champion's network calls bright pictures fake: it is right on all, or on none.
    promoted(checkout, "cnn", test="a")
    checkout.write_data("b", is_bright=is_bright)
    outcome = promoted(checkout, "resnet50", slope=0.2, skill=2.5, test="b")
    assert outcome.is_refused == is_refused
    assert ("roc_auc_score against the champion" in outcome.examined.failed) == is_refused


def test_two_at_once_cannot_both_win(checkout: Any, tmp_path: Path) -> None:
    promoted(checkout, "cnn")
    versions = []
    for number in range(2, 4):
        outcome = promoted(checkout, f"model{number}", skill=0.1, slope=number / 10)  # refused, but registered
        versions.append(outcome.version)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROMOTE_NOW, str(checkout.root), version],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for version in versions
    ]
    try:
        while not all((tmp_path / f"ready-{version}").exists() for version in versions):
            assert all(process.poll() is None for process in processes)
        (tmp_path / "go").touch()
        said = [process.communicate(timeout=240) for process in processes]
    finally:
        for process in processes:
            process.kill()
    codes = [process.returncode for process in processes]
    assert sorted(codes) == [0, 1], said
    winner, loser = codes.index(0), codes.index(1)
    assert "another decision came first" in said[loser][1]
    decisions, now = log(checkout.environment)
    assert now.champion == versions[winner]
    assert aliases(checkout)[CHAMPION] == versions[winner]
    assert len(decisions) == 5  # nothing is lost: the loser's line stands too
    assert len(now.late) == 1


def test_a_model_is_settled_once_it_is_champion_and_where_a_decision_is_wanted_once_there_is_one(
    checkout: Any,
) -> None:
    def settled(*, is_deciding: bool) -> bool:
        return is_settled(examined.model_sha256, is_deciding=is_deciding, environment=checkout.environment)

    challenger = checkout.challenger("cnn")
    examined = examine(challenger, parameters=checkout.parameters, environment=checkout.environment)
    assert not settled(is_deciding=False)
    assert not settled(is_deciding=True)
    promote(examined, environment=checkout.environment)
    assert settled(is_deciding=True)
    assert settled(is_deciding=False)
    promoted(checkout, "resnet50", slope=0.2)
    assert not settled(is_deciding=False)
    assert settled(is_deciding=True)


def test_an_alias_that_a_dead_process_left_behind_follows_at_the_next_examination(checkout: Any) -> None:
    first = promoted(checkout, "cnn")
    second = promoted(checkout, "resnet50", slope=0.2)
    ask(lambda runs: Registry(runs).point(CHAMPION, first.version), environment=checkout.environment)
    examine(Challenger(checkout.root, "cnn"), parameters=checkout.parameters, environment=checkout.environment)
    assert aliases(checkout)[CHAMPION] == second.version


def test_a_champion_that_was_deleted_is_a_gate_that_only_force_passes(checkout: Any) -> None:
    first = promoted(checkout, "cnn")
    ask(
        lambda runs: runs.client.delete_model_version("unmask", first.version),
        environment=checkout.environment,
    )
    outcome = promoted(checkout, "resnet50", slope=0.2)
    assert outcome.examined.failed == ["the champion is there"]
    forced = promoted(checkout, "resnet50", slope=0.2, is_forced=True)
    assert aliases(checkout)[CHAMPION] == forced.version


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("data/split/audit.json", '{"findings": {}}'),
        ("data/split/audit.json", '{"findings": ["odd"]}'),
        ("reports/evaluate/cnn/predictions.csv", "member,label,score,cluster\n"),
    ],
)
def test_a_damaged_file_is_one_clear_error(checkout: Any, file: str, content: str) -> None:
    promoted(checkout, "resnet50", slope=0.2)
    challenger = checkout.challenger("cnn")
    (checkout.root / file).write_text(content)
    with pytest.raises(EvaluationError, match=r"damaged|names no finding|judged on different images"):
        examine(challenger, parameters=checkout.parameters, environment=checkout.environment)


def test_a_decision_that_came_too_late_settles_nothing(checkout: Any) -> None:
    first = checkout.challenger("cnn")
    seen = examine(first, parameters=checkout.parameters, environment=checkout.environment)
    promoted(checkout, "resnet50", slope=0.2)
    with pytest.raises(PromotionError, match="another decision came first"):
        promote(seen, environment=checkout.environment)
    assert not is_settled(seen.model_sha256, is_deciding=True, environment=checkout.environment)


def test_an_evaluation_of_another_model_file_is_an_error_and_nothing_is_written(checkout: Any) -> None:
    challenger = checkout.challenger("cnn")
    checkout.write_model(challenger, slope=0.3)
    with pytest.raises(EvaluationError, match="judged another"):
        examine(challenger, parameters=checkout.parameters, environment=checkout.environment)
    assert not (checkout.root / "mlruns").exists()


def test_on_a_server_it_is_the_same(checkout: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(checkout.environment, folder=tmp_path_factory.mktemp("server")) as address:
        remote = replace(checkout, environment=replace(checkout.environment, tracking_uri=address))
        first = promoted(remote, "cnn")
        assert promoted(remote, "resnet50", skill=1.8, slope=0.2).is_refused
        forced = promoted(remote, "other", skill=1.8, slope=0.3, is_forced=True)
        assert aliases(remote)[CHAMPION] == forced.version
        assert rollback(environment=remote.environment).version == first.version
        assert len(log(remote.environment)[0]) == 4


def test_a_dead_store_is_an_error(checkout: Any) -> None:
    dead = replace(checkout.environment, tracking_uri="http://127.0.0.1:9")
    with pytest.raises(TrackingError, match=r"127\.0\.0\.1:9"):
        examine(checkout.challenger("cnn"), parameters=checkout.parameters, environment=dead)


def test_the_command_line_shows_gates_decisions_and_the_way_back(
    checkout: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout.root)
    monkeypatch.setenv("DVC_ROOT", str(checkout.root))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (checkout.root / "params.yaml").write_text((Path(__file__).parents[3] / "params.yaml").read_text())
    checkout.challenger("cnn")
    checkout.challenger("resnet50", skill=1.8, slope=0.2)
    run = CliRunner()
    with pytest.raises(EvaluationError, match="there is no model 'vit': models/ has cnn, resnet50"):
        run.invoke(app, ["promote", "vit"], catch_exceptions=False)
    for path in ("", "cnn/", ".."):
        with pytest.raises(EvaluationError, match="there is no model"):
            run.invoke(app, ["promote", path], catch_exceptions=False)
    assert "Nothing was decided yet" in run.invoke(app, ["promotions"]).output
    assert isinstance(run.invoke(app, ["rollback"]).exception, PromotionError)
    assert not (checkout.root / "mlruns").exists()  # reading made no store
    good = run.invoke(app, ["promote", "cnn", "--why", "the first"])
    assert good.exit_code == 0, good.output
    assert "cnn, version 1: promoted" in good.output
    bad = run.invoke(app, ["promote", "resnet50"])
    assert isinstance(bad.exception, PromotionError)
    assert "FAILED" in bad.output
    listed = run.invoke(app, ["promotions"]).output
    assert all(
        word in listed for word in ("ada", "the first", "promoted", "refused", "cnn", "resnet50", "champion: version 1")
    )
    assert run.invoke(app, ["promote", "resnet50", "--force"]).exit_code == 0
    assert "version 1 is champion again" in run.invoke(app, ["rollback"]).output
    lines = json.loads(run.invoke(app, ["promotions", "--json"]).output)
    assert [line["counts"] for line in lines] == [True] * 4
    assert [line["model"] for line in lines] == ["cnn", "resnet50", "resnet50", "cnn"]
