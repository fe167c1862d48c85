"""The public pictures draw the numbers that they are given, between limits that are arguments, beside a scale."""

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images
from matplotlib.figure import Figure

from featurelens.interpret import ActivationExtractor, GradCAM, HiResCAM
from featurelens.interpret.dissection.margin_parts import MarginPartsOf
from featurelens.interpret.pixel_removal.smallest_flip import smallest_flips
from featurelens.models import Dataset
from featurelens.models.evaluation.metrics import evaluation_from_probabilities
from featurelens.reports import explain, overlay, plot_confusion, plot_layer, plot_map, plot_maps, upsample


def axis():
    return Figure(layout="constrained").subplots()


def values_of(ax):
    return np.asarray(ax.get_images()[0].get_array())


def bar_of(ax):
    (bar,) = [each for each in ax.figure.axes if each.get_label() == "<colorbar>"]
    return bar


def test_upsample_keeps_the_unit_and_a_constant_map():
    np.testing.assert_allclose(upsample(np.full((2, 3, 3), -4.0), (7, 5)), -4)
    rising = np.tile(np.arange(4.0), (4, 1))  # linear between the centres of the cells: halfway, halfway
    np.testing.assert_allclose(upsample(rising, (8, 8))[0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])


def test_an_overlay_of_nothing_is_the_picture_and_of_all_is_the_colour():
    image = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4, 1)
    grey = np.rint(image.repeat(3, axis=2) * 255)
    np.testing.assert_array_equal(overlay(image, np.zeros((2, 2))), grey)
    full = overlay(image, np.ones((2, 2)), opacity=1.0)
    assert (full == full[0, 0]).all() and full[0, 0].tolist() == [252, 255, 164]  # the end of inferno
    np.testing.assert_array_equal(overlay(image * 255, np.zeros((2, 2)), value_range=(0, 255)), grey)


def test_a_map_is_drawn_into_the_axis_with_its_numbers_its_limits_and_its_unit():
    ax, values = axis(), np.array([[0.0, 2.0], [1.0, 4.0]])
    assert plot_map(values, ax=ax, limits=(0, 8), unit="logit", title="A $ map") is ax
    np.testing.assert_array_equal(values_of(ax), values)
    assert ax.get_images()[0].get_clim() == (0, 8) and bar_of(ax).get_ylabel() == "logit"
    assert [each.get_text() for each in bar_of(ax).get_yticklabels()] == ["0", "8"]


def test_a_signed_map_has_zero_in_the_middle():
    ax = plot_map(np.array([[-1.0, 3.0]]), ax=axis())
    assert ax.get_images()[0].get_clim() == (-3, 3)
    assert [each.get_text() for each in bar_of(ax).get_yticklabels()] == ["-3", "0", "3"]
    np.testing.assert_allclose(ax.get_images()[0].cmap(0.5)[:3], 247 / 255, atol=0.01)  # white at zero


def test_a_constant_map_says_so():
    assert "0 everywhere" in bar_of(plot_map(np.zeros((2, 2)), ax=axis())).get_ylabel()


def test_maps_of_one_method_share_their_limits_and_those_of_several_do_not():
    maps = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 5.0)])
    assert [ax.get_images()[0].get_clim() for ax in plot_maps(maps)] == [(0, 5), (0, 5)]
    named = plot_maps({"one": np.eye(2), "two": 5 * np.eye(2)})
    assert [ax.get_images()[0].get_clim() for ax in named] == [(0, 1), (0, 5)]
    assert [ax.get_title() for ax in named] == ["one", "two"]


def test_a_layer_draws_the_channels_that_are_asked_for():
    model, images = random_cnn(1), random_images(2, 3)
    known = ActivationExtractor(model, "conv1")(images[:1])["conv1"][0]
    drawn = plot_layer(model, model.get_layer("conv1"), images[0], channels=[2, 0])
    for ax, channel in zip(drawn, (2, 0), strict=True):
        np.testing.assert_array_equal(values_of(ax), known[..., channel])
    highest = plot_layer(model, "conv1", images[:1])[0].get_title()
    assert highest == f"conv1, channel {known.max(axis=(0, 1)).argmax()}"
    with pytest.raises(ValueError, match="channels from 0 to"):
        plot_layer(model, "conv1", images[0], channels=[99])
    with pytest.raises(ValueError, match="Expected one image"):
        plot_layer(model, "conv1", images)


