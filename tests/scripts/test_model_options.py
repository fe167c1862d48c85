"""What the answers are for, which output, which input: asked for, told by the data, or refused in words that can be typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from small_models import SHAPE, chained, conv, dense, plain_layers

from featurelens.scripts.cli import main
from featurelens.scripts.terminal.option_words import in_options

layers = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def bare() -> Any:
    return keras.Sequential([keras.Input(SHAPE), *plain_layers(dense(1, None))])


def averaged() -> Any:
    image = keras.Input(SHAPE)
    shared = chained(image, plain_layers()[:4])
    return keras.Model(image, layers.Average()([dense(name="a")(shared), dense(name="b")(shared)]))


def two_outputs() -> Any:
    image = keras.Input(SHAPE)
    shared = chained(image, plain_layers()[:4])
    return keras.Model(image, [dense(name="kind")(shared), dense(2, name="size")(shared)])


def pair() -> Any:
    left, right = keras.Input(SHAPE, name="left"), keras.Input(SHAPE, name="right")
    both = layers.Concatenate()([conv("conv1", 4, 1)(left), conv("conv2", 4, 2)(right)])
    return keras.Model([left, right], dense()(layers.Flatten()(both)))


def without_places() -> Any:
    return keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense(8, "relu", "hidden"), dense()])


def backbone() -> Any:
    return keras.Sequential([keras.Input(SHAPE), *plain_layers()[:3]])


def of_bytes() -> Any:
    image = keras.Input(SHAPE, dtype="uint8")
    return keras.Model(image, chained(layers.Rescaling(1 / 255)(image), plain_layers()))


def of_waves() -> Any:
    wave = [keras.Input((64, 1)), layers.Conv1D(4, 3), layers.Flatten(), dense()]
    return keras.Sequential(wave)


def without_channel() -> Any:
    return keras.Sequential([keras.Input((8, 8)), layers.Reshape((8, 8, 1)), *plain_layers()])


def of_words() -> Any:
    words = keras.Input((), dtype="string")
    return keras.Model(words, dense()(layers.Embedding(16, 5)(layers.Hashing(16)(words))))


MODELS: dict[str, Callable[[], Any]] = {
    "bare": bare,
    "averaged": averaged,
    "outputs": two_outputs,
    "pair": pair,
    "flat": without_places,
    "backbone": backbone,
    "bytes": of_bytes,
    "wave": of_waves,
    "grey": without_channel,
    "words": of_words,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("answers")
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)
    for classes in (2, 3):
        np.savez(place / f"{classes}.npz", images=pixels, labels=np.arange(12) % classes)
    for name, make in MODELS.items():
        make().save(place / f"{name}.keras")
    return place


@pytest.fixture
def said(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """What a command line prints, its exit code in front."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")

    def run(words: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            main(words.split())
        out, err = capsys.readouterr()
        return f"{stopped.value.code}: {out} {err}"

    return run


def test_one_bare_unit_is_what_the_data_say(said: Callable[[str], str]) -> None:
    assert re.search(
        r"0: image 0: 1 has (5\d|[6-9]\d)\.\d%|0: image 0: 0 has (5\d|[6-9]\d)\.\d%",
        said("explain bare.keras --data 2.npz"),
    )
    model = keras.models.load_model("bare.keras")
    number = float(np.asarray(model(np.load("2.npz")["images"][:1] / np.float32(255)))[0, 0])
    answer = said("explain bare.keras --data 3.npz --task regression")
    assert float(re.findall(r"the answer is (-?\d+\.\d+)", answer)[0]) == pytest.approx(number, rel=1e-3)
    assert "class" not in answer.replace("not classes", "") and "%" not in answer
    assert "0: " in said("evaluate bare.keras --data 2.npz")
    assert "1 is 3" not in said("explain bare.keras --data 3.npz")


def test_it_is_asked_for_where_nothing_tells(said: Callable[[str], str], folder: Path) -> None:
    import cv2

    cv2.imwrite(str(folder / "one.png"), np.zeros((8, 8, 3), np.uint8))
    assert "Pass --task binary if it is the logit of two classes" in said("explain bare.keras --image one.png")
    assert re.search(r"class [01] has \d+\.\d%", said("explain bare.keras --image one.png --task binary"))
    assert said("report bare.keras --data 2.npz --task regression --trust-images 0 --output r.html").startswith("0: ")
    assert "Expected --task binary, regression, labels or segmentation. Received 'bin'" in said(
        "explain bare.keras --data 2.npz --task bin"
    )
    assert "Leave --task out" in said("explain averaged.keras --data 3.npz --task binary")


def test_probabilities_without_a_logit_are_said(said: Callable[[str], str], folder: Path) -> None:
    answer = said("explain averaged.keras --data 3.npz --output why.svg")
    assert "probabilities that no logit lies behind" in answer
    model, images = keras.models.load_model("averaged.keras"), np.load("3.npz")["images"] / np.float32(255)
    assert f"{np.asarray(model(images[:1])).max():.1%}" in answer
    drawn = (folder / "why.svg").read_text()
    assert re.search(r"[\d.] probability", drawn) and "logit" not in re.sub(
        r"<metadata.*?</metadata>", "", drawn, flags=re.DOTALL
    )
    assert "maps are in units of the probability" in said("inspect averaged.keras")


def test_an_output_by_its_name(said: Callable[[str], str]) -> None:
    assert "Expected --model-output to name one of the model's 2 outputs" in said("explain outputs.keras --data 3.npz")
    assert "Did you mean 'kind'?" in said("explain outputs.keras --data 3.npz --model-output kid")
    assert said("explain outputs.keras --data 3.npz --model-output kind").startswith("0: ")
    assert said("evaluate outputs.keras --data 2.npz --model-output size").startswith("0: ")


def test_several_pictures(said: Callable[[str], str]) -> None:
    assert "Say which one the maps are of: --wrt left" in said("inspect pair.keras")
    assert "class activation maps look at: conv1" in said("inspect pair.keras --wrt left")
    assert "class activation maps look at: conv2" in said("inspect pair.keras --wrt right")
    for command in ("explain", "trust", "report"):
        answer = said(f"{command} pair.keras --data 3.npz")
        assert answer.startswith("1: ") and "--wrt left" in answer and "--held right=VALUE" in answer
    assert "no input 'lef'. Did you mean 'left'?" in said("explain pair.keras --data 3.npz --wrt lef")


def test_another_input_is_held(said: Callable[[str], str], folder: Path) -> None:
    """The answer is the model's own, with the other picture given."""
    model, pixels = keras.models.load_model("pair.keras"), np.load("3.npz")["images"] / np.float32(255)
    grey = np.random.default_rng(5).random(SHAPE, dtype=np.float32)
    np.save(folder / "grey.npy", grey)
    expected = np.asarray(model([pixels[:1], grey[np.newaxis]]))[0]
    answer = said("explain pair.keras --data 3.npz --wrt left --held right=grey.npy")
    assert f"{expected.argmax()} has {expected.max():.1%}" in answer
    swapped = np.asarray(model([np.full((1, *SHAPE), 0.25, np.float32), pixels[:1]]))[0]
    assert f"{swapped.argmax()} has {swapped.max():.1%}" in said("explain pair.keras --data 3.npz --held left=0.25")
    held = "pair.keras --data 3.npz --wrt left --held right=0.5"
    assert said(f"report {held} --output page.html --trust-images 0").startswith("0: ")
    assert "other inputs are held, the same for all images: right=0.5" in (folder / "page.html").read_text()
    assert said(f"trust {held} --images 4 --method grad-cam --output half.json").startswith("0: ")
    assert "class activation maps look at: conv1" in said("inspect pair.keras --wrt left --held right=0.5")


def test_a_trust_of_another_held_value_is_of_another_model(said: Callable[[str], str]) -> None:
    held = "pair.keras --data 3.npz --wrt left"
    assert said(f"trust {held} --held right=0.5 --images 4 --method grad-cam --output half.json").startswith("0: ")
    refused = said(f"trust {held} --held right=0.7 --images 4 --method hirescam --output half.json --update")
    assert "other weights" in refused and refused.startswith("1: ")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("right", "Expected --held NAME=VALUE"),
        ("right=dark", "Expected a value for --held right"),
        ("right=1,2,3", r"shape (8, 8, 3) for --held right. Received shape (3,)"),
        ("right=nan", "Expected finite numbers"),
        ("rigth=1", "Did you mean 'right'?"),
        ("right=1 --held left=1", "Expected --held for each input but one"),
        ("right=1 --wrt right", "Expected --held for each input but one"),
    ],
)
def test_what_cannot_be_held(said: Callable[[str], str], typed: str, why: str) -> None:
    answer = said(f"explain pair.keras --data 3.npz --held {typed}")
    assert answer.startswith("1: ") and why in answer


