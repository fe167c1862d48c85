"""The scripts of the gallery run as they stand, write what they say, and what they tell is true."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from featurelens.models import evaluate, fashion_mnist, load_model

EXAMPLES = Path(__file__).parents[2] / "scripts" / "examples"


@pytest.fixture
def run(tmp_path, capsys):
    """Run a script in an empty folder; returns what it printed, and the names of what it wrote."""

    def ran(name: str) -> tuple[str, set[str]]:
        importlib.import_module(f"featurelens.scripts.examples.{name}").main(tmp_path)
        return capsys.readouterr().out, {path.name for path in tmp_path.iterdir()}

    return ran


def test_my_pictures(run, tmp_path):
    told, written = run("my_pictures")
    assert written == {"my_images", "my-report.html", "my-report.json"}
    right = round(120 * evaluate(load_model("zero_padded_dropout"), fashion_mnist("test")[:120]).accuracy)
    assert f"{right} images of 120 are correctly classified" in told
    assert {"performance", "mistakes"} <= json.loads((tmp_path / "my-report.json").read_text("utf-8")).keys()


def test_why_this_class(run):
    told, written = run("why_this_class")
    assert written == {"why.png"}
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")
    number = int(re.findall(r"image (\d+)", told)[0])
    answer = model.predict(data[number].images, verbose=0)[0]
    said, true = (data.class_names[each] for each in (answer.argmax(), data.labels[number]))
    assert said != true and told.count(f"for {said} rather than {true}") == 3
    black = model.predict(np.zeros((1, 28, 28, 1)), verbose=0)[0]
    gains = [np.log(each[answer.argmax()] / each[data.labels[number]]) for each in (answer, black)]
    summed = float(re.findall(r"Integrated Gradients: ([-+.\d]+)", told)[0])
    assert abs(summed - (gains[0] - gains[1])) < 0.25, "completeness: the map sums to what the picture adds to black"


def test_what_layers_see(run):
    told, written = run("what_layers_see")
    assert written == {"channels.png"}
    assert re.search(r"conv2: \d+ of 64 channels put out nothing for any of 300 images", told)
    assert "probe accuracy" in told and "conv1" in told


def test_whom_to_believe(run, monkeypatch):
    script = importlib.import_module("featurelens.scripts.examples.whom_to_believe")
    some = [method for method in script.METHODS if method.slug in ("grad-cam", "hirescam", "saliency", "rise")]
    monkeypatch.setattr(script, "METHODS", some)  # each is tested on its own images
    told, written = run("whom_to_believe")
    assert written == {"trust.png"}
    verdicts = dict(re.findall(r"^([^:]+): (\w+)\. ", told, re.MULTILINE))
    assert verdicts.keys() == {"Grad-CAM", "HiResCAM", "Saliency"}, "those of one pass"
    assert set(verdicts.values()) <= {"good", "weak", "failed", "unknown"}
    assert verdicts["Grad-CAM"] == "failed" and verdicts["HiResCAM"] == "good", "as the shipped file of trust has it"


def test_own_method(run):
    told, written = run("own_method")
    assert written == {"own-method.png"}
    assert re.search(r"^Edges: failed\. .*hardly changes when the weights are randomised", told, re.MULTILINE)


def test_watch_a_training(run):
    told, written = run("watch_a_training")
    assert written == {"feature-maps.html"}
    assert re.findall(r"after (\d) epochs, channels that never fire: conv1 \d", told) == ["0", "1", "2"]


def test_how_far_off(run):
    told, written = run("how_far_off")
    assert written == {"how-far-off.html"}
    images = fashion_mnist("test")[:120].images
    errors = 130 * images.mean(axis=(1, 2, 3)) + 8 - 100 * (images[..., 0] > 0).mean(axis=(1, 2))
    assert f"off by {np.abs(errors).mean():.1f} % (" in told


def test_several_labels(run):
    told, written = run("several_labels")
    assert written == {"several-labels.html"}
    assert re.search(r"^bright: precision 1\.00, recall 1\.00$", told, re.MULTILINE), "its label is its own rule"
    assert re.search(r"^wide: precision \d\.\d\d, recall 0\.\d\d$", told, re.MULTILINE)


def test_every_pixel(run):
    told, written = run("every_pixel")
    assert written == {"every-pixel.html"}
    images = np.pad(fashion_mnist("test")[:60].images[..., 0], ((0, 0), (1, 1), (1, 1)))
    mean = sum(images[:, r : r + 28, c : c + 28] for r in range(3) for c in range(3)) / 9
    said, true = (mean > 0.3)[:, 1:], (images[:, 1:-1, 1:-1] > 0)[:, 1:]
    assert f"cloth {(said & true).sum() / (said | true).sum():.2f}" in told
    assert len(re.findall(r"^[\w+-]+: (good|weak|failed|unknown)$", told, re.MULTILINE)) == 5


def test_on_the_object(run):
    told, written = run("on_the_object")
    assert not written and "of the pixels: as much is chance" in told
    assert len(re.findall(r"the peak lies on the object in \d+% of the images", told)) == 3


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")  # Keras's own
def test_hear_a_burst(run):
    told, written = run("hear_a_burst")
    assert written == {"sounds", "burst.keras", "burst.html", "figures.json"}
    assert "80 WAV files, mono, 1,000 values a second, 96 values" in told
    first, last = map(float, re.findall(r"speaks for burst lies from ([.\d]+) to ([.\d]+) s", told)[0])
    assert 0.05 <= first < last <= 0.088, "bursts begin at 50 to 75 and last 12"


def test_every_script_is_run_and_shown():
    names = {path.stem for path in EXAMPLES.glob("*.py")} - {"__init__"}
    assert names and all(f"test_{name}" in globals() for name in names)
    page = (EXAMPLES.parents[1] / "docs" / "gallery.md").read_text("utf-8")
    assert set(re.findall(r"scripts/examples/(\w+)\.py", page)) == names
