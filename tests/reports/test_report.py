"""The report as a person sees it: in a browser, on the shipped model and on a user's own."""

import keras
import numpy as np
import pytest
from browsers import browsing

from featurelens.models import Dataset, fashion_mnist, load_model
from featurelens.reports import write_report

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser():
    with browsing() as opened:
        yield opened


def opened_page(browser, path, *, width=1280, scripts=True):
    """The page, and what it asked for or complained of."""
    page = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts).new_page()
    seen = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("dialog", lambda dialog: (seen.append("a name ran as a script"), dialog.dismiss()))
    page.goto(path.as_uri())
    return page, [entry for entry in seen if not entry.startswith(("file:", "data:"))]


def rgb_report(tmp_path, names, count=60, size=24, **settings):
    """A report of an untrained model on seeded colour pictures."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((size, size, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", kernel_initializer=keras.initializers.GlorotUniform(seed=1)),
            layers.GlobalAveragePooling2D(),
            layers.Dense(len(names), kernel_initializer=keras.initializers.GlorotUniform(seed=2)),
            layers.Softmax(),
        ],
        name="colour",
    )
    generator = np.random.default_rng(0)
    images = generator.uniform(0, 255, (count, size, size, 3)).astype(np.float32)
    labels = generator.integers(0, len(names), count)
    dataset = Dataset(images, labels, tuple(names), "seeded noise", value_range=(0.0, 255.0))
    return write_report(model, dataset, tmp_path / "report.html", **settings)


def test_hostile_class_names_stay_text(browser, tmp_path):
    path = rgb_report(tmp_path, [HOSTILE, "b & c", "<b>"], trust_images=0)
    assert "<img" not in path.read_text()
    page, complaints = opened_page(browser, path)
    assert complaints == []
    page.locator(".bar nav a", has_text="Classes").click()
    assert page.locator(".specimen h3 bdi").first.get_attribute("title") == HOSTILE


@pytest.mark.parametrize("classes", [2, 60])
def test_few_and_many_classes_of_colour_pictures(browser, tmp_path, classes):
    path = rgb_report(tmp_path, [f"class {k}" for k in range(classes)], count=40 + 2 * classes, trust_images=0)
    page, complaints = opened_page(browser, path, width=390)
    assert complaints == []
    assert page.locator(".specimen").count() == min(classes, 12)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if classes == 60:
        page.locator(".bar nav a", has_text="Findings").click()
        assert "classes of the largest confusions, of 60." in page.locator(".key").inner_text()


def test_class_names_of_another_number_are_refused(tmp_path):
    dataset = fashion_mnist("test").take(np.arange(40))
    fewer = Dataset(dataset.images, dataset.labels % 3, ("a", "b", "c"), "three classes")
    with pytest.raises(ValueError, match=r"model's 10 classes.*--class-names"):
        write_report(load_model("zero_padded_dropout"), fewer, tmp_path / "report.html")
    assert not list(tmp_path.iterdir())
