"""ResNet50's scaling, head and starting weights."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from unmask.config import Resnet50Config, load
from unmask.errors import WeightsError
from unmask.models import resnet50

ROOT = Path(__file__).parents[3]


def config(*, weights: str = "none", input_size: int = 0) -> Resnet50Config:
    section = load(ROOT / "profiles" / "paper.yaml").train.resnet50.architecture
    return replace(section, weights=weights, input_size=input_size, dense_units=8, dropout=0.0)


@pytest.fixture(scope="module")
def saved_backbone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    backbone = resnet50.backbone((32, 32, 3))
    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    backbone.save_weights(path)
    return path, backbone.get_weights()


def test_scaling_is_that_of_the_published_weights() -> None:
    images = np.random.default_rng(0).uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    # keras.applications' own function is the reference.
    expected = keras.applications.resnet50.preprocess_input(images.copy())
    np.testing.assert_allclose(resnet50.CaffeScaling()(images), expected, rtol=1e-6, atol=1e-4)


def test_weights_of_a_file_become_the_backbones(saved_backbone: tuple[Path, list[np.ndarray]]) -> None:
    path, weights = saved_backbone
    model = resnet50.build(config(weights=str(path)), image_size=32)
    loaded = model.get_layer("backbone").get_weights()
    assert len(loaded) == len(weights)
    for one, other in zip(loaded, weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_published_layout_loads_into_the_layers_of_its_names(tmp_path: Path) -> None:
    # ImageNet's file is a legacy HDF5 file by layer names; one of that layout is made here and read back.
    keras.utils.set_random_seed(2)
    backbone = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3))
    path = tmp_path / resnet50.WEIGHTS_FILE
    backbone.save_weights(tmp_path / "any.weights.h5")
    write_legacy(backbone, path)
    loaded = resnet50.backbone((32, 32, 3))
    resnet50.start(loaded, kept=loaded, weights=str(path))
    for one, other in zip(loaded.get_weights(), backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def write_legacy(model: keras.Model, path: Path) -> None:
    """Writes the layout of keras.applications' files: a group a layer, its weights named in attributes."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.0.6"
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{variable.name}:0" for variable in layer.weights]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, value in zip(names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=value)


def test_missing_weights_file_is_named() -> None:
    with pytest.raises(WeightsError, match=r"weights 'absent\.h5': no such file; allowed are imagenet, none"):
        resnet50.build(config(weights="absent.h5"), image_size=32)


def test_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.weights.h5"
    path.write_text("no weights")
    with pytest.raises(WeightsError, match="do not fit ResNet50's backbone"):
        resnet50.build(config(weights=str(path)), image_size=32)


def test_damaged_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    build(last_stage=1).save(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="do not fit ResNet50's backbone"):
        build(last_stage=1, weights=str(path))


def test_failed_download_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(WeightsError, match=r"could not be fetched: URL fetch failure.* put it at .*; or set train"):
        resnet50.imagenet_file()


def test_input_size_resizes_inside_the_model() -> None:
    model = resnet50.build(config(input_size=32), image_size=64)
    assert model.input_shape == (None, 64, 64, 3)
    assert model.get_layer("backbone").input_shape == (None, 32, 32, 3)


def build(**changes: Any) -> keras.Model:
    return resnet50.build(replace(config(), **changes), image_size=64)


def test_without_early_pooling_the_same_weights_see_twice_as_finely() -> None:
    published = resnet50.backbone((64, 64, 3))
    fine = resnet50.backbone((64, 64, 3), config=replace(config(), early_pooling=False))
    assert published.output_shape == (None, 2, 2, 2048)
    assert fine.output_shape == (None, 4, 4, 2048)
    assert fine.name == "backbone"
    fine.set_weights(published.get_weights())


@pytest.mark.parametrize(
    ("frozen", "first_free"), [(0, "conv1_conv"), (1, "conv2_block1_1_conv"), (4, "conv5_block1_1_conv")]
)
def test_frozen_stages_keep_their_weights(frozen: int, first_free: str) -> None:
    body = build(frozen_stages=frozen).get_layer("backbone")
    free = [layer.name for layer in body.layers if layer.weights and layer.trainable]
    assert free[0] == first_free


def test_frozen_statistics_do_not_change_in_training() -> None:
    model = build(batch_statistics="frozen")
    before = model.get_layer("backbone").get_layer("conv1_bn").moving_mean.numpy()
    model(np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 3)).astype("float32"), training=True)
    np.testing.assert_array_equal(model.get_layer("backbone").get_layer("conv1_bn").moving_mean.numpy(), before)
    model = build(batch_statistics="trained")
    model(np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 3)).astype("float32"), training=True)
    assert not np.array_equal(model.get_layer("backbone").get_layer("conv1_bn").moving_mean.numpy(), before)


def test_flat_pooling_keeps_where_things_are() -> None:
    assert build(pooling="flatten").get_layer("dense").kernel.shape == (2 * 2 * 2048, 8)
    assert build(pooling="average").get_layer("dense").kernel.shape == (2048, 8)


def test_edges_in_place_of_pixels_are_a_pixel_a_cell() -> None:
    model = build(gradient_cell=2, gradient_bins=6)
    assert model.get_layer("backbone").input_shape == (None, 32, 32, 6)
    assert model.input_shape == (None, 64, 64, 3)


def test_statistics_follow_as_fast_as_asked() -> None:
    layers = build(batch_momentum=0.8).get_layer("backbone").layers
    assert {layer.momentum for layer in layers if isinstance(layer, keras.layers.BatchNormalization)} == {0.8}


def test_edges_may_have_fewer_cells_than_published_weights_have_pixels() -> None:
    assert build(gradient_cell=4, last_stage=2).get_layer("backbone").output_shape == (None, 4, 4, 256)


@pytest.mark.parametrize(("stage", "shape"), [(1, (32, 32, 64)), (2, (16, 16, 256)), (5, (2, 2, 2048))])
def test_backbone_ends_with_the_stage_asked_for(stage: int, shape: tuple[int, ...]) -> None:
    body = build(last_stage=stage).get_layer("backbone")
    assert body.output_shape == (None, *shape)
    assert {layer.name.split("_")[0] for layer in body.layers if layer.weights} == set(resnet50.STAGES[:stage])


def test_shorter_backbone_starts_from_whole_weights(saved_backbone: tuple[Path, list[np.ndarray]]) -> None:
    path, weights = saved_backbone
    loaded = build(last_stage=2, weights=str(path)).get_layer("backbone").get_weights()
    assert 0 < len(loaded) < len(weights)
    for one, other in zip(loaded, weights, strict=False):
        np.testing.assert_array_equal(one, other)


def test_shorter_model_of_this_pipeline_starts_one_as_short_and_no_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    trained = build(last_stage=2)
    trained.save(path)
    again = build(last_stage=2, weights=str(path)).get_layer("backbone").get_weights()
    for one, other in zip(again, trained.get_layer("backbone").get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(WeightsError, match="do not fit ResNet50's backbone"):
        build(last_stage=3, weights=str(path))
