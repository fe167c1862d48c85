"""Pages of models at the edge, as a person meets them: dense only, one sigmoid, 84 layers, right-to-left and long names."""

from __future__ import annotations

import re

import keras
import numpy as np
import pytest
from live_pages import browsing, lead, opened, violations
from playwright.sync_api import expect

from featurelens.models import Dataset
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.classification.page import report_html
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen

RIGHT_TO_LEFT = ("قميص", "סנדל", "معطف 2")
LONG = tuple(f"An extraordinarily long name of the class with the number {label}" for label in range(200))


@pytest.fixture(scope="module")
def browser():
    with browsing() as started:
        yield started


def data(names, count=60):
    """Colours: the class is the brightest channel; every fifth label is the next class instead."""
    random = np.random.default_rng(0)
    shown = np.arange(count) % len(names)
    images = 0.3 * random.random((count, 6, 6, 3), np.float32)
    images[np.arange(count), :, :, shown % 3] += 0.4
    labels = np.where(np.arange(count) % 5, shown, (shown + 1) % len(names))
    return Dataset(images, labels, tuple(names), "planted")


def convolutional(classes=3, layers=1, activation="softmax"):
    """Channel c of the last layer is the mean of colour c, and speaks for class c; beyond the first they change nothing."""
    first = keras.layers.Conv2D(3, 1, activation="relu", name="layer0")
    parts = [first, *(keras.layers.ReLU(name=f"layer{place}") for place in range(1, layers))]
    head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(classes, activation=activation)]
    model = keras.Sequential([keras.Input((6, 6, 3)), *parts, *head])
    first.set_weights([np.eye(3, dtype=np.float32)[None, None], np.zeros(3, np.float32)])
    head[1].set_weights([9 * np.eye(3, classes, dtype=np.float32), np.zeros(classes, np.float32)])
    return model


def written(model, dataset, folder):
    path = folder / "report.html"
    report = gather_report(Seen(model, dataset, ReportPlan(trust_images=0)))
    path.write_text(report_html(report), encoding="utf-8")
    return path, report


def walked(browser, path, width=1280):
    """Every view opened: what each says, nothing complained of, nothing wider than the window, nothing for axe."""
    page, complaints = opened(browser, path, width=width, bypass_csp=True)
    told = {}
    for view in page.locator("main > .view").evaluate_all("views => views.map(view => view.id)"):
        lead(page, f"#{view}")
        expect(page.locator(f'.bar nav a[href="#{view}"]')).to_have_attribute("aria-current", "page")
        told[view] = page.locator("main > .on").inner_text().replace("\u00a0", " ")
        assert page.evaluate("document.documentElement.scrollWidth") == width, view
    assert violations(page) == [] and complaints == []
    return page, told


def test_a_model_of_dense_layers_has_a_page_with_its_images_and_without_maps(browser, tmp_path):
    model = keras.Sequential(
        [keras.Input((6, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    model.layers[-1].set_weights([np.tile(np.eye(3, dtype=np.float32), (36, 1)), np.zeros(3, np.float32)])
    path, report = written(model, data(("red", "green", "blue")), tmp_path)
    page, told = walked(browser, path)
    assert "mistakes" not in report.evidence and "/confusions" not in told
    assert "This page has no class activation maps" in told["/findings"]
    lead(page, "#/findings")
    cell = page.locator(".cm .no a").first
    wrong = int(cell.inner_text())
    cell.click()  # a cell leads to its images, though no confusion has a page of its own
    expect(page.locator("#images-grid .tile-button")).to_have_count(wrong)
    page.locator("#images-grid .tile-button").first.click()
    expect(page.locator("#card")).to_contain_text("taken for")


def test_one_sigmoid_has_two_classes_each_drawn_once(browser, tmp_path):
    model = convolutional(1, activation="sigmoid")
    model.layers[-1].set_weights([np.array([[-9.0], [9.0], [0.0]], np.float32), np.zeros(1, np.float32)])
    path, report = written(model, data(("red", "green")), tmp_path)
    page, told = walked(browser, path)
    assert "softmax" not in "".join(told.values())
    lead(page, f"#/image/{report.evidence['mistakes'].numbers[0]}")
    expect(page.locator("#card .probs").first.locator("li")).to_have_count(2)
    told_maps = page.locator("#card .cams canvas").evaluate_all("all => all.map(canvas => canvas.ariaLabel)")
    assert len(told_maps) == 2 * 5 and len({re.sub(", up to.*", "", each) for each in told_maps}) == 2 * 5


def test_of_many_layers_the_page_says_which_it_shows_and_why(browser, tmp_path):
    path, report = written(convolutional(layers=84), data(("red", "green", "blue"), 20), tmp_path)
    _, told = walked(browser, path)
    shown = [layer.name for layer in report.evidence["layers"].layers[1:-1]]
    assert shown == ["layer83"], "all 84 have one shape: they are one stage"
    assert "1 of the 86 layers is shown: the last of each run of one output shape" in told["/layers"]
    assert "86 layers in order of execution" in told["/method"] and "layer41" in told["/method"]


def test_right_to_left_names_keep_the_order_of_true_and_predicted(browser, tmp_path):
    path, report = written(convolutional(), data(RIGHT_TO_LEFT), tmp_path)
    page, _ = walked(browser, path, width=390)
    first = report.evidence["mistakes"].confusions[0]
    lead(page, f"#/confusion/{first.true}-{first.predicted}")
    head = page.locator("#confusion-detail h1")
    places = [head.locator(kind).bounding_box()["x"] for kind in (".t", ".p")]
    tops = [head.locator(kind).bounding_box()["y"] for kind in (".t", ".p")]
    assert tops[0] < tops[1] or places[0] < places[1], "the true class comes first"
    assert [head.locator(kind).inner_text() for kind in (".t", ".p")] == [
        RIGHT_TO_LEFT[first.true],
        RIGHT_TO_LEFT[first.predicted],
    ]
    lead(page, "#/findings")
    sentences = page.locator(".findings li").all_inner_texts()
    named = page.locator(".findings bdi").all_inner_texts()
    assert len(named) == sum(text.count(name) for text in sentences for name in RIGHT_TO_LEFT) > 0


def test_200_classes_with_long_names_stay_small_and_are_cut_with_the_whole_at_hand(browser, tmp_path):
    path, _ = written(convolutional(200), data(LONG, 400), tmp_path)
    walked(browser, path, width=390)
    fresh, complaints = opened(browser, path)
    assert fresh.evaluate("document.querySelectorAll('*').length") <= 5000
    name = fresh.locator(".ans bdi").first
    assert len(name.inner_text()) <= 24 and name.get_attribute("title") in LONG
    assert complaints == []
