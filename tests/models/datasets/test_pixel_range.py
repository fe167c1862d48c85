"""The range of the pixels beside the model's own rescaling."""

import warnings

import keras
import numpy as np
import pytest

from featurelens.interpret import Explainer
from featurelens.models import Dataset, evaluate
from featurelens.models.datasets.pixel_range import first_scale, warn_of_range
from featurelens.reports import write_report


def model(scale):
    """A model that rescales its input first, inside of a nested model too."""
    inner = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Rescaling(scale), keras.layers.Flatten()])
    return keras.Sequential([keras.Input((2, 2, 1)), inner, keras.layers.Dense(2)])


def data(high):
    images = np.linspace(0, high, 8, dtype=np.float32).reshape(2, 2, 2, 1)
    return Dataset(images, np.array([0, 1]), ("a", "b"), "made by hand", value_range=(0.0, float(high)))


@pytest.mark.parametrize(
    ("scale", "high", "remedy"),
    [(1 / 255, 1, "seen range from 0 to 1.*--scale 0-255"), (1.0, 255, "0 to 255.*--scale 0-1")],
)
def test_another_range_is_told_with_what_was_seen(scale, high, remedy):
    with pytest.warns(UserWarning, match=remedy):
        warn_of_range(model(scale), data(high))


@pytest.mark.parametrize(("scale", "high"), [(1 / 255, 255), (1 / 127.5, 255), (1.0, 1), (2.0, 1)])
def test_a_range_that_fits_is_silent(scale, high):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_range(model(scale), data(high))


def chain(*layers):
    """A model of these layers, all but the first of them in a nested model."""
    base = keras.Sequential([keras.Input((2, 2, 1)), *layers[1:], keras.layers.Flatten()])
    inputs = keras.Input((2, 2, 1))
    return keras.Model(inputs, keras.layers.Dense(2)(base(layers[0](inputs))))


def rescaling(scale):
    return keras.layers.Rescaling(scale)


def convolution():
    return keras.layers.Conv2D(1, 1)


@pytest.mark.parametrize(
    ("layers", "scale"),
    [
        ([rescaling(255), rescaling(1 / 255), convolution()], 1),  # as transfer learning on EfficientNetB0
        ([keras.layers.Resizing(2, 2), rescaling(0.5), convolution(), rescaling(9)], 0.5),  # the last sees no pixels
        ([rescaling([-0.5]), convolution(), rescaling(9), rescaling(3)], 0.5),
        ([convolution(), rescaling(0.5)], None),
        ([keras.layers.BatchNormalization(), rescaling(0.5)], None),
    ],
)
def test_the_rescalings_before_anything_else_count_together(layers, scale):
    found = first_scale(chain(*layers))
    assert found == (None if scale is None else pytest.approx(scale))


def test_arithmetic_between_the_layers_ends_what_is_known():
    inputs = keras.Input((2, 2, 1))
    scaled = rescaling(255)(inputs) / 128
    assert first_scale(keras.Model(inputs, rescaling(9)(scaled))) == 255


def test_no_range_is_advised_that_the_images_have_already():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_range(chain(rescaling(255), convolution()), data(1))  # a base that takes 0 to 255 itself
        warn_of_range(chain(rescaling(1 / 65535), convolution()), data(255))
    with pytest.warns(UserWarning, match="by 255, but .* 0 to 255.*--scale 0-1"):
        warn_of_range(chain(rescaling(255), convolution()), data(255))
    with pytest.warns(UserWarning, match="by 1, but .* 0 to 255.*--scale 0-1"):
        warn_of_range(chain(rescaling(255), rescaling(1 / 255)), data(255))


def test_a_model_without_rescaling_is_silent():
    plain = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    plain.set_weights([np.zeros((4, 2), np.float32), np.zeros(2, np.float32)])
    warn_of_range(plain, data(255))


def bright_or_dark(high, rescaled=None):
    """Images of mean 0.2 and 0.8 of `high`, and a model that tells them apart where they come from 0 to 1."""
    shades = np.repeat([0.2, 0.8], 8).astype(np.float32)[:, None, None, None] * np.ones((1, 2, 2, 1), np.float32)
    shades[:, 0, 0], shades[:, 1, 1] = 0, 1
    inputs = keras.Input((2, 2, 1))
    first = inputs if rescaled is None else rescaling(rescaled)(inputs)
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(first))
    found = keras.Model(inputs, outputs)
    found.set_weights([np.tile(np.float32([-10, 10]), (4, 1)), np.float32([20, -20])])
    return found, Dataset(
        shades * high, np.repeat([0, 1], 8), ("dark", "bright"), "by hand", value_range=(0.0, float(high))
    )


@pytest.mark.parametrize(
    ("high", "rescaled", "remedy"),
    [(255, None, "Divide the images by 255"), (1, 1 / 255, "--scale 0-255"), (255, 1.0, "--scale 0-1")],
)
def test_evaluate_and_explainer_warn_of_the_classic_mistake_once(high, rescaled, remedy):
    found, given = bright_or_dark(high, rescaled)
    with pytest.warns(UserWarning, match=remedy) as told:
        evaluate(found, given, batch_size=4)
    assert len(told) == 1
    convolved = chain(rescaling(rescaled or 1.0), convolution())
    with pytest.warns(UserWarning, match="images by 255") as told:
        Explainer(convolved)(given.images, batch_size=4)
        list(Explainer(convolved).stream(given.images, batch_size=4))
    assert len(told) == 2


@pytest.mark.parametrize(("high", "rescaled"), [(1, None), (255, 1 / 255), (1, 1.0)])
def test_evaluate_and_explainer_are_silent_in_the_right_range(high, rescaled):
    found, given = bright_or_dark(high, rescaled)
    assert evaluate(found, given).accuracy == 1
    Explainer(chain(rescaling(rescaled or 1.0), convolution()))(given.images)


def test_a_model_that_takes_0_to_255_by_its_weights_is_not_told_otherwise():
    found, given = bright_or_dark(255)
    kernel, bias = found.get_weights()
    found.set_weights([kernel / 255, bias])
    assert evaluate(found, given).accuracy == 1


def test_the_page_says_it_first(tmp_path):
    found = chain(rescaling(1 / 255), convolution())
    with pytest.warns(UserWarning, match="--scale 0-255"):
        path = write_report(found, bright_or_dark(1)[1], tmp_path / "page.html", trust_images=0)
    findings = path.read_text(encoding="utf-8").split('<ol class="findings">')[1].split("</ol>")[0]
    assert "On average the model is" not in findings  # 16 images
    assert "linear probe reads" not in findings  # 8 images held out
    first = findings.split("</li>")[0]
    assert "Read this first" in first and "--scale 0-255" in first
