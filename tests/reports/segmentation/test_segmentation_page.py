"""The report of a model of pixels on a planted truth: its figures, its worst image, its maps, and the page as it is seen."""

import json

import keras
import numpy as np
import pytest
from live_pages import browsing, lead, opened, violations

from featurelens.models import Dataset, evaluate
from featurelens.reports import explain, plot_segmentation, write_report, write_segmentation_report
from featurelens.reports.drawing.class_masks import WRONG, at_size, class_colors, error_overlay, mask_overlay
from featurelens.reports.segmentation.evidence import coarsest_layer

layers = keras.layers
NAMES = ("warm", "cold", "<b>never</b>")
IMAGES = np.random.default_rng(0).normal(size=(6, 8, 10, 1)).astype(np.float32)
TRUTH = (IMAGES[..., 0] <= 0).astype(np.int64)
TRUTH[2, :, :5] = 1 - TRUTH[2, :, :5]  # half of this image is labelled incorrectly


def segmenter():
    """x > 0: logits (2x, -x, -x/2), class 0; x < 0: class 1; class 2 is never the largest."""
    model = keras.Sequential(
        [
            keras.Input((8, 10, 1)),
            layers.Conv2D(2, 1, use_bias=False, name="maps"),
            layers.Conv2D(3, 1, use_bias=False, activation="softmax", name="classes"),
        ],
        name="thermal",
    )
    model.set_weights([np.float32([[[[1, -1]]]]), np.float32([[[[2, 0, 0], [0, 1, 0.5]]]])])
    return model


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    place = tmp_path_factory.mktemp("segmentation")
    files = {"path": place / "page.html", "json": place / "page.json"}
    return write_segmentation_report(segmenter(), IMAGES, TRUTH, class_names=NAMES, **files), files


def test_the_figures_are_those_of_the_planted_truth(written):
    found, files = written
    assert found.evaluation.accuracy == pytest.approx(1 - 40 / 480)
    assert found.worst[0] == 2 and found.evaluation.image_accuracy.tolist() == [1, 1, 0.5, 1, 1, 1]
    told = json.loads(files["json"].read_text())
    assert told["evaluation"]["accuracy"] == pytest.approx(found.evaluation.accuracy)
    assert told["about"]["images"] == 6 and told["evaluation"]["iou"][2] is None


def test_what_speaks_for_a_class_is_its_seg_grad_cam(written):
    """At 'maps', the last convolution but that which names the classes: weights 2 * share of x > 0, and 0."""
    found, _ = written
    assert found.layer == "maps" and [each.label for each in found.classes] == [
        int(k) for k in np.argsort([-(IMAGES > 0).sum(), -(IMAGES < 0).sum()], kind="stable")
    ]
    warm = next(each for each in found.classes if each.label == 0)
    x = IMAGES[warm.numbers, ..., 0]
    expected = np.maximum(2 * (x > 0).mean(axis=(1, 2), keepdims=True) * x, 0)
    np.testing.assert_allclose(warm.cam, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(warm.saliency, 2.0 * (x > 0), rtol=1e-5, atol=1e-6)
    assert warm.pixels.tolist() == sorted((IMAGES > 0).sum(axis=(1, 2, 3)).tolist(), reverse=True)[:4]


def test_the_coarsest_layer_is_the_bottleneck():
    given = keras.Input((8, 8, 1))
    first = layers.Conv2D(2, 3, padding="same", name="first")(given)
    deep = layers.Conv2D(2, 3, padding="same", name="deep")(layers.MaxPooling2D()(first))
    last = layers.Conv2D(2, 1, activation="softmax", name="classes")(layers.UpSampling2D()(deep))
    assert coarsest_layer(keras.Model(given, last)) == "deep"
    alone = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 1, activation="softmax")])
    assert coarsest_layer(alone) is None  # its evidence for a class would be the class


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_as_a_person_sees_it(written, width, scheme):
    path = written[1]["path"]
    with browsing() as browser:
        page, complaints = opened(browser, path, width=width, color_scheme=scheme, bypass_csp=True)
        assert "Mean IoU" in page.locator("h1").first.inner_text()
        for tab in ("findings", "images", "classes", "trust", "data", "method"):
            lead(page, f"#/{tab}")
            page.wait_for_function(f"document.querySelector('main > .view.on').id.includes('{tab}')")
            assert (tab, violations(page)) == (tab, [])
            assert page.evaluate("document.documentElement.scrollWidth") == width, tab
        text = page.locator("main").evaluate("main => main.textContent")
        assert "<b>never</b>" in text and "50 % of the pixels right" in text.replace("\u00a0", " ")
        assert complaints == []


