"""A report of one's own choice: its sections, classes, title and methods, and the files beside the page."""

import json
import re

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.models import Dataset, evaluate
from featurelens.reports import write_report
from featurelens.reports.report_choice import PAGE_SECTIONS, chosen_sections, only_classes, without_dead_links


@pytest.fixture(scope="module")
def given():
    return random_cnn(9), Dataset.from_arrays(random_images(4, 30), np.arange(30) % 3, ("cat", "dog", "owl"))


@pytest.fixture(scope="module")
def written(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("choice")
    model, data = given
    page = write_report(
        model,
        data,
        folder / "page.html",
        sections=["mistakes", "layers"],
        classes=["owl", 0],
        title="Owls & <cats>",
        methods=["hirescam"],
        json=folder / "figures.json",
        arrays=folder / "arrays.npz",
        trust_images=0,
    )
    return page, page.read_text("utf-8"), folder


def links_to_parts(page):
    """What the page links to on itself, without the views, `#/...`, which its program shows."""
    return {link for link in re.findall(r'href="#([^"]+)"', page) if not link.startswith("/")}


def test_the_page_has_the_sections_in_their_order_and_no_link_to_the_others(written):
    _, page, _ = written
    assert re.findall(r'<section class="section" id="([^"]+)"', page)[-2:] == ["mistakes", "layers"]
    assert "<title>Owls &amp; &lt;cats&gt;</title>" in page
    assert links_to_parts(page) <= set(re.findall(r' id="([^"]+)"', page))
    assert "HiResCAM" in page


def test_the_arrays_and_the_figures_are_those_of_the_images_of_these_classes(written, given):
    _, page, folder = written
    model, data = given
    known = evaluate(model, data[data.labels != 1])
    with np.load(folder / "arrays.npz") as arrays:
        np.testing.assert_array_equal(arrays["labels"], known.labels)
        np.testing.assert_allclose(arrays["probabilities"], known.probabilities, rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(arrays["predictions"], known.predictions)
        assert arrays["class_names"].tolist() == ["cat", "dog", "owl"]
    beside = json.loads((folder / "figures.json").read_text("utf-8"))
    within = json.loads(re.search(r'id="twin">(.*?)</script>', page, re.DOTALL)[1])
    assert {name: beside[name] for name in within} == within and beside["about"]["images"] == 20
    assert beside["answers"]["true"] == known.labels.tolist()


def test_the_path_is_a_path_that_a_notebook_shows(written):
    page, _, folder = written
    assert page.parent == folder and page.suffix == ".html" and page.exists()
    assert page._repr_html_().startswith("<iframe ")
    assert "Open it in a browser" in type(page)(folder / "gone.html")._repr_html_()


def test_every_section_can_stand_alone(given, tmp_path):
    model, data = given
    for section in PAGE_SECTIONS:
        page = write_report(model, data, tmp_path / "one.html", sections=section.id, trust_images=0).read_text("utf-8")
        assert links_to_parts(page) <= set(re.findall(r' id="([^"]+)"', page)), section.id


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [
        ({"sections": ["performence"]}, "Did you mean 'performance'"),
        ({"sections": []}, "Name one"),
        ({"classes": ["cta"]}, "Did you mean 'cat'"),
        ({"methods": ["hires"]}, "hirescam"),
        ({"json": "page.html"}, "Rename one"),
        ({"arrays": "numbers.txt"}, "npz"),
        ({"json": "no/such/folder.json"}, "Make it first"),
    ],
)
def test_what_is_not_there_is_refused_before_the_work(asked, remedy, given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=remedy):
        write_report(*given, "page.html", **asked)
    assert not list(tmp_path.iterdir())


def test_classes_that_have_no_image_are_refused(given):
    _, data = given
    with pytest.raises(ValueError, match=r"that occur: cat, dog\."):
        only_classes(data[data.labels != 2], ["owl"])
    assert only_classes(data, None) is data and len(only_classes(data, "dog")) == 10


def test_a_link_keeps_its_words_when_its_end_is_gone():
    page = '<p id="here">x</p><a class="n" href="#here">yes</a> <a href="#gone">no <b>more</b></a>'
    assert without_dead_links(page) == '<p id="here">x</p><a class="n" href="#here">yes</a> no <b>more</b>'
    assert chosen_sections(None) is PAGE_SECTIONS
