"""One image explained: limits and words of each map by hand, and the figure that shows them in their order."""

from dataclasses import replace

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import GradCAM, LayerwiseRelevance, Occlusion
from featurelens.interpret.methods.catalogue import METHODS, KnownMethod, method_called
from featurelens.interpret.stream.predictions import decisions
from featurelens.reports.drawing.colors import FLAT
from featurelens.reports.explanation import Subject, limits_for, map_words, method_panel, saturation_words, scale_for
from featurelens.reports.plots.explanation import ExplainedImage, MapPanel, drawn_map, explanation_figure, wrapped

ONES = np.ones((2, 2, 1), np.float32)


def method(name: str) -> KnownMethod:
    found = method_called(name)
    assert found is not None
    return found


def two_by_two(*classes, head=None) -> object:
    """A model of 2x2 pixels whose layer 'conv' is the image, with four weights for each class."""
    weights = np.stack([np.reshape(each, (2, 2, 1)) for each in classes], axis=-1)
    return linear_cam_model([[1.0]], weights, head=head)


def asked(model, explained=0, versus=None, image=ONES, layer: str | None = "conv") -> Subject:
    return Subject(model, image, explained, versus, layer)


def panel(title="Saliency", values=((0, 1),), **changed) -> MapPanel:
    shown = MapPanel(title, np.array(values, np.float32), "saliency", (0.0, 1.0), False, "0 to 1 logit")
    return replace(shown, **changed)


def explained_image(*panels, headed=True, image=ONES) -> ExplainedImage:
    return ExplainedImage(
        image=image,
        value_range=(0.0, 1.0),
        probabilities=np.array([0.75, 0.25], np.float32),
        class_names=("cost $5 or $6", "b"),
        explained=0,
        versus=1,
        true=None,
        panels=panels,
        faded="The gradient after the softmax is 3 % of the logit’s.",
        headed=headed,
    )


# the map's state, by hand


def test_an_empty_grad_cam_says_whether_all_of_it_is_negative():
    # the image is 1, so Grad-CAM before its cut is the mean weight: -1, 0, 1 and 2 everywhere
    model = two_by_two([-1] * 4, [0] * 4, [1] * 4, [2] * 4)
    negative, zero, one = (method_panel(method("grad-cam"), asked(model, label)) for label in (0, 1, 2))
    assert negative.note == "negative only: nothing speaks for the class (conv)"
    assert zero.note == "zero everywhere (conv)"
    assert one.note == "0 to 1 logit (conv)" and one.scale == "evidence" and one.over_image
    assert not negative.values.any() and not zero.values.any()


def test_the_state_of_a_grad_cam_is_that_of_the_class_rather_than_another():
    model = two_by_two([-1] * 4, [0] * 4, [1] * 4, [2] * 4)
    notes = [
        method_panel(method("grad-cam"), asked(model, *pair)).note.removesuffix(" (conv)")
        for pair in ((2, 3), (0, 0), (1, 0), (3, 0))  # mean weights 1 - 2, -1 + 1, 0 + 1, 2 + 1
    ]
    assert notes == [
        "negative only: nothing speaks for the class",
        "zero everywhere",
        "0 to 1 logit",
        "0 to 3 logit",
    ]


def test_a_signed_map_has_zero_in_the_middle_of_its_colours():
    model = two_by_two([1, -3, 0, 2], [-1, -2, -1, -1])  # HiResCAM of an image of ones is the weights
    mixed = method_panel(method("hirescam"), asked(model))
    np.testing.assert_allclose(mixed.values, [[1, -3], [0, 2]])
    assert (mixed.scale, mixed.limits, mixed.note) == ("signed", (-3, 3), "−3 to 3 logit (conv)")
    against = method_panel(method("input x gradient"), asked(model, 1))
    assert against.limits == (-2, 2) and not against.over_image
    assert against.note == "−2 to 2 logit\nnegative only: nothing speaks for the class"


def test_rise_runs_from_its_smallest_to_its_largest_value_also_below_zero():
    model = two_by_two([-9, 0, 0, 1], [0] * 4)
    shown = method_panel(method("rise"), asked(model))
    low, high = float(shown.values.min()), float(shown.values.max())
    assert low < high < 0  # the case is not trivial: zero lies outside
    assert shown.limits == (low, high) and shown.scale == "evidence" and not shown.over_image
    assert shown.note.endswith("expected scores: compare places") and "negative only" not in shown.note
    flat = np.full((2, 2), -1.5, np.float32)
    assert map_words(method("rise"), flat, limits_for(method("rise"), flat)) == "−1.5 logit everywhere"