def test_confusions_are_shares_of_the_true_class_or_counts():
    probabilities = np.eye(3)[[0, 0, 1, 2, 1]]
    found = evaluation_from_probabilities(probabilities, np.array([0, 0, 0, 2, 2]), ("a", "b$", "c"))
    np.testing.assert_allclose(values_of(plot_confusion(found)), [[2 / 3, 1 / 3, 0], [0, 0, 0], [0, 0.5, 0.5]])
    ax = plot_confusion(found, axis(), normalize=False, limits=(0, 10))
    np.testing.assert_array_equal(values_of(ax), found.confusion)
    assert ax.get_images()[0].get_clim() == (0, 10) and bar_of(ax).get_ylabel() == "images"
    assert sorted(text.get_text() for text in ax.texts) == ["1", "1", "1", "2"]


@pytest.mark.parametrize(
    ("draw", "remedy"),
    [
        (lambda: plot_map(np.zeros((3, 2, 2))), r"maps\[0\]"),
        (lambda: plot_map(np.full((2, 2), np.nan)), "NaN has no colour"),
        (lambda: overlay(np.zeros((3, 4, 4, 1)), np.zeros((2, 2))), r"images\[0\]"),
        (lambda: plot_maps(np.zeros((3, 2, 2)), np.zeros((2, 4, 4, 1))), "one for each map"),
        (lambda: plot_maps(np.zeros((3, 2, 2)), titles=["a"]), "one for each map"),
        (lambda: plot_map(np.eye(2), limits=(1, 0)), "low <= high"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, remedy):
    with pytest.raises(ValueError, match=remedy):
        draw()


def test_the_story_of_an_image_has_the_maps_that_the_methods_give():
    model, images = random_cnn(4), random_images(3, 2)
    data = Dataset.from_arrays(images, [1, 2], ("cat", "dog", "<b>owl</b>"))
    story = explain(
        model, data[1], "dog", versus="cat", methods=["grad-cam", "hirescam"], layer=model.get_layer("conv1")
    )
    np.testing.assert_allclose(story.maps["Grad-CAM"], GradCAM(model, "conv1")(images[1:], 1, 0)[0], rtol=1e-5)
    np.testing.assert_allclose(story.maps["HiResCAM"], HiResCAM(model, "conv1")(images[1:], 1, 0)[0], rtol=1e-5)
    shown = story._repr_html_()
    flip, channels = story.reasons
    flips = smallest_flips(model, images[1:], grey=0.5)  # the page's own search has the same places
    assert f"{flips.side[0]} × {flips.side[0]}" in flip or "none up to" in flip
    said = int(np.argmax(story.shown.probabilities))
    other = 0 if said else 1  # held against the cat, unless that is what is answered
    parts = MarginPartsOf(model)(images[1:], said, 2 if said == 0 else other).parts[0]
    assert f"channels {np.abs(parts).argmax()} (" in channels and flip in shown
    assert "Why dog rather than cat" in shown and "<b>owl" not in shown and story.shown.true == 2
    assert explain(model, images[0], methods=["grad-cam"]).shown.class_names == ("class 0", "class 1", "class 2")
    with pytest.raises(ValueError, match="Expected one image"):
        explain(model, images)
    with pytest.raises(ValueError, match=r"no method 'gradcam'.*grad-cam"):
        explain(model, images[0], methods=["gradcam"])


def test_a_story_is_saved_by_its_ending(tmp_path):
    story = explain(random_cnn(4), random_images(3, 1)[0], methods=["grad-cam"])
    assert story.save(tmp_path / "why.svg").read_bytes().startswith(b"<svg")
    assert story.save(tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="Change the ending"):
        story.save(tmp_path / "why.pdf")
