"""dvc.yaml itself: what it lists, and what may read what."""

import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from unmask import config
from unmask.config import RecipeConfig
from unmask.loss_search.measure import OWN

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from imports import grouped, imported_files  # noqa: E402 (a neighbour of this file, not of a package)

PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
STAGES = sorted(PIPELINE["stages"])
PARAMETERS = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
ALL_LOSSES = "src/unmask/losses"


def code_deps(stage: str) -> list[str]:
    """Without the losses, which a stage reads by their names."""
    listed = [f"{dep}/__init__.py" if dep == ALL_LOSSES else dep for dep in PIPELINE["stages"][stage]["deps"]]
    return sorted(dep for dep in set(listed) if dep.startswith(("src/", "stages/")) and "${item.loss}" not in dep)


def outputs(stage: str) -> dict[str, dict[str, bool]]:
    return {path: flags for entry in PIPELINE["stages"][stage]["outs"] for path, flags in entry.items()}


@pytest.mark.parametrize("stage", STAGES)
def test_stage_lists_exactly_the_modules_it_imports(stage: str) -> None:
    script = Path("stages") / f"{stage}.py"
    expected = sorted([str(script), *grouped(imported_files(script, root=ROOT), root=ROOT)])
    assert code_deps(stage) == expected, "dvc.yaml should list:\n" + "\n".join(f"      - {path}" for path in expected)


@pytest.mark.parametrize("stage", STAGES)
def test_stage_script_and_parameters_share_the_stages_name(stage: str) -> None:
    assert (ROOT / "stages" / f"{stage}.py").exists()
    assert stage in PARAMETERS
    assert any(name.split(".")[0] == stage for name in PIPELINE["stages"][stage]["params"])


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_survive_a_run_that_fails(stage: str) -> None:
    # Without `persist` DVC removes a stage's outputs before it runs.
    assert all(flags.get("persist") for flags in outputs(stage).values())


def test_every_section_of_the_parameters_is_some_stages() -> None:
    # But for the gates of `unmask promote`, which is no stage: what it decides is the registry's, not an output.
    assert sorted(set(PARAMETERS) - {"promote"}) == STAGES


def test_every_model_is_trained_evaluated_and_compared() -> None:
    models = list(PARAMETERS["train"])
    for stage in ("head_features", "train", "evaluate", "evaluate_external"):
        assert PIPELINE["stages"][stage]["matrix"]["model"] == models
    judged = [f"reports/{stage}/{model}" for stage in ("evaluate", "evaluate_external") for model in models]
    assert judged == [dep for dep in PIPELINE["stages"]["compare"]["deps"] if dep.startswith("reports/")]


def test_only_evaluate_reads_the_test_split() -> None:
    # `data/shards` as a whole would hide the test split inside it.
    readers = {
        stage
        for stage in STAGES
        for dep in PIPELINE["stages"][stage]["deps"]
        if dep in ("data", "data/shards") or dep.startswith("data/shards/test")
    }
    assert readers == {"evaluate"}


def test_features_are_computed_again_only_for_what_they_are_made_of() -> None:
    stage = PIPELINE["stages"]["head_features"]
    recipe = {name.rpartition("recipe.")[2] for name in stage["params"] if "recipe" in name}
    assert recipe == {"seed", "precision", "head_epochs", "augmentation.horizontal_flip"}
    assert not [dep for dep in stage["deps"] if re.search(r"losses|fit|optimizers|callbacks|augmentation", dep)]


def test_params_are_the_sample_profile() -> None:
    assert (ROOT / "params.yaml").read_bytes() == (ROOT / "profiles" / "sample.yaml").read_bytes()


@pytest.mark.parametrize("profile", sorted(path.stem for path in (ROOT / "profiles").glob("*.yaml")))
def test_profile_is_valid_by_itself(profile: str) -> None:
    config.load(ROOT / "profiles" / f"{profile}.yaml")


def test_every_parameter_is_read_by_some_module() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("src", "stages")
        for path in (ROOT / folder).rglob("*.py")
        if path.parent != ROOT / "src" / "unmask" / "config"
    )
    names = {path.split(".")[-1] for path, _ in config.flat_items(PARAMETERS)}
    # Augmentations and optimisers are looked up in tables by their names.
    unread = {name for name in names if not re.search(rf"\.{name}\b|[\"']{name}[\"']", code)}
    assert not unread


def test_import_list_notices_an_import_inside_a_function(tmp_path: Path) -> None:
    package = tmp_path / "src" / "unmask"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Nothing."""\n')
    (package / "near.py").write_text("def late():\n    from unmask import far\n    return far\n")
    (package / "far.py").write_text("")
    (tmp_path / "stage.py").write_text("from unmask.near import late\n")
    assert imported_files(Path("stage.py"), root=tmp_path) == {Path("src/unmask/near.py"), Path("src/unmask/far.py")}


def test_a_changed_loss_is_chosen_again_also_where_no_search_measured_it() -> None:
    assert ALL_LOSSES in PIPELINE["stages"]["choose_loss"]["deps"]


def test_the_search_is_repeated_for_all_that_its_name_holds() -> None:
    prefix = "train.${item.model}.recipe."
    listed = {name.removeprefix(prefix) for name in PIPELINE["stages"]["search_loss"]["params"] if prefix in name}
    fixed = {name.removeprefix("recipe.") for name in OWN}
    assert listed | fixed == {field.name for field in fields(RecipeConfig)}
    assert not listed & fixed
