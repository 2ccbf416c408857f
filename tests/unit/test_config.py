import dataclasses

import pytest
import yaml

from unmask import config, losses
from unmask.errors import ConfigError


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  epochs: 15", "  epoch: 15", r"train\.cnn\.recipe\.epochs: missing"),
        ("  epochs: 15", "  epochs: 15\n      epoch: 15", r"train\.cnn\.recipe\.epoch: unknown key"),
        ("  epochs: 15", "  epochs: many", r"train\.cnn\.recipe\.epochs: got 'many'; expected a valid integer"),
        ("  epochs: 15", "  epochs: 15.5", r"train\.cnn\.recipe\.epochs: got 15\.5; expected a valid integer"),
        ("  epochs: 15", "  epochs: 0", r"train\.cnn\.recipe\.epochs: got 0; expected greater than or equal to 1"),
        ("  epochs: 15", "  epochs:", r"train\.cnn\.recipe\.epochs: got None"),
        ("validation_share: 0.15", "validation_share: 1", r"split\.validation_share: got 1; expected less than 1"),
        ("keep_upstream: true", 'keep_upstream: "yes"', r"split\.keep_upstream: got 'yes'; expected a valid boolean"),
        ("keep_upstream: true", "keep_upstream: 1", r"split\.keep_upstream: got 1; expected a valid boolean"),
        ("source: sample ", "source: internet ", r"download\.source: got 'internet'; expected 'sample', 'archive' or"),
        ("near_duplicate_distance: 32", "near_duplicate_distance: 65", r"split\.near_duplicate_distance: got 65"),
        ("filters: [16, 32, 32]", "filters: []", r"train\.cnn\.architecture: filters and gradient_filters are both"),
        ("filters: [16, 32, 32]", "filters: [16, 0]", r"train\.cnn\.architecture\.filters\.1: got 0"),
        ("dataset: xhlulu/140k-real-and-fake-faces", "dataset: faces", r"download\.kaggle\.dataset"),
        ("sample: {images: 1200, image_size: 128, seed: 7}", "sample: faces", "got 'faces'; expected a mapping"),
        ("drift_auc: {warn: 0.6, stop: 1.0}", "drift_auc: {warn: 0.6}", r"split\.audit\.drift_auc\.stop: missing"),
        ("max_reject_share: 0.01", "max_reject_share: .nan", r"index\.max_reject_share"),
        (
            "drift_auc: {warn: 0.6, stop: 1.0}",
            "drift_auc: {warn: 0.9, stop: 0.5}",
            r"drift_auc: warn 0\.9 is above stop",
        ),
        (
            "loss: searched ",
            "loss: hinge ",
            r"cnn\.recipe\.loss: got 'hinge'; expected searched, or a loss: binary_cros",
        ),
    ],
)
def test_a_fault_is_named_by_its_full_key(write_parameters, old, new, message):
    path = write_parameters({old: new})
    with pytest.raises(ConfigError, match=message) as caught:
        config.load(path)
    assert str(caught.value).startswith(f"{path} is not valid:\n")


def test_a_number_that_yaml_reads_as_text_comes_with_advice(write_parameters):
    path = write_parameters({"learning_rate: 0.0003": "learning_rate: 3e-4"})
    with pytest.raises(ConfigError, match=r"learning_rate: got '3e-4'; .* \(YAML reads 1e-3 as text: write 0\.001\)"):
        config.load(path)


@pytest.mark.parametrize("rule", ["fpr<=0", "fpr<=1.5", "half of it"])
def test_a_text_of_the_wrong_form_is_told_in_words(write_parameters, rule):
    path = write_parameters({"threshold_rule: accuracy": f'threshold_rule: "{rule}"'})
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert f"evaluate.threshold_rule: got '{rule}'; expected accuracy, balanced, half, or fpr<= and" in str(
        caught.value
    )
    assert "\\d" not in str(caught.value)


def test_every_loss_can_be_named(write_parameters):
    for name in losses.names():
        path = write_parameters({"loss: searched ": f"loss: {name} "})
        assert config.load(path).train.cnn.recipe.loss == name


def test_all_faults_are_named_at_once(write_parameters):
    path = write_parameters({"  epochs: 15": "  epochs: 0", "keep_upstream: true": "keep_upstream: maybe"})
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert "epochs" in str(caught.value)
    assert "keep_upstream" in str(caught.value)


def test_a_key_given_twice_is_named_with_its_line(write_parameters):
    path = write_parameters({"  epochs: 15": "  epochs: 15\n      epochs: 16"})
    with pytest.raises(ConfigError, match=r"(?s)epochs is given twice.*line \d+"):
        config.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot read .*absent\.yaml: No such file"):
        config.load(tmp_path / "absent.yaml")


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\xfa", b"a: b: c"])
def test_what_is_no_yaml_is_named(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"params\.yaml is not valid YAML"):
        config.load(path)


@pytest.mark.parametrize("content", ["", "text", "- 1", "3"])
def test_what_is_no_mapping_is_refused(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"the file: got .*; expected a mapping of keys"):
        config.load(path)


def test_every_value_of_the_file_is_in_the_configuration(parameters, write_parameters):
    content = yaml.safe_load(write_parameters({}).read_text())
    assert dataclasses.asdict(parameters) == content


def test_a_configuration_cannot_be_changed(parameters):
    with pytest.raises(dataclasses.FrozenInstanceError):
        parameters.split.seed = 8


def test_flattening_names_values_by_their_path(parameters):
    flat = config.flatten(parameters.train.cnn.recipe)
    assert flat["optimizer.name"] == "adam"
    assert list(flat)[:2] == ["seed", "members"]
    assert not any(isinstance(value, dict) for value in flat.values())


def test_a_models_section_is_found_by_its_name(parameters):
    assert config.training_section(parameters, "resnet50") is parameters.train.resnet50
    with pytest.raises(ConfigError, match="unknown model 'vgg'; there are: cnn, resnet50"):
        config.training_section(parameters, "vgg")