def test_a_model_of_one_channel_has_figures_and_says_why_no_maps(tmp_path):
    model = keras.Sequential([keras.Input((8, 10, 1)), layers.Conv2D(1, 1, activation="sigmoid")])
    model.set_weights([np.float32([[[[-3]]]]), np.float32([0])])
    found = write_segmentation_report(model, IMAGES, TRUTH, tmp_path / "p.html", head="sigmoid", trust_images=0)
    assert found.evaluation.accuracy == pytest.approx(1 - 40 / 480) and found.classes == ()
    assert "shown without maps" in (tmp_path / "p.html").read_text()


def test_images_may_be_a_data_set_and_pixels_left_out(tmp_path):
    data = Dataset.from_arrays(IMAGES, np.zeros(6, int), ["any", "other"], source="a camera")
    masks = np.full_like(TRUTH, 255)
    found = write_segmentation_report(segmenter(), data, masks, tmp_path / "p.html", ignore=255, trust_images=0)
    assert not len(found.worst) and "all are left out" in (tmp_path / "p.html").read_text()
    assert "a camera" in (tmp_path / "p.html").read_text()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"masks": TRUTH[:3]}, "Expected masks"),
        ({"images": IMAGES[0]}, "Expected images"),
        ({"layer": "mpas"}, "Did you mean 'maps'"),
        ({"class_names": ["one"]}, "a name for each of 3"),
        ({"path": "nowhere/p.html"}, "Make it first"),
        ({"head": "linear", "masks": TRUTH + 5}, "from 0 to 2"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(changed, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"images": IMAGES, "masks": TRUTH, "path": "p.html", **changed}
    with pytest.raises(ValueError, match=told):
        write_segmentation_report(segmenter(), **given)
    assert list(tmp_path.iterdir()) == []


def test_what_is_for_one_class_an_image_says_what_is_for_pixels(tmp_path):
    given = (IMAGES, np.zeros(6, int))
    for call, told in (
        (lambda: write_report(segmenter(), given, tmp_path / "p.html"), "write_segmentation_report"),
        (lambda: explain(segmenter(), IMAGES[0]), r"over_region\(k\)"),
        (lambda: evaluate(segmenter(), given), "evaluate_segmentation"),
    ):
        with pytest.raises(ValueError, match=told):
            call()


def test_colours_say_which_class_and_where_it_is_wrong():
    shown = np.full((1, 1, 3, 3), 100, np.uint8)
    truth, named = np.array([[[0, 1, -1]]]), np.array([[[0, 0, 0]]])
    drawn = mask_overlay(shown, truth, 2, opacity=1)
    assert drawn[0, 0, :2].tolist() == class_colors(2).tolist() and drawn[0, 0, 2].tolist() == [128] * 3
    error = error_overlay(shown, truth, named)
    assert error[0, 0].tolist() == [[45] * 3, list(WRONG), [128] * 3]
    assert at_size(np.array([[[1, 2]]]), (2, 4)).tolist() == [[[1, 1, 2, 2], [1, 1, 2, 2]]]
    assert len({tuple(color) for color in class_colors(40).tolist()}) == 40


def test_one_picture_with_prediction_truth_and_error():
    named = (IMAGES[2, ..., 0] <= 0).astype(int)
    plot = plot_segmentation(IMAGES[2], TRUTH[2], named, NAMES)
    titles = [axis.get_title() for axis in plot.figure.axes]
    assert titles == ["picture", "truth", "prediction", "error"] and "50.0 % of the pixels right" in plot.description
    wrong = (np.asarray(plot.figure.axes[3].images[0].get_array()) == np.array(WRONG)).all(axis=-1)
    np.testing.assert_array_equal(wrong, TRUTH[2] != named)
    entries = [text.get_text() for text in plot.figure.legends[0].get_texts()]
    assert entries == ["warm", "cold", "wrong"]
    with pytest.raises(ValueError, match=r"argmax\(-1\)"):
        plot_segmentation(IMAGES[2], TRUTH[2], named[np.newaxis], NAMES)
