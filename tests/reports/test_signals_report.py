"""The report of series and volumes: a planted burst and a planted blob are named, figures by NumPy, the page in a browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from live_pages import browsing, faults_of_views, opened
from planted_signals import planted
from playwright.sync_api import expect

from featurelens.interpret import HiResCAM
from featurelens.models import Signals
from featurelens.reports import write_report

NAMES, COUNT, WRONG = ("burst", "lull"), 24, [3, 8]
SERIES, AT = (24,), (slice(6, 10),)
VOLUMES, BLOCK = (5, 6, 8), (slice(1, 3), slice(2, 4), slice(1, 5))
PLACES: dict[str, list[tuple[tuple[int, ...], float]]] = {  # where the planted values lie, and how large they are
    "series": [((7,), 1.0), ((8,), 1.2)],
    "volumes": [((2, 3, 2), 1.0), ((1, 2, 4), 0.6)],
}


def made(kind: str) -> Signals:
    """A burst at known places, turned over for class 1; two have the label of the other class."""
    sizes, labels = (SERIES if kind == "series" else VOLUMES), np.arange(COUNT) % 2
    values = 0.01 * np.random.default_rng(0).random((COUNT, *sizes, 1), dtype=np.float32)
    for place, size in PLACES[kind]:
        values[(slice(None), *place, 0)] += size * np.linspace(1, 2, COUNT) * (1 - 2 * labels)
    labels[WRONG] = 1 - labels[WRONG]
    steps = (0.5,) if kind == "series" else (2.0, 1.0, 1.0)
    return Signals(values, labels, NAMES, "made", steps=steps, unit="s" if kind == "series" else "mm")


def model_of(kind: str) -> Any:
    return planted(SERIES, AT) if kind == "series" else planted(VOLUMES, BLOCK)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder, written = tmp_path_factory.mktemp("signals"), {}
    for kind in PLACES:
        page = folder / f"{kind}.html"
        settings = {"json": page.with_suffix(".json"), "arrays": page.with_suffix(".npz")}
        write_report(model_of(kind), made(kind), page, trust_images=4 if kind == "series" else 0, **settings)
        written[kind] = page
    return written


@pytest.fixture(params=PLACES)
def kind(request) -> str:
    return request.param


def words_of(page: Path) -> str:
    """What a person reads."""
    shown = re.sub(r"<style>.*?</style>|<script.*?</script>", "", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown)).replace("\u00a0", " ")


def test_the_planted_burst_and_the_planted_blob_are_named(pages):
    # 1.2 of 2.2 lie at place 8: from 4 to 4.5 s; 1 of 1.6 in slice 2, row 3 and column 2, counted from 0
    series, volumes = (words_of(pages[kind]) for kind in ("series", "volumes"))
    for name in NAMES:
        assert f"% of what speaks for {name} lies from 4 to 4.5 s, 4 % of its length" in series
        assert re.search(rf"what speaks for {name}: 6\d % in slice 3 of 5 \(4 to 6 mm\), 6\d % in row 4 of 6", volumes)
    assert "In a single series half of it fills 4 % of its length (median)" in series
    told = json.loads(pages["volumes"].with_suffix(".json").read_text())["signals"]["classes"]
    assert [(each["label"], [span["first"] for span in each["spans"]]) for each in told] == [
        (0, [2, 3, 2]),
        (1, [2, 3, 2]),
    ]


def test_the_maps_are_weight_times_value_of_the_class_answered_and_of_the_true_one(pages, kind):
    arrays, data = np.load(pages[kind].with_suffix(".npz")), made(kind)
    assert arrays["mistakes.numbers"].tolist() == [8, 3]  # the surest first: values grow with the number
    inside = np.zeros(data.images.shape[1:-1], np.float32)
    inside[AT if kind == "series" else BLOCK] = 1
    values = data.images[[8, 3], ..., 0] * inside
    sign = (1 - 2 * arrays["predictions"][[8, 3]]).reshape(-1, *[1] * inside.ndim)
    np.testing.assert_allclose(arrays["mistakes.for_predicted"], sign * values, atol=1e-6)
    np.testing.assert_allclose(arrays["mistakes.for_true"], -sign * values, atol=1e-6)


def test_the_figures_are_counted_one_by_one(pages, kind):
    found, data = json.loads(pages[kind].with_suffix(".json").read_text()), made(kind)
    logits = model_of(kind).predict(data.images, verbose=0)
    said = logits.argmax(axis=1)
    figures = found["performance"]["figures"]
    assert figures["accuracy"] == pytest.approx((said == data.labels).mean()) == 22 / 24
    assert figures["confusion"] == [[sum((data.labels == a) & (said == b)) for b in (0, 1)] for a in (0, 1)]
    likely = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["answers"]["probability"], likely.max(axis=1), atol=1e-5)
    assert kind == "volumes" or found["trust"]["trust"]["methods"]["HiResCAM"]["images"] == 4
    assert "22 of 24" in words_of(pages[kind]) or f"22 {kind} of 24" in words_of(pages[kind])


def test_it_speaks_of_no_pictures_and_says_what_is_left_out(pages, kind):
    text = words_of(pages[kind])
    told = text.replace("Left out, as they speak of pictures: ", "").replace("and pictures unlike the rest", "")
    for word in ("picture", "pixel", "image", "brightness", "nan"):
        assert not re.search(rf".{{0,50}}\b{word}.{{0,30}}", told.lower().split("versions")[0]), word
    assert "shortcuts by pixels" in text and "near copies" in text


def test_a_model_without_a_channel_has_the_same_page(pages, tmp_path):
    bare, with_it = keras.Sequential([keras.Input(SERIES), keras.layers.Reshape((*SERIES, 1))]), model_of("series")
    model = keras.Sequential([*bare.layers, *with_it.layers])
    model.build((None, *SERIES))
    given = made("series")
    data = Signals(given.images[..., 0], given.labels, NAMES, "made", has_channel=False, steps=(0.5,), unit="s")
    write_report(model, data, tmp_path / "p.html", trust_images=0, arrays=tmp_path / "p.npz")
    here, there = np.load(tmp_path / "p.npz"), np.load(pages["series"].with_suffix(".npz"))
    for name in ("predictions", "mistakes.numbers", "mistakes.for_predicted"):
        np.testing.assert_allclose(here[name], there[name], atol=1e-6)
    own = HiResCAM(model)(data.images[[8]], here["predictions"][[8]])
    np.testing.assert_allclose(own, here["mistakes.for_predicted"][:1], atol=1e-6)


def test_nothing_is_wide_cut_or_missed_by_axe(pages, kind):
    with browsing() as browser:
        assert faults_of_views(browser, pages[kind]) == []


def test_the_slider_shows_one_slice_and_the_page_without_it_all(pages):
    with browsing() as browser:
        page, complaints = opened(browser, pages["volumes"], "#/mistakes")
        card = page.locator("article.signal").first
        expect(card.locator("li:visible")).to_have_count(1)
        expect(card.locator("output")).to_have_text("slice 3 of 5, 4 mm")  # where most speaks for the answer
        card.locator("input").press("End")
        expect(card.locator("output")).to_have_text("slice 5 of 5, 8 mm")
        expect(card.locator("small:visible").filter(has_text="slice")).to_have_count(0)
        first = card.locator("li:visible [role=img]").first
        expect(first).to_have_attribute("aria-label", "slice 5 of 5, 8 mm of volume 8")
        bare = browser.new_context(java_script_enabled=False).new_page()
        bare.goto(pages["volumes"].as_uri())
        expect(bare.locator("article.signal").first.locator("li:visible")).to_have_count(5)
        assert complaints == []


def test_what_does_not_fit_is_refused(tmp_path):
    data, page = made("series"), tmp_path / "p.html"
    with pytest.raises(ValueError, match=r"Expected series with their classes.*one folder per class"):
        write_report(model_of("series"), data.images, page)
    with pytest.raises(ValueError, match=r"model of pictures for methods=.*Leave methods= out"):
        write_report(model_of("series"), data, page, methods=["rise"])
    with pytest.raises(ValueError, match="Expected a regression for direction="):
        write_report(model_of("series"), data, page, direction="down")
    with pytest.raises(ValueError, match=r"2 class.*3|3 class.*2"):
        write_report(model_of("series"), Signals(data.images, data.labels, (*NAMES, "more"), "made"), page)
    assert not page.exists()
