"""A training watched: the records are the model's own at that epoch, and the page's slider shows one epoch at a time."""

import json
import re

import keras
import numpy as np
import pytest
from browsers import browsing
from hand_set_models import random_cnn, random_images
from playwright.sync_api import expect

from featurelens.interpret import ActivationExtractor, GradCAM
from featurelens.models import Dataset
from featurelens.reports import FeatureMaps


class Kept(keras.callbacks.Callback):
    """The weights at each moment that is recorded."""

    def __init__(self):
        super().__init__()
        self.weights = []

    def on_train_begin(self, logs=None):
        self.weights.append(self.model.get_weights())

    def on_epoch_end(self, epoch, logs=None):
        self.weights.append(self.model.get_weights())


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    model, images = random_cnn(6), random_images(7, 24)
    data = Dataset.from_arrays(images, np.arange(24) % 3, ("cat", "dog", "<i>owl</i>"))
    path = tmp_path_factory.mktemp("film") / "film.html"
    watch = FeatureMaps(data, ["conv1", model.get_layer("conv2")], path=path, trust_images=4, shown=2, channels=3)
    kept = Kept()
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, data.labels, epochs=2, verbose=0, callbacks=[kept, watch], shuffle=False)
    return model, data, watch, kept, path


def test_each_record_is_what_the_model_was_then(watched):
    model, data, watch, kept, _ = watched
    last = model.get_weights()
    assert [epoch.number for epoch in watch.epochs] == [0, 1, 2]
    for epoch, weights in zip(watch.epochs, kept.weights, strict=True):
        model.set_weights(weights)
        maps = ActivationExtractor(model, ["conv1", "conv2"])(data)
        for layer in epoch.layers:
            np.testing.assert_allclose(layer.maps, maps[layer.name][:2, ..., :3], rtol=1e-4, atol=1e-6)
            assert layer.silent == (maps[layer.name].max(axis=(0, 1, 2)) <= 0).sum()
            assert layer.probe is not None and 0 <= layer.probe <= 1
        np.testing.assert_allclose(epoch.methods[0].maps, GradCAM(model)(data[:2]), rtol=1e-4, atol=1e-6)
        assert epoch.methods[0].verdict in ("good", "weak", "failed", "unknown")
        assert epoch.predicted == tuple(np.asarray(model(data.images[:2])).argmax(axis=1))
    model.set_weights(last)
    assert not np.allclose(watch.epochs[0].layers[0].maps, watch.epochs[2].layers[0].maps)
    assert set(watch.epochs[1].measures) == {"loss", "accuracy"}


def test_watching_changes_nothing_of_the_training(watched):
    model, data, *_ = watched
    alone = random_cnn(6)
    alone.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    alone.fit(data.images, data.labels, epochs=2, verbose=0, shuffle=False)
    for here, there in zip(model.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(here, there, rtol=1e-5, atol=1e-6)


def test_the_page_holds_every_epoch_its_figures_and_no_tag_of_a_class(watched):
    *_, watch, _, path = watched
    page = path.read_text("utf-8")
    assert re.findall(r'data-name="([^"]+)"', page) == ["before training", "after 1 epoch", "after 2 epochs"]
    assert "<i>" not in page
    told = json.loads(re.search(r'id="twin">(.*?)</script>', page, re.DOTALL)[1])["epochs"]
    assert [epoch["layers"][0]["silent"] for epoch in told] == [epoch.layers[0].silent for epoch in watch.epochs]
    assert "maps" not in told[0]["layers"][0]
    assert watch.page() == path


def test_the_slider_shows_one_epoch_and_without_javascript_all_are_there(watched):
    *_, path = watched
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.goto(path.as_uri())
        visible = page.locator(".epoch:visible h2")
        expect(visible).to_have_text("After 2 epochs")
        page.locator("#epoch").press("Home")
        expect(visible).to_have_text("Before training")
        expect(page.locator("#epoch-name")).to_have_text("before training")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(path.as_uri())
        assert plain.locator(".epoch:visible").count() == 3 and not plain.locator(".slider").is_visible()


def test_every_second_epoch_and_without_labels(tmp_path):
    model, images = random_cnn(6), random_images(7, 8)
    watch = FeatureMaps(images, "conv1", every=2, path=tmp_path / "film.html", methods=[], trust_images=0)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, np.arange(8) % 3, epochs=3, verbose=0, callbacks=[watch])
    assert [epoch.number for epoch in watch.epochs] == [0, 2]
    assert watch.epochs[1].layers[0].probe is None
    highest = ActivationExtractor(model, "conv1")(images)["conv1"].max(axis=(0, 1, 2))
    assert watch.epochs[1].layers[0].channels == len(highest)


def test_what_cannot_be_watched_is_refused_before_the_first_epoch(tmp_path):
    images = random_images(7, 8)
    with pytest.raises(ValueError, match="every of at least 1"):
        FeatureMaps(images, every=0)
    with pytest.raises(ValueError, match=r"name of a method.*'gradcam'"):
        FeatureMaps(images, methods=["gradcam"])
    with pytest.raises(ValueError, match="Expected a training"):
        FeatureMaps(images).page()
    model = random_cnn(6)
    model.compile("sgd", "sparse_categorical_crossentropy")
    for watch, remedy in (
        (FeatureMaps(images, "cnov1", path=tmp_path / "a.html"), "Did you mean 'conv1'"),
        (FeatureMaps(images, path=tmp_path / "no" / "a.html"), "Make it first"),
    ):
        with pytest.raises(ValueError, match=remedy):
            model.fit(images, np.arange(8) % 3, epochs=1, verbose=0, callbacks=[watch])
