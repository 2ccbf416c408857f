"""Which loss is chosen of what was measured, and what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from unmask.config.training import SEARCHED
from unmask.errors import ConfigError, TrainingError
from unmask.loss_search.choice import CHOICE, choose_loss, read_choice, table
from unmask.loss_search.scores import SCORES, LossScores, read_scores


def scores(loss: str, *areas: float, is_proper: bool = False, search: str = "same") -> LossScores:
    named = {str(seed): area for seed, area in enumerate(areas)}
    return LossScores("cnn", loss, is_proper=is_proper, search=search, validation_roc_auc=named)


def chosen(*found: LossScores, named: str = SEARCHED, equal_within: float = 1.0) -> str:
    return choose_loss(found, model="cnn", named=named, equal_within=equal_within).loss


def test_clearly_better_loss_is_chosen() -> None:
    assert chosen(scores("binary_crossentropy", 0.70, 0.72, is_proper=True), scores("focal", 0.80, 0.82)) == "focal"


def test_proper_loss_is_chosen_where_the_best_is_no_better_than_seeds_differ() -> None:
    # The best's mean is 0.81 and its spread 0.0141: 0.80 lies within.
    found = (scores("binary_crossentropy", 0.79, 0.81, is_proper=True), scores("focal", 0.80, 0.82))
    assert chosen(*found) == "binary_crossentropy"
    assert chosen(*found, equal_within=0.5) == "focal"


def test_named_loss_is_taken_whatever_was_measured() -> None:
    found = (scores("binary_crossentropy", 0.7, is_proper=True), scores("focal", 0.8))
    assert chosen(*found, named="brier") == "brier"


def test_unknown_named_loss_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown loss 'hinge'; there are: "):
        chosen(named="hinge")


def test_search_without_an_epoch_cannot_choose() -> None:
    with pytest.raises(ConfigError, match=r"search_loss\.cnn\.epochs is 0: name a loss \(binary_crossentropy, "):
        chosen(scores("focal"))


def test_losses_measured_on_different_data_are_not_compared() -> None:
    with pytest.raises(TrainingError, match="not measured alike"):
        chosen(scores("focal", 0.8), scores("brier", 0.7, search="other"))


def test_choice_comes_back_from_its_file_and_changes_with_the_losss_code(tmp_path: Path) -> None:
    choice = choose_loss([scores("focal", 0.8)], model="cnn", named=SEARCHED, equal_within=1.0)
    choice.write(tmp_path)
    assert read_choice(tmp_path / CHOICE) == choice
    assert choice.source_sha256 != choose_loss([], model="cnn", named="brier", equal_within=1.0).source_sha256


def test_table_has_the_best_loss_first_with_its_spread() -> None:
    found = table([scores("brier", 0.6, 0.8, is_proper=True), scores("focal", 0.8, 0.9)], chosen="focal")
    assert found["loss"].tolist() == ["focal", "brier"]
    assert found["validation_roc_auc"].tolist() == [0.85, 0.7]
    # Deviations of +-0.05 and +-0.1 from the mean: sqrt(2 * 0.0025 / 1) and sqrt(2 * 0.01 / 1).
    assert found["spread"].tolist() == pytest.approx([0.070711, 0.141421])
    assert found["chosen"].tolist() == [True, False]
    assert table([scores("focal")], chosen="focal").empty


def test_scores_come_back_from_their_file_and_damage_is_named(tmp_path: Path) -> None:
    found = scores("focal", 0.8, 0.9)
    found.write(tmp_path)
    assert read_scores(tmp_path) == found
    assert replace(found, validation_roc_auc={"7": 0.8}).spread == 0
    for areas in ('{"7": NaN}', '["7"]', '{"7": "high"}'):
        content = (tmp_path / SCORES).read_text()
        damaged = re.sub(r"\{[^{}]*\}(?=\s*\}\s*$)", areas, content)
        assert damaged != content
        (tmp_path / SCORES).write_text(damaged)
        with pytest.raises(TrainingError, match=r"cannot read .*scores\.json"):
            read_scores(tmp_path)
        (tmp_path / SCORES).write_text(content)
    (tmp_path / SCORES).write_text('{"loss": "focal"}')
    with pytest.raises(TrainingError, match=r"cannot read .*scores\.json: run `dvc repro search_loss`"):
        read_scores(tmp_path)
    with pytest.raises(TrainingError, match=r"cannot read .*choice\.json: run `dvc repro choose_loss`"):
        read_choice(tmp_path / CHOICE)
