"""The plots: not what they look like, but that they are drawn, complete and the same every time."""

import io

import numpy as np
import pytest
from PIL import Image

from unmask.evaluation.curves import curves
from unmask.evaluation.plots import draw
from unmask.figures import png

NAMES = ("confusion", "roc", "precision_recall", "reliability")


@pytest.fixture
def figures(make_evaluation):
    generator = np.random.default_rng(1)
    labels = np.append(generator.integers(0, 2, 60), [0, 1])
    scores = np.clip(0.5 + 0.2 * (2 * labels - 1) + generator.normal(0, 0.2, 62), 0, 1)
    evaluation = make_evaluation(labels=labels.tolist(), scores=scores.tolist())
    return lambda: draw(evaluation, curves=curves(evaluation, bins=10), model_name="cnn")


@pytest.mark.parametrize("name", NAMES)
def test_same_evaluation_gives_the_same_bytes(figures, name):
    assert png(figures()[name]) == png(figures()[name])


@pytest.mark.parametrize("name", NAMES)
def test_plot_has_ink_a_title_and_labelled_axes(figures, name):
    figure = figures()[name]
    image = np.asarray(Image.open(io.BytesIO(png(figure))).convert("L"))
    assert min(image.shape) > 400
    assert 0.01 < (image < 128).mean() < 0.6
    assert figure.axes[0].get_title(loc="left").startswith("cnn: ")
    assert figure.axes[-1].get_xlabel()
    assert all(axes.get_ylabel() for axes in figure.axes)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_off_at_the_edges(figures, name):
    image = np.asarray(Image.open(io.BytesIO(png(figures()[name]))).convert("L"))
    edges = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edges == 255).all()


@pytest.mark.parametrize("scores", [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
def test_extreme_models_are_drawn_too(make_evaluation, scores):
    evaluation = make_evaluation(labels=[0, 1], scores=scores)
    for figure in draw(evaluation, curves=curves(evaluation, bins=3), model_name="cnn").values():
        assert png(figure).startswith(b"\x89PNG")


def test_png_names_neither_date_nor_version(figures):
    assert Image.open(io.BytesIO(png(figures()["roc"]))).text == {}
