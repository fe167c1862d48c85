"""What a cell shows: small, escaped, short in a console, and JSON that says the same numbers."""

import dataclasses
import inspect
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

import featurelens.interpret as interpret
import featurelens.models as models
from featurelens import Record, Shown
from featurelens.interpret.layers.survey import survey_layers
from featurelens.interpret.trust.record import Samples
from featurelens.models import Dataset, evaluate
from featurelens.reports import explain
from featurelens.reports.html.card_style import card_style
from featurelens.reports.html.page import TEMPLATES

FEW = Samples(curves=4, filled=2, noise=2, shuffled=2)
NASTY = "<script>alert('&')</script>"


@pytest.fixture(scope="module")
def shown():
    """Something of every kind that a cell may end with."""
    model, images = random_cnn(2), random_images(1, 24)
    data = Dataset.from_arrays(images, np.arange(24) % 3, ("cat", "dog", NASTY), source=f"from {NASTY}")
    maps = {"Grad-CAM": interpret.GradCAM(model)}
    every = {
        "data": data,
        "evaluation": evaluate(model, data),
        "information": interpret.inspect_model(model),
        "explanation": interpret.Explainer(model)(data),
        "survey": survey_layers(model, data),
        "trust": interpret.measure_trust(model, data, interpret.METHODS[:2], interpret.TrustPlan(FEW, FEW, steps=2)),
        "census": interpret.channels(model, data),
        "ablation": interpret.ablate_channels(model, data, control=2),
        "features": interpret.activation_maximization(model, "conv1", channels=[0], steps=2),
        "gap": interpret.IntegratedGradients(model, steps=2).with_gap(images[:2]),
        "faithfulness": interpret.faithfulness(model, data, maps, steps=2),
        "road": interpret.road(model, data, maps),
        "sensitivity": interpret.max_sensitivity(maps["Grad-CAM"], images[:3], 0, samples=2),
        "randomization": interpret.randomization_check(model, data, {"Grad-CAM": interpret.GradCAM}),
        "known method": interpret.METHODS[0],
        "story": explain(model, data[2], "cat", versus="dog", methods=("hirescam", "saliency", "rise")),
    }
    for name in (
        "GradCAM",
        "Saliency",
        "Occlusion",
        "RISE",
        "MultiLayerCAM",
        "MultiLayerScoreCAM",
        "ActivationExtractor",
    ):
        every[name] = getattr(interpret, name)(model)
    for name in (
        "Explainer",
        "LayerwiseRelevance",
        "SmoothGrad",
        "ScoreCAM",
        "GradCAMState",
        "Saturation",
        "InputXGradient",
    ):
        every[name] = getattr(interpret, name)(model)
    return every


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.names = [], set()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        if tag not in ("img", "br", "path", "use", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            assert self.open.pop() == tag


def each_of(found):
    return found.items() if isinstance(found, dict) else [("", found)]


def test_a_cell_is_small_well_formed_and_escaped(shown):
    for name, held in shown.items():
        for _, found in each_of(held):
            html = found._repr_html_()
            assert len(html.encode()) <= 200_000, name
            tags = Tags()
            tags.feed(html)
            assert not tags.open, name
            assert not tags.names & {"script", "iframe", "link"}, name
            assert "<script" not in html, name


def test_a_console_gets_three_hundred_letters(shown):
    for name, held in shown.items():
        for _, found in each_of(held):
            said = repr(found)
            assert len(said) <= 300 and said.startswith(type(found).__name__), name
            assert "array(" not in said, name


def test_json_says_the_numbers_of_the_record(shown):
    for held in shown.values():
        for _, found in each_of(held):
            if isinstance(found, Record):
                json.loads(found.to_json(), parse_constant=pytest.fail)
    evaluation = json.loads(shown["evaluation"].to_json())
    np.testing.assert_array_equal(evaluation["confusion"], shown["evaluation"].confusion)
    data = json.loads(shown["data"].to_json())
    assert "images" not in data and data["labels"] == shown["data"].labels.tolist()


def test_every_public_record_and_method_is_shown():
    for package in (interpret, models):
        for name in package.__all__:
            public = getattr(package, name)
            if inspect.isclass(public):
                assert issubclass(public, Shown), name
                if dataclasses.is_dataclass(public) and name != "KnownMethod":
                    assert issubclass(public, Record), name


def test_the_first_thing_seen_is_what_the_record_is_about(shown):
    assert "24 images of 6 x 6 x 2" in shown["data"]._repr_html_()
    accuracy = shown["evaluation"].accuracy
    assert f"accuracy {100 * accuracy:.2f} %" in shown["evaluation"]._repr_html_()
    for layer in shown["information"].layers:
        assert f">{layer.name}</td>" in shown["information"]._repr_html_()
    assert re.findall(r"(\w+)</td><td[^>]*>[^<]*</td></tr>", shown["trust"]._repr_html_())
    assert shown["data"]._repr_html_().count("<img ") == 3


def test_photos_of_many_classes_stay_below_the_limit():
    noise = np.random.default_rng(0).random((30, 256, 256, 3), np.float32)
    html = Dataset.from_arrays(noise, np.arange(30))._repr_html_()
    assert html.count("<img ") >= 5 and len(html) <= 200_000


def test_tables_are_data_frames_where_pandas_is_and_records_where_it_is_not(shown, monkeypatch):
    import pandas

    evaluation = shown["evaluation"]
    frame = evaluation.mistakes()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == (evaluation.predictions != evaluation.labels).sum()
    assert frame["confidence"].is_monotonic_decreasing
    first = frame.iloc[0]
    assert evaluation.class_names[evaluation.labels[first["image"]]] == first["true"] != first["predicted"]
    assert list(shown["survey"].table()["layer"]) == [layer.name for layer in shown["survey"].layers]
    assert list(shown["trust"].table()["verdict"]) == [each.level for each in shown["trust"].verdicts.values()]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert evaluation.mistakes() == frame.to_dict("records")


def test_a_story_names_the_true_and_the_predicted_class_and_shows_every_map():
    model, images = random_cnn(2), random_images(1, 24)
    predicted = interpret.Explainer(model)(images).classes
    names = ("cat", "dog", "owl")
    for right in (True, False):
        label = (predicted[3] + (not right)) % 3
        data = Dataset.from_arrays(images[3:4], [label], names)
        story = explain(model, data, methods=("grad-cam", "saliency", "integrated-gradients"))
        html = story._repr_html_()
        words = re.sub("<[^>]*>", "", re.findall('<p class="pair-names">(.*?)</p>', html, re.DOTALL)[0]).strip()
        said = names[predicted[3]]
        assert words == (f"{said} found" if right else f"{names[label]} taken for {said}")
        assert html.count("<img ") == 1 + len(story.maps)
        bars = dict(re.findall(r"<bdi>(\w+)</bdi></span><i [^>]*></i><b>([\d.]+)\s%</b>", html))
        for name, share in zip(names, story.shown.probabilities, strict=True):
            assert abs(float(bars[name]) - 100 * share) < 0.06
        maps = json.loads(story.to_json())["shown"]["panels"]
        np.testing.assert_allclose(maps[0]["values"], story.maps["Grad-CAM"], rtol=1e-6)


def test_the_card_of_a_cell_is_the_card_of_the_page():
    """Its parts have the names that the page's program gives them, and the page's style knows each of them."""
    card = (TEMPLATES / "card.html.j2").read_text(encoding="utf-8")
    program = "".join(path.read_text(encoding="utf-8") for path in (TEMPLATES / "scripts").glob("*.js"))
    style = card_style(".here")
    parts = set(re.findall(r'class="([\w-]+)"', card)) - {"featurelens-card"}
    assert parts >= {"card-head", "pair-names", "big", "probs", "says", "cams", "t", "p"}
    for part in parts:
        assert re.search(rf'[".]{part}[".]', program) and re.search(rf"\.here \.{part}[ {{,]", style), part


def test_the_style_of_a_card_reaches_nothing_outside_of_it():
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", re.sub(r"@media[^{]*\{", "", card_style(".here")))
    assert len(rules) > 20
    for selectors in rules:
        for selector in re.split(r",(?![^(]*\))", selectors):
            assert ".here" in selector, selector