@pytest.mark.parametrize("known", METHODS, ids=lambda known: known.slug)
def test_a_map_below_zero_is_drawn_signed_and_others_from_zero(known):
    values = np.array([[-1, 2.0]], np.float32)
    expected = ("evidence", (-1, 2)) if known.name == "RISE" else ("signed", (-2, 2))
    assert (scale_for(known, values), limits_for(known, values)) == expected
    if not known.signed and known.name != "RISE":
        assert scale_for(known, values + 2) == ("saliency" if "pixel" in known.unit else "evidence")
        assert limits_for(known, values + 2) == (0, 4)


def test_a_zero_map_says_so_in_every_method():
    zero = np.zeros((2, 2), np.float32)
    for known in METHODS:
        if known.name != "RISE":
            assert map_words(known, zero, limits_for(known, zero)) == "zero everywhere"


def test_the_gap_of_a_complete_map_by_hand():
    # logit 2 x + 1 at x = 1: relevance hands 2 of 3 to the pixel and 1 to the bias; the integral sums to 3 - 1
    import keras

    model = keras.Sequential([keras.Input((1, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.layers[-1].set_weights([np.array([[2.0]]), np.array([1.0])])
    subject = asked(model, image=np.ones((1, 1, 1), np.float32), layer=None)
    assert method_panel(method("layer-wise-relevance"), subject).note == "−2 to 2 logit\ngap 1 of 3 logit"
    assert method_panel(method("integrated-gradients"), subject).note == "−2 to 2 logit\ngap 0 of 2 logit"


def test_class_and_versus_are_handed_to_every_method():
    model, image = random_cnn(0, size=8), random_images(0, 1, size=8)[0]
    for known in (*METHODS.usual, method("ablation-cam"), method("fused-cam"), method("guided-grad-cam")):
        subject = Subject(model, image, 1, 2, "conv1")
        expected = known.make(model, "conv1", min(image.shape[:2]))(image[np.newaxis], 1, 2)[0]
        shown = method_panel(known, subject)
        np.testing.assert_allclose(shown.values, expected, rtol=1e-5, atol=1e-6, err_msg=known.name)
        assert shown.title == known.name
        assert ("(conv1)" in shown.note) == known.is_at_layer == shown.over_image
    gap = LayerwiseRelevance(model).with_gap(image[np.newaxis], 1, 2)
    assert (
        f"of {gap.expected[0]:.3g} logit".replace("-", "−")
        in method_panel(method("layer-wise-relevance"), subject).note
    )


def test_guided_backpropagation_carries_its_caution():
    subject = Subject(random_cnn(0), random_images(0, 1)[0], 0, None, None)
    assert method_panel(method("guided-backpropagation"), subject).note.endswith("an edge picture, not evidence")


def test_the_patch_of_occlusion_grows_with_the_image():
    model, image = random_cnn(0, size=56), random_images(0, 1, size=56)[0]
    shown = method_panel(method("occlusion"), Subject(model, image, 0, None, None))
    np.testing.assert_allclose(shown.values, Occlusion(model, patch=8, stride=4)(image[np.newaxis], 0)[0], rtol=1e-5)
    assert shown.note.endswith("8 × 8 pixels covered")


# what is left of the gradient


@pytest.mark.parametrize(
    ("logit", "head", "said"),
    [
        (2.0, "softmax", "The gradient after the softmax is 10 % of the logit’s."),  # p (1 - p) = 0.881 * 0.119
        (10.0, "softmax", "The gradient after the softmax is under 0.1 % of the logit’s."),  # 4.5e-5
        (0.0, "softmax", "The logit has no gradient at this image."),
        (2.0, None, ""),
    ],
)
def test_the_saturation_in_words(logit, head, said):
    model = linear_cam_model([[1.0]], [[[[logit, 0.0]], [[0.0, 0.0]]]], head=head)  # the second pixel says nothing
    subject = asked(model, image=np.ones((1, 2, 1), np.float32))
    found = decisions(model, subject.image[np.newaxis]).head
    assert saturation_words(subject, found) == said


def test_the_saturation_of_a_sigmoid_names_it():
    model = linear_cam_model([[1.0]], [[[[2.0]]]], head="sigmoid")
    subject = asked(model, image=np.ones((1, 1, 1), np.float32))
    assert saturation_words(subject, "sigmoid") == "The gradient after the sigmoid is 10 % of the logit’s."


# decisions


def test_decisions_by_hand():
    model = two_by_two([0] * 4, [0.5] * 4, head="softmax")  # logits (0, 2): 1 / (1 + e^2) = 0.119
    found = decisions(model, np.stack([ONES, -ONES]))
    np.testing.assert_allclose(found.probabilities, [[0.1192, 0.8808], [0.8808, 0.1192]], atol=1e-4)
    assert found.classes.tolist() == [1, 0]
    assert (found.head, found.cam_layer) == ("softmax", "conv")


def test_decisions_of_a_model_without_a_map_of_places():
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    found = decisions(model, np.ones((1, 2), np.float32))
    assert (found.head, found.cam_layer, found.probabilities.shape) == ("linear", None, (1, 3))


# the figure


def titles(shown: ExplainedImage) -> list[str]:
    return [drawn.get_title() for drawn in explanation_figure(shown).figure.axes if drawn.get_title()]


def test_panels_stand_in_the_order_asked_for_and_wrap_beyond_five_pictures():
    names = [f"method {place}" for place in range(13)]
    assert titles(explained_image(*(panel(name) for name in names))) == ["image", *names]
    for maps, rows in ((1, 1), (4, 1), (5, 2), (13, 3)):
        drawn = explanation_figure(explained_image(*(panel(name) for name in names[:maps]))).figure.axes[0]
        spec = drawn.get_subplotspec()
        assert spec is not None and spec.get_gridspec().nrows == rows
        assert spec.get_gridspec().ncols <= 6


def test_the_class_stands_above_all_panels_or_in_each_title():
    headed, each = (explanation_figure(explained_image(panel(), headed=headed)) for headed in (True, False))
    assert headed.figure.get_suptitle() == r"Why cost \$5 or \$6 rather than b"  # no formula
    assert all(" 3 %" in text for text in (headed.figure.get_supxlabel(), headed.description, each.description))
    assert each.figure.get_suptitle() == "" and each.figure.get_supxlabel() == ""
    assert (
        titles(explained_image(panel(), headed=False))[1].replace("\n", " ")
        == r"Saliency, cost \$5 or \$6 rather than b"
    )


@pytest.mark.parametrize("maps", [1, 13])
def test_both_formats_are_drawn(maps):
    plot = explanation_figure(explained_image(*(panel(f"method {place}") for place in range(maps))))
    svg = plot.svg()
    assert svg.startswith("<svg") and svg.count("0 to 1 logit") == maps and "$6" in svg
    assert plot.png().startswith(b"\x89PNG")


def test_a_zero_map_leaves_the_picture_and_has_no_colour_alone():
    picture = np.full((1, 2, 2, 3), 90, np.uint8)
    zero = panel(values=np.zeros((2, 2)), limits=(0.0, 0.0))
    assert (drawn_map(zero, picture) == FLAT).all()
    assert (drawn_map(replace(zero, scale="evidence", over_image=True), picture) == 90).all()


def test_the_peak_of_a_coarse_map_reaches_the_end_of_its_scale():
    # interpolated at 4 pixels for 2 cells the peak would keep 3/4 of its height in each direction
    from featurelens.reports.drawing.colors import color_table

    picture = np.zeros((1, 4, 4, 3), np.uint8)
    model = two_by_two([1, 0, 0, 0])
    shown = method_panel(method("layercam"), asked(model))
    drawn = drawn_map(shown, picture)
    assert drawn.shape == (224, 224, 3)
    np.testing.assert_array_equal(drawn[0, 0], np.rint(0.85 * color_table("evidence")[255]))
    assert not drawn[-1, -1].any()


def test_lines_are_even_and_words_stay_whole():
    assert wrapped("three words only", 12) == "three\nwords only"
    assert wrapped("ab cdefgh", 8) == "ab\ncdefgh"
    assert wrapped("", 8) == ""


def test_the_cam_of_the_default_picture_is_grad_cam():
    model, image = random_cnn(3), random_images(3, 1)[0]
    shown = method_panel(method("grad-cam"), Subject(model, image, 0, 1, "conv2"))
    np.testing.assert_allclose(shown.values, GradCAM(model)(image[np.newaxis], 0, 1)[0], rtol=1e-6)