@pytest.mark.parametrize("command", ["explain", "trust", "report", "evaluate"])
@pytest.mark.parametrize(
    ("model", "why"),
    [
        ("wave", "This one takes (64, 1)"),
        ("grey", "This one takes (8, 8)"),
        ("words", "This one takes words"),
        ("backbone", "Pass a model that ends in one score per class"),
        ("outputs", "Expected --model-output to name one of the model's 2 outputs"),
        ("bare", "a regression can be looked at by featurelens explain --task regression"),
    ],
)
def test_what_no_data_fit_is_refused_in_a_sentence(
    said: Callable[[str], str], command: str, model: str, why: str
) -> None:
    ending = ".html" if command == "report" else ".svg"
    answer = said(f"{command} {model}.keras --data 3.npz --output refused-{command}{ending}")
    if model == "wave":  # series are taken, of their own kind of file
        why = "a model of series or volumes" if command == "evaluate" else "(64, 1)"
    assert answer.startswith("1: ") and why in answer and "Exception encountered" not in answer
    assert len(answer) < 700


def test_trust_of_a_picture_of_whole_numbers(said: Callable[[str], str]) -> None:
    answer = said("trust bytes.keras --data 3.npz --scale 0-255 --images 4 --expensive-images 2 --output measured.json")
    assert answer.startswith("0: ") and "Saliency was left out" in answer and "HiResCAM" in answer


