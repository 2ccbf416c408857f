"""ResNet50's scaling, head and starting weights."""

from pathlib import Path

import keras
import numpy as np
import pytest

from unmask.config import Resnet50Config
from unmask.errors import WeightsError
from unmask.models import resnet50


def config(*, weights: str = "none", input_size: int = 0) -> Resnet50Config:
    return Resnet50Config(weights=weights, input_size=input_size, dense_units=8, dropout=0.0)


@pytest.fixture(scope="module")
def saved_backbone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    keras.utils.set_random_seed(1)
    backbone = resnet50.backbone(32)
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
    loaded = resnet50.start(resnet50.backbone(32), weights=str(path))
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
