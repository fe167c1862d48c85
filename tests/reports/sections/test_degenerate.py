"""Models and sets at the edge: each sentence of the page is true where it stands, and absent where it would not be."""

from __future__ import annotations

import html
import re

import keras
import numpy as np
import pytest

from featurelens.models import Dataset
from featurelens.reports.classification.figures import report_twin
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.classification.page import report_html
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.html.own_words import OwnWords
from featurelens.reports.sections.front.findings import ordered_findings

NAMES = ("red", "green", "blue")


def model(answers=(0, 1, 2), bias=(0.0, 0.0, 0.0), pool=True):
    """Answers the class `answers[c]` where channel c is the brightest; a large bias makes one answer of all."""
    layers = keras.layers
    made = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv1"),
            *([layers.MaxPooling2D(name="pool1")] if pool else []),
            layers.Conv2D(5, 1, activation="relu", name="conv2"),
            layers.GlobalAveragePooling2D(name="mean"),
            layers.Dense(3, activation="softmax", name="answer"),
        ]
    )
    kernel = np.zeros((3, 3, 3, 4), np.float32)
    kernel[1, 1, np.arange(3), np.arange(3)] = 1
    wide = np.zeros((5, 3), np.float32)
    wide[np.arange(3), answers] = 20
    silent = np.array([0, 0, 0, -1], np.float32)  # the fourth channel of conv1 never fires
    made.set_weights(
        [
            kernel,
            silent,
            np.eye(4, 5, dtype=np.float32)[None, None],
            np.zeros(5, np.float32),
            wide,
            np.array(bias, np.float32),
        ]
    )
    return made


def data(count, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    images = 0.3 * random.random((count, 8, 8, 3), np.float32)
    images[np.arange(count), :, :, labels] += 0.4
    return Dataset(images, labels, NAMES, "planted")


def told(given, dataset):
    report = gather_report(Seen(given, dataset, ReportPlan(trust_images=0)))
    findings = ordered_findings(report.sections, report.evidence, report.about)
    page = report_html(report)
    visible = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.S)
    words = html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", visible)))
    return {finding.anchor: finding for finding in findings}, " ".join(f.sentence for f in findings), words, report


@pytest.fixture(scope="module")
def constant():
    return told(model(bias=(0, 500, 0)), data(60))


@pytest.fixture(scope="module")
def right():
    """Of a model that is always right."""
    return told(model(), data(60))


@pytest.fixture(scope="module")
def twenty():
    return told(model(), data(20))


def test_an_answer_that_is_always_the_same_is_the_first_finding(constant):
    _, sentences, _, report = constant
    first = ordered_findings(report.sections, report.evidence, report.about)[0]
    assert first.sentence == "The model answers green to every one of the 60 images, whatever they show."
    assert first.severity == "problem"
    assert "red and blue are the weakest classes: 0.0 % of the images of each are found." in sentences


def test_one_class_of_data_or_a_model_that_answers_several_is_not_called_constant(right):
    one_class = Dataset(data(60).images, np.ones(60, np.int64), NAMES, "one class")
    assert "whatever they show" not in told(model(bias=(0, 500, 0)), one_class)[1]
    assert "whatever they show" not in right[1]


def test_where_all_is_right_no_class_is_the_weakest_and_nothing_is_explained(right):
    _, sentences, words, _ = right
    assert "weakest" not in sentences and "Weakest" not in words
    assert "All 60 images are correctly classified." in words


def test_where_all_is_wrong_no_right_answers_are_spoken_of():
    _, sentences, words, report = told(model(answers=(1, 2, 0)), data(60))
    assert report.evidence["performance"].figures.accuracy == 0
    assert not re.search(r"\bof (the )?0\b|0 right answers|up to –", f"{sentences} {words}")
    assert "The model has no right answer that could break." in words
    assert "sure, but taken for" not in words and "none of the class is found" in words


def test_one_image_is_spoken_of_as_one():
    _, sentences, words, _ = told(model(), data(1))
    assert not re.search(r"\b1 images|\b1 are\b|\ball 1\b", f"{sentences} {words}")
    assert "On average the model is" not in sentences, "one image tells nothing of the calibration"


def test_fewer_than_twenty_images_say_nothing_of_the_calibration(twenty):
    assert "On average the model is" not in told(model(), data(19))[1]
    assert "On average the model is" in twenty[1]


def test_silent_channels_are_counted_where_they_are_and_not_again_behind_a_pooling(right):
    found, sentences, words, report = right
    assert "Never above 0 on any image: 1 of 4 channels in conv1 and 2 of 5 channels in conv2." in sentences
    assert "pool1" in {layer.name for layer in report.evidence["layers"].layers}, "the pooling is surveyed"
    assert found["silent-channels"].number == 3 and "Channels that never fire" in words


def test_the_layers_most_and_least_like_the_picture_are_named_with_the_pictures_own_value(right):
    _, sentences, _, report = right
    layers = [each for each in report.evidence["layers"].layers[1:] if np.isfinite(each.image_correlation)]
    most, least = (pick(layers, key=lambda each: each.image_correlation) for pick in (max, min))
    assert f"those of {most.name} are the most like the picture and those of {least.name} the least" in sentences
    picture = report.evidence["layers"].layers[0]
    assert f"where the picture itself has {picture.image_correlation:.2f}" in sentences
    assert ("as each of its colours" in sentences) == (picture.channels > 1)


def test_a_share_is_written_one_way_on_the_whole_page(constant):
    assert not re.search(r"\d%", constant[2]), "a number, a space and the sign"


def test_the_title_is_the_files_name_where_it_is_known(twenty):
    report = twenty[3]
    assert f"<title>{report.about.information.name}" in report_html(report)
    assert "<title>What right sees" in report_html(report, OwnWords("What right sees"))
    assert report_twin(report, ())["about"]["model"] == report.about.information.name
