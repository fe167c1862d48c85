"""The causes of the confusions, on a model with a planted culprit: the numbers, the words, and the pictures."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from browser_pages import HOSTILE, seen_in_browser

from featurelens.interpret import inspect_model
from featurelens.models import Dataset
from featurelens.reports.evidence import causes as cause_evidence
from featurelens.reports.evidence.causes import causes_evidence, gather_causes
from featurelens.reports.evidence.performance import ranked_confusions
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.shown_layers import end_of_stage
from featurelens.reports.html.page import Header, Section, render_page
from featurelens.reports.sections.causes import CausesSection, shown_channels
from featurelens.reports.sections.channels import patch_pictures, patch_sheet
from featurelens.reports.sections.section import About

layers = keras.layers
NAMES = ("circle", "square", HOSTILE)


def model():
    """Channel c of 'conv' is input channel c. Channel 2 speaks for class 1 by mistake; channel 3 is never on."""
    made = keras.Sequential(
        [
            keras.Input((3, 3, 4)),
            layers.Conv2D(4, 1, use_bias=False, name="conv"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(3, use_bias=False, activation="softmax", name="dense"),
        ],
        name="planted",
    )
    made.get_layer("conv").set_weights([np.eye(4).reshape(1, 1, 4, 4)])
    made.get_layer("dense").set_weights([np.array([[2.0, 0, 0], [0, 2, 0], [0, 4, 0], [9, 9, 0]])])
    return made


@pytest.fixture(scope="module")
def dataset():
    """Twenty of class 0 and twenty of class 1; channel 2 fires on the first five of class 0, which are mistaken."""
    images = np.zeros((40, 3, 3, 4), np.float32)
    images[:20, ..., 0] = images[20:, ..., 1] = 0.5
    images[:5, 1, 1, 2] = np.linspace(0.9, 1, 5) * 5
    images[20:, ..., 1] += np.arange(20)[:, None, None] / 100
    return Dataset(images, np.repeat([0, 1], 20), NAMES, "planted", value_range=(0.0, 5.0))


def gathered(dataset, step=None):
    seen = Seen(model(), dataset, step=step)
    return gather_causes(seen, ranked_confusions(seen.evaluation.confusion))


@pytest.fixture(scope="module")
def causes(dataset):
    return gathered(dataset)


def page_of(causes, dataset, path):
    about = About(inspect_model(model()), dataset, None, {}, 0, None)
    part = CausesSection().html(causes_evidence(causes), about)
    section, sprites = Section("causes", "Causes", part.html, part.lead), part.sprites
    path.write_text(render_page("causes", [section], Header("", ""), sprites), encoding="utf-8")
    return path


def test_the_layer_is_the_end_of_the_last_convolutions_stage(causes):
    assert causes.census.layer == "relu" == causes.ablations[0].layer
    information = inspect_model(model())
    assert end_of_stage(information, "conv") == "relu" and end_of_stage(information, "pool") == "pool"


def test_the_planted_culprit_is_named_with_its_places(causes):
    (ablation,) = causes.ablations
    assert (ablation.confusion, ablation.confused, causes.counts) == ((0, 1), 5, (5,))
    assert shown_channels(ablation).tolist() == [2]
    assert ablation.effects.repaired[0] == 5 and not ablation.effects.broken[0].any()
    liked = causes.census.preferred
    assert liked.images[2].tolist() == [4, 3, 2, 1, 0, -1]
    assert liked.rows[2, :5].tolist() == liked.columns[2, :5].tolist() == [1] * 5
    assert causes.census.silent.tolist() == [3]


def test_the_least_sure_right_answers_are_the_ones_tried(dataset, monkeypatch):
    # leads: class 0 right: 1.0 (15 images); class 1: 1.0 to 1.38
    monkeypatch.setattr(cause_evidence, "_LEAST_SURE", 18)
    causes = gathered(dataset)
    assert (causes.tried, causes.right) == (18, 35)
    assert causes.lead == pytest.approx(1.04, rel=1e-5)
    assert causes.ablations[0].right.tolist() == [15, 3, 0] and causes.ablations[0].images == 23


def test_a_large_layer_is_run_on_fewer_images_and_the_page_says_on_how_many(dataset, monkeypatch, tmp_path):
    monkeypatch.setattr(cause_evidence, "_MOST_VALUES", 1)
    monkeypatch.setattr(cause_evidence, "_FEWEST_RUN", 6)
    causes = gathered(dataset)
    assert causes.ablations[0].confused == 3 and causes.tried == 3 and causes.counts == (5,)
    text = seen_in_browser(page_of(causes, dataset, tmp_path / "page.html"), 800).text
    assert "Without channel 2, 3 of 3 images" in text and "See the 5 images." in text
    assert "3 right answers of the 35" in text


def test_the_page_says_what_was_measured_and_no_name_runs(causes, dataset, tmp_path):
    for width in (390, 1280):
        text = seen_in_browser(page_of(causes, dataset, tmp_path / "page.html"), width).text
        assert "Without channel 2, 5 of 5 images are answered circle; without one at random 1.2 are." in text
        assert "0 right answers of those tried break." in text
        assert "In none of the rows below" in text
        assert "1 of 4 channels never fire" in text and "each channel, with what it sees" in text
        assert "Repaired of 5" in text and "Broken of 35" in text


def test_the_patches_are_the_pictures_at_those_places(causes, dataset):
    sheet = patch_sheet(causes.census, dataset, [2, 3])
    assert [(sprite.name, sprite.count) for sprite in sheet.sprites] == [
        ("channel-patches", 6)
    ]  # a row for each channel
    row = str(sheet.row(2))
    assert row.count('role="img"') == 1 and "images 4, " in row
    assert str(sheet.row(3)).count('role="img"') == 0


def test_what_lies_outside_of_the_picture_is_flat_grey():
    made = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(1, 3, padding="same", activation="relu", use_bias=False, name="conv"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    made.get_layer("conv").set_weights([np.ones((3, 3, 1, 1))])
    images = np.zeros((2, 6, 6, 1), np.float32)
    images[0, 0, 0] = 1
    from featurelens.interpret import channels

    liked = channels(made, images, [0, 1]).preferred
    assert (liked.rows[0, 0], liked.columns[0, 0]) == (0, 0)
    found = patch_pictures(liked.patches(images, 0, outside=np.nan), (0.0, 1.0))[0, :, :, 0]
    np.testing.assert_array_equal(found, [[140, 140, 140], [140, 255, 0], [140, 0, 0]])


def test_without_mistakes_only_the_census_is_shown(dataset, tmp_path):
    right = Dataset(dataset.images[5:], dataset.labels[5:], NAMES, "planted", value_range=(0.0, 5.0))
    causes = gathered(right)
    assert causes.ablations == () and causes.census.images == 35
    text = seen_in_browser(page_of(causes, right, tmp_path / "page.html"), 390).text
    assert "so no channel was taken away" in text and "2 of 4 channels never fire" in text


def test_the_progress_of_the_runs_without_a_channel_is_told(dataset):
    told = []
    gathered(dataset, lambda what, done, total: told.append((what, done, total)))
    assert told[-1] == ("taking channels away", 40, 40)


def test_large_pictures_are_run_in_smaller_numbers(dataset, monkeypatch):
    monkeypatch.setattr(cause_evidence, "_FEWEST_RUN", 4)
    monkeypatch.setattr(cause_evidence, "_MOST_NUMBERS", 12 * 3 * 3 * 4)  # twelve pictures of the five and thirty-five
    found = gathered(dataset)
    assert (found.ablations[0].confused, found.tried) == (5, 7)
