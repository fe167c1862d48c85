"""What stands under a map: by hand, and on the pages of models whose maps are negative, empty or faded by their weights."""

from dataclasses import dataclass

import numpy as np
import pytest
from browser_pages import seen_in_browser
from browsers import browsing, lead, unfold
from hand_set_models import linear_cam_model

from featurelens.interpret.maps.state import LOGIT_PER_PIXEL, map_states
from featurelens.models import Dataset
from featurelens.reports import write_report
from featurelens.reports.comparison.evidence import Contestant, gather_comparison
from featurelens.reports.comparison.page import comparison_html
from featurelens.reports.html.map_notes import LOGIT_PER_STEP, faded, peak_note, signed_note

# the logit: +8 at the upper left, -4 at the other three places, so Grad-CAM's weight is their mean, -1
AGAINST = np.array([[8.0, -4.0], [-4.0, -4.0]])
NOTHING = np.zeros((2, 2))


def state(*values, unit="logit", before=None):
    maps = np.array([[values]], np.float32)
    return map_states(maps, unit, before_cut=None if before is None else np.array([[before]], np.float32))[0]


def test_notes_by_hand():
    assert peak_note(state(0, 3.14)).text == "peak 3.14 logit"
    assert peak_note(state(0, 0.04), usual=0.81).text == "peak 0.04 logit, very weak"
    assert peak_note(state(0, 0.04), usual=0.79).text == "peak 0.04 logit"
    assert peak_note(state(0, 0)).text == "zero everywhere"
    assert peak_note(state(0, 0, before=(0, -1))).text == "negative only"
    slope = peak_note(state(0, 2.5, unit=LOGIT_PER_PIXEL))
    assert (slope.text, slope.full) == ("peak 2.5 logit/unit", "largest value 2.5 logit per unit of pixel value")
    assert peak_note(state(0, 2.5, unit=LOGIT_PER_STEP)).text == "peak 2.5 logit/step"


def test_signed_notes_by_hand():
    assert signed_note(state(-1.5, 3)).text == "−1.5 to 3 logit"
    assert signed_note(state(0, 3)).text == "0 to 3 logit"
    assert signed_note(state(-1.5, -0.5)).text == "negative only, −1.5 to −0.5 logit"
    assert signed_note(state(0, 0)).text == "zero everywhere"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1.3, "130 %"),
        (0.25, "25 %"),
        (0.031, "3 %"),
        (0.00996, "1 %"),
        (0.0099, "1.0 %"),
        (0.00104, "0.1 %"),
        (0.00099, "under 0.1 %"),
        (0.0, "under 0.1 %"),
    ],
)
def test_what_the_head_leaves_by_hand(share, said):
    assert faded(share, "softmax") == f"the gradient after the softmax is {said} of the logit’s"


def test_what_cannot_be_said_of_the_head_is_not():
    assert faded(0.25, "linear") == ""
    assert faded(np.nan, "softmax") == "the predicted class’s logit has no gradient at this image"


def corner_images(names):
    """40 pictures with one pixel lit, no two alike, half of either class: in 10 of the first the upper right, by 1;
    else the upper left, by 1, 0.7 and 0.25 in turn.
    """
    pictures = np.zeros((40, 2, 2, 1), np.float32)
    pictures[10:, 0, 0, 0] = np.resize([1, 0.7, 0.25], 30)
    pictures[:10, 0, 1, 0] = 1
    pictures[pictures > 0] -= 1e-4 * np.arange(40)
    return Dataset(pictures, np.repeat([0, 1], 20), names, "made by hand")


@dataclass(frozen=True)
class Read:
    """What a person reads on the page."""

    specimen: str
    mistakes: list[str]
    all: str


def card_text(page, number):
    """All that the card of an image says."""
    lead(page, f"#/image/{number}")
    page.locator("#card-title", has_text=f"image {number} ").wait_for()
    unfold(page)
    return page.locator("#card").inner_text()


def page_of(tmp_path, weights, head):
    """The report on a model of these weights [h,w] per class, in a browser."""
    model = linear_cam_model([[1.0]], np.stack(weights, axis=-1)[:, :, np.newaxis], head=head)
    path = write_report(model, corner_images(("a", "b")), tmp_path / "report.html", trust_images=0)
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(path.as_uri())
        page.add_style_tag(content=".mistake { content-visibility: visible !important }")
        page.locator(".bar nav a", has_text="Classes").click()
        page.locator(".specimen h3 a").first.click()
        page.locator(".class-detail .cams").wait_for()
        specimen = page.locator(".specimen").first.inner_text()
        page.locator(".bar nav a", has_text="Images").click()
        page.locator(".tile-button").first.wait_for()
        numbers = page.locator(".tile-button").evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
        page.evaluate("document.documentElement.classList.remove('js')")
        unfold(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        everything = page.locator("main").inner_text()
        read = Read(specimen.replace("\u00a0", " "), [card_text(page, number) for number in numbers], everything)
    return read


def test_negative_empty_and_faded_maps_are_told_on_the_page(tmp_path):
    # logits (8 x, 0) for the pixel x at the upper left: such images are taken for a, whose map is -x there; b has no
    # weights at all. At the upper right they are (-4 x, 0): taken for b
    read = page_of(tmp_path, [AGAINST, NOTHING], "softmax")
    for_a = [text for text in read.mistakes if "b taken for a" in text]
    for_b = [text for text in read.mistakes if "a taken for b" in text]
    assert (len(for_a), len(for_b)) == (20, 10)
    for text in for_a:
        assert "for a: negative only" in text and "for b: zero everywhere" in text
        assert "8 logit/unit" in text
    # the contrast is gradient times activation, 8 x; x = 0.9979
    assert "7.98 logit" in for_a[0]
    for text in for_b:
        assert "for b: zero everywhere" in text and "for a: negative only" in text
    assert "; the gradient after the softmax is 0.4 % of the logit’s" in read.specimen  # x = 0.6983
    assert "Grad-CAM" in read.specimen and "for a: negative only" in read.specimen
    assert "length is given as a share of the length of the logit’s gradient" in read.all


def test_one_sigmoid_unit_is_named_so(tmp_path):
    # the logit of b is x for the pixel x at the upper left; sigmoid(1): p (1 - p) = .197
    read = page_of(tmp_path, [AGAINST / 8], "sigmoid")
    assert "for b: negative only" in read.mistakes[0] and "0.125 logit" in read.mistakes[0]
    assert "softmax" not in read.all


def test_after_a_linear_head_nothing_can_fade(tmp_path):
    read = page_of(tmp_path, [AGAINST, NOTHING], None)
    assert "for a: negative only" in read.mistakes[0]
    assert "of the logit’s" not in read.all and "gradient after" not in read.all


def test_a_comparison_tells_them_apart_too(tmp_path):
    # b is true of half of the images: one model has only negative evidence for it, the other none at all
    against, none = np.stack([NOTHING, AGAINST], axis=-1), np.stack([AGAINST, NOTHING], axis=-1)
    data = corner_images(("a", "b"))
    models = [
        Contestant(name, linear_cam_model([[1.0]], weights[:, :, np.newaxis], head="softmax"), data)
        for name, weights in (("against", against), ("none", none))
    ]
    path = tmp_path / "comparison.html"
    path.write_text(comparison_html(gather_comparison(models, trust_images=0)), encoding="utf-8")
    text = seen_in_browser(path, 1280).text
    assert "✓ b 100\xa0%; negative only" in text and "✗ a 100\xa0%; zero everywhere" in text
    assert "peak 8 logit/step" in text