def test_what_is_refused_is_said_and_the_rest_is_drawn(said: Callable[[str], str]) -> None:
    flat = said("explain flat.keras --data 3.npz")
    assert flat.startswith("0: ") and "Grad-CAM was left out" in flat
    assert "refused: class activation maps" in said("inspect flat.keras")
    whole = said("explain bytes.keras --data 3.npz --scale 0-255")
    assert whole.startswith("0: ") and "Saliency was left out" in whole
    assert "refused: every map of a class" in said("inspect backbone.keras")
    assert "no layer 'cnov'" in said("explain averaged.keras --data 3.npz --layer cnov")


@pytest.mark.parametrize("model", ["flat", "bytes"])
def test_a_report_without_class_activation_maps_says_so(said: Callable[[str], str], folder: Path, model: str) -> None:
    assert said(f"report {model}.keras --data 3.npz --scale 0-255 --output page.html --trust-images 4").startswith(
        "0: "
    )
    page = (folder / "page.html").read_text()
    assert re.search(r"This page has no (class activation maps|maps of typical images)", page)
    assert 'id="mistakes"' not in page and 'id="performance"' in page


def test_a_report_of_probabilities_speaks_of_them(said: Callable[[str], str], folder: Path) -> None:
    assert said("report averaged.keras --data 3.npz --output page.html --trust-images 4").startswith("0: ")
    page = re.sub(r"<(script|style).*?</\1>", "", (folder / "page.html").read_text(), flags=re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", page)
    assert "Proof of the probabilities" in words
    assert not re.findall(r"\blogits?\b", words.replace("no logit lies behind", ""))


def test_the_words_of_options() -> None:
    assert in_options("name output='a b' or wrt=, not layers=") == "name --model-output a b or --wrt, not layers="
