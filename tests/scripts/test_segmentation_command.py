"""A model of pixels on the command line: its masks found, its figures by hand, conditions that stop, and what is refused."""

import json
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
from PIL import Image

from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
layers = keras.layers
COUNT, WRONG = 24, 5  # images, and rows of the first that are labelled incorrectly


def segmenter(activation: str | None = "softmax") -> keras.Model:
    """A pixel brighter than a half is of class 1: logits (2.5 - 5x, 5x - 2.5)."""
    model = keras.Sequential(
        [
            keras.Input((8, 10, 1)),
            layers.Conv2D(1, 1, use_bias=False, name="maps"),
            layers.Conv2D(2, 1, activation=activation, name="classes"),
        ],
        name="bright",
    )
    model.set_weights([np.ones((1, 1, 1, 1)), np.float32([-5, 5]).reshape(1, 1, 1, 2), np.float32([2.5, -2.5])])
    return model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmentation")
    pixels = np.random.default_rng(0).integers(0, 256, (COUNT, 8, 10), np.uint8)
    masks = (pixels > 127).astype(np.uint8)
    masks[0, :WRONG] = 1 - masks[0, :WRONG]
    masks[1, 0] = 255
    for place in ("images", "masks", "halves"):
        (folder / place).mkdir()
    for number, (picture, mask) in enumerate(zip(pixels, masks, strict=True)):
        Image.fromarray(picture).save(folder / "images" / f"{number:02}.png")
        Image.fromarray(mask).save(folder / "masks" / f"{number:02}.png")
        Image.fromarray((mask == 1) * np.uint8(255)).save(folder / "halves" / f"{number:02}.png")
    np.savez(folder / "both.npz", images=pixels[..., np.newaxis], masks=masks)
    segmenter().save(folder / "bright.keras")
    segmenter(None).save(folder / "logits.keras")
    (folder / "names.txt").write_text("dark\nbright\n")
    return folder


@pytest.fixture
def folder(made, monkeypatch):
    monkeypatch.chdir(made)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return made


DATA = ["--data", "images", "--scale", "0-1"]
MASKS = [*DATA, "--masks", "masks", "--class-names", "names.txt"]


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([*words])
    return ended.value.code


