from pathlib import Path

import pytest
from small_bundle import make_bundle

from unmask.artifacts import write_json
from unmask.errors import ConfigError, EvaluationError, TrackingError
from unmask.serving.locate import champion, locate


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("checkout")
    folders = {"bundles": root / "bundles", "reports": root / "reports"}
    for name in ("cnn", "resnet50"):
        make_bundle(folders["bundles"] / name)
    write_json(folders["reports"] / "compare" / "champion.json", {"model": "resnet50", "metric": "roc_auc_score"})
    return folders


def test_a_name_is_a_model_the_champion_or_a_folder(checkout: dict[str, Path]) -> None:
    names = ("cnn", "champion", str(checkout["bundles"] / "cnn"))
    assert [locate(name, **checkout).name for name in names] == ["cnn", "resnet50", "cnn"]


def test_an_unknown_name_lists_what_there_is(checkout: dict[str, Path]) -> None:
    with pytest.raises(EvaluationError, match=r"no model 'xception': .* has cnn, resnet50\. Run `dvc repro`"):
        locate("xception", **checkout)


def test_an_unknown_engine_lists_what_there_is(checkout: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="onnx, openvino"):
        locate("cnn", **checkout, engine="torch")


def test_a_file_that_was_not_exported_is_refused(checkout: dict[str, Path]) -> None:
    with pytest.raises(EvaluationError, match=r"cannot load faces\.keras .*unmask export"):
        locate("faces.keras", **checkout)


def test_the_champion_is_the_comparisons(checkout: dict[str, Path]) -> None:
    assert champion(checkout["reports"] / "compare") == "resnet50"


def test_without_a_comparison_there_is_no_champion(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"champion\.json is missing\. Run `dvc repro`"):
        locate("champion", bundles=tmp_path, reports=tmp_path)


@pytest.mark.parametrize("name", ["", "cnn/", "..", "cnn/../cnn"])
def test_a_path_is_no_models_name(checkout: dict[str, Path], name: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"there is no model '.*': .*/bundles/ has cnn, resnet50"):
        locate(name, **checkout)


def test_looking_for_an_alias_makes_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(TrackingError, match="no version has this alias"):
        locate("unmask@champion", bundles=tmp_path / "bundles", reports=tmp_path / "reports")
    assert not (tmp_path / "mlruns").exists()
