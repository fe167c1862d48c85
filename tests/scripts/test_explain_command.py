"""`featurelens explain --method`: the methods asked for, in their order; what is refused, and what is left out."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_models import sequential

from featurelens.interpret.methods.catalogue import METHODS
from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
NAMES = [known.name for known in METHODS.usual]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four images, a model with ReLUs, and one without, of whose activation relevance knows nothing."""
    import keras

    place = tmp_path_factory.mktemp("explained")
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    np.savez(place / "data.npz", images=images, labels=np.array([0, 1, 2, 0]))
    sequential().save(place / "relu.keras")
    keras.utils.set_random_seed(0)
    layers = keras.layers
    smooth = [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="tanh", name="conv"), layers.Flatten()]
    keras.Sequential([*smooth, layers.Dense(3, activation="softmax")]).save(place / "tanh.keras")
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    for picture in folder.glob("why.*"):
        picture.unlink()


def explained(*arguments, model="relu.keras", output="why.svg") -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["explain", model, "--data", "data.npz", "--scale", "0-1", "--output", output, *arguments])
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


def drawn_titles(names=NAMES) -> list[str]:
    """The panels of the picture, in their order."""
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", Path("why.svg").read_text())
    return [text for text in texts if text.split(",")[0] in names]


def test_the_methods_asked_for_in_their_order(capsys):
    assert explained("--method", "rise", "--method", "Grad-CAM++", "--method", "saliency", "--class", "2") == 0
    assert drawn_titles() == ["RISE", "Grad-CAM++", "Saliency"]
    picture = Path("why.svg").read_text()
    assert "Why 2" in picture and "expected scores: compare places" in picture and "(conv2)" in picture
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1 and "after the softmax" in out and out.endswith("Wrote why.svg.\n")


def test_all_draws_every_method_once_those_named_first(capsys):
    assert explained("--method", "occlusion", "--method", "all", "--versus", "1", "--layer", "conv1") == 0
    assert drawn_titles() == ["Occlusion", *(name for name in NAMES if name != "Occlusion")]
    picture = Path("why.svg").read_text()
    assert picture.count("(conv1)") == 5 and "rather than 1" in picture
    assert capsys.readouterr().err.strip() == ""


def test_a_png_too(capsys):
    assert explained("--method", "hirescam", output="why.png") == 0
    assert cv2.imread("why.png") is not None


@pytest.mark.parametrize(("arguments", "names"), [((), ["Grad-CAM", "Saliency"]), (("--versus", "1"), None)])
def test_without_a_method_the_usual_ones(arguments, names):
    assert explained(*arguments) == 0
    found = [title.split(",")[0] for title in drawn_titles()]
    assert found == (names or ["Grad-CAM", "Saliency", "HiResCAM"])


def test_a_misspelt_method_is_told_before_tensorflow_is_loaded():
    program = (
        "import sys\nfrom featurelens.scripts.cli import main\n"
        "try:\n    main(['explain', 'relu.keras', '--method', 'Sailency'])\nexcept SystemExit as stopped: code = stopped.code\n"
        "sys.exit('imported tensorflow' if 'tensorflow' in sys.modules else code + 40)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 41, found.stderr
    assert "Did you mean 'saliency'?" in found.stderr and "integrated-gradients" in found.stderr
    assert not Path("explanation.png").exists()


def test_a_refused_method_is_left_out_of_all_with_its_reason(capsys):
    assert explained("--method", "all", model="tanh.keras") == 0
    assert drawn_titles() == [n for n in NAMES if n not in ("Guided Backpropagation", "Layer-wise Relevance")]
    said = capsys.readouterr().err.strip().splitlines()
    assert said[0] == (
        "Guided Backpropagation was left out: Expected a model with ReLUs, where guided backpropagation has its rule."
    )
    assert said[1].startswith("Layer-wise Relevance was left out: Expected convolution, dense") and len(said) == 2


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--method", "guided-backpropagation"), "Use Saliency"),
        (("--method", "guided-backpropagation", "--method", "all"), "Use Saliency"),
        (("--method", "all", "--layer", "cnov"), "Did you mean 'conv'"),
        (("--method", "rise", "--layer", "conv"), "Leave --layer out"),
    ],
)
def test_what_was_asked_for_by_name_is_an_error(capsys, arguments, remedy):
    assert explained(*arguments, model="tanh.keras") == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and said[0].startswith("Error: ") and remedy in said[0]
    assert not Path("why.svg").exists()