def test_a_report_with_its_figures_trust_and_conditions(folder, capsys):
    files = ["--output", "p.html", "--json", "p.json", "--arrays", "p.npz", "--junit", "p.xml"]
    few = ["--trust-budget", "4000"]
    stops = ["--fail-if", "miou < 99%", "--fail-if", "iou(dark) < 0.5", "--fail-if", "trust(Grad-CAM) == unknown"]
    assert run("report", "bright.keras", *MASKS, *files, *stops, *few, "--annotations") == 3
    out, err = capsys.readouterr()
    assert "sum to 1 at every pixel" in err and "10 pixels of the value 255 are left out" in err
    assert "Stopped by --fail-if miou < 99%" in err and "iou(dark)" not in err and "::error" in out
    figures = json.loads((folder / "p.json").read_text())
    assert figures["evaluation"]["accuracy"] == pytest.approx(1 - 10 * WRONG / (COUNT * 80 - 10))
    assert figures["evaluation"]["class_names"] == ["dark", "bright"] and figures["worst"][0] == 0
    assert figures["about"]["head"] == "softmax" and figures["about"]["ignore"] == 255
    tested = figures["trust"]["trust"]["methods"]["HiResCAM"]["verdict"]["findings"][0]
    assert tested["number"]["images"] == COUNT and tested["number"]["mean"] > 0.8  # the signed map is exact here
    suite = ElementTree.parse(folder / "p.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    with np.load(folder / "p.npz") as arrays:
        assert arrays["worst.truth"].shape == (COUNT, 8, 10) and "class_1.grad_cam" in arrays
    page = (folder / "p.html").read_text()
    assert "with a caveat" in page or "do not cite" in page
    assert "held while pixels are removed" in page and "featurelens report" in page


def test_evaluate_writes_the_same_of_arrays_and_of_logits(folder, capsys):
    settings = ["--data", "both.npz", "--masks", "both.npz", "--scale", "0-1", "--output", "out"]
    assert run("evaluate", "logits.keras", *settings, "--task", "segmentation") == 0
    out, err = capsys.readouterr()
    assert "mean IoU" in out and "taken as logits" in err
    found = json.loads((folder / "out" / "evaluation.json").read_text())
    assert found["accuracy"] == pytest.approx(1 - 10 * WRONG / (COUNT * 80 - 10)) and found["ignored"] == 10


def test_a_sample_keeps_images_and_masks_together(folder, capsys):
    words = ["--max-images", "6", "--trust-images", "0", "--output", "s.html", "--json", "s.json", "--quiet"]
    assert run("report", "bright.keras", *MASKS, *words) == 0
    figures = json.loads((folder / "s.json").read_text())
    first = "00.png" in figures["about"]["files"]
    assert (figures["evaluation"]["accuracy"] == 1) is not first and figures["trust"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["bright.keras", *DATA, "--masks", "halves"], "--mask-values 0,255"),
        (["bright.keras", *DATA, "--masks", "none"], "There is nothing"),
        (["bright.keras", *DATA, "--task", "segmentation"], "Pass --masks FOLDER"),
        (["bright.keras", *MASKS, "--task", "regression"], "Leave one of them out"),
        (["bright.keras", *DATA, "--ignore", "7"], "Expected --masks with --ignore"),
        (["bright.keras", *MASKS, "--fail-if", "mae > 2"], "figure of a segmentation"),
        (["bright.keras", *MASKS, "--fail-if", "iou(drak) > 2"], "Did you mean 'dark'"),
        (["bright.keras", *MASKS, "--sections", "mistakes"], "Leave --sections out"),
        (["logits.keras", *MASKS], "pass --task segmentation"),
        (["bright.keras", *DATA], "--masks"),
        (["zero_padded_dropout", "--masks", "both.npz"], "featurelens trust --masks"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(folder, capsys, words, told):
    assert run("report", *words, "--output", "refused.html") == 1
    assert told in capsys.readouterr().err and not (folder / "refused.html").exists()


def test_halves_are_read_where_their_values_are_named(folder, capsys):
    bright = (np.asarray(Image.open("images/01.png"))[0] > 127).sum()
    wrong = 10 * WRONG + bright  # the row that was left out is of class 0 here
    assert run("evaluate", "bright.keras", *DATA, "--masks", "halves", "--mask-values", "0,255") == 0
    assert f"{1 - wrong / (COUNT * 80):.2%} of 1,920 pixels right" in capsys.readouterr().out


def test_a_class_over_its_region_is_a_score_of_every_command(folder, capsys):
    assert run("explain", "bright.keras", "--image", "images/00.png", "--scale", "0-1", "--score", "region:1") == 0
    out = capsys.readouterr().out
    pixels = np.asarray(Image.open("images/00.png"), np.float64) / 255
    total = (5 * pixels - 2.5)[pixels > 0.5].sum()
    assert f"region:1 is {total:.4g}" in out
    assert run("explain", "bright.keras", "--image", "images/00.png", "--score", "region:2") == 1
    assert "0 to 1" in capsys.readouterr().err
    words = ["--images", "2", "--method", "saliency", "--output", "t.json", "--score", "region:1"]
    assert run("trust", "bright.keras", *DATA, *words) == 0  # of pictures without labels, which it does not need
    assert "Saliency" in capsys.readouterr().out


def test_what_only_classifiers_have_is_refused_with_what_to_do(folder, capsys):
    (folder / "of_pixels.json").write_text('{"format": "featurelens report of a segmentation", "version": 1}')
    assert run("diff", "of_pixels.json", "of_pixels.json") == 1
    assert "Compare its figures as JSON" in capsys.readouterr().err
    assert run("inspect", "bright.keras") == 0 and "maps and probabilities of a class cannot" in capsys.readouterr().out
    assert run("explore", "--data", "images") == 1
    assert "with --masks" in capsys.readouterr().err
