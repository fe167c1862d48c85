"""`featurelens trust` as a user types it, and `featurelens report` that finds what it wrote."""

import json
from pathlib import Path

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import Saliency, pointing_game
from featurelens.interpret.stream.image_choice import sample_numbers
from featurelens.reports.files.trust_file import read_trust
from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, its images, others, and what the command wrote and said of two methods."""
    place = tmp_path_factory.mktemp("trust")
    random_cnn(0).save(place / "mine.keras")
    for name, seed in (("data", 0), ("others", 1)):
        np.savez(place / f"{name}.npz", images=random_images(seed, 30), labels=np.arange(30) % 3)
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(made, monkeypatch):
    monkeypatch.chdir(made)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    printed = capsys.readouterr()
    return stopped.value.code, printed.out, printed.err


FEW = ("--method", "saliency", "--method", "smoothgrad", "--expensive-images", "25")


@pytest.fixture
def written(made, capsys):
    """The file beside the model; measured by the first test that wants it."""
    if not (made / "mine.trust.json").is_file():
        learn = ("--training-data", "others.npz", "--training-images", "20", "--epochs", "2")
        code, out, _ = run(capsys, "trust", "mine.keras", "--data", "data.npz", *FEW, *learn)
        assert code == 0 and "Saliency" in out and "mine.trust.json" in out
    return read_trust(made / "mine.trust.json")


def test_every_argument_reaches_the_measurement(written):
    trust = written.trust
    assert list(trust.methods) == ["Saliency", "SmoothGrad"]
    assert [found.images for found in trust.methods.values()] == [30, 25]
    assert trust.cam_layer == "conv2" and trust.total == 30
    assert trust.lesson is not None and (trust.lesson.images, trust.lesson.epochs) == (20, 2)


def test_the_report_finds_it_beside_the_model_and_only_for_its_own_images(written, capsys):
    alone = ("--sections", "trust")
    told = "Measured beforehand, on these weights and these images"
    assert run(capsys, "report", "mine.keras", "--data", "data.npz", *alone, "--output", "own.html")[0] == 0
    assert told in Path("own.html").read_text() and "SmoothGrad" in Path("own.html").read_text()
    assert run(capsys, "report", "mine.keras", "--data", "others.npz", *alone, "--output", "other.html")[0] == 0
    assert told not in Path("other.html").read_text()
    anew = (*alone, "--trust-images", "22", "--output", "anew.html")
    assert run(capsys, "report", "mine.keras", "--data", "data.npz", *anew)[0] == 0
    assert "Measured on 22 of the 30 images" in Path("anew.html").read_text()


def test_a_file_that_was_named_has_to_fit(written, capsys):
    code, _, told = run(capsys, "report", "mine.keras", "--data", "others.npz", "--trust", "mine.trust.json")
    assert code == 1 and "other images" in told and "featurelens trust" in told
    both = ("--trust", "mine.trust.json", "--trust-images", "5")
    code, _, told = run(capsys, "report", "mine.keras", "--data", "data.npz", *both)
    assert code == 1 and "Leave one of them out" in told
    Path("half.json").write_text(json.dumps({"format": 1}))
    code, _, told = run(capsys, "report", "mine.keras", "--data", "data.npz", "--trust", "half.json")
    assert code == 1 and "a field missing or wrong" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--method", "salency"), "Did you mean 'saliency'"),
        (("--layer", "cnov2"), "Did you mean 'conv2'"),
        (("--output", "nowhere/trust.json"), "Make it first"),
        (("--data", "dtaa.npz"), "dtaa.npz"),
    ],
)
def test_what_is_mistyped_is_told_and_nothing_is_written(arguments, told, made, capsys):
    before = sorted(made.iterdir())
    data = () if "--data" in arguments else ("--data", "data.npz")
    code, _, error = run(capsys, "trust", "mine.keras", *data, *arguments)
    assert code == 1 and told in error
    assert sorted(made.iterdir()) == before


def test_a_mistyped_model_lists_the_shipped_ones(capsys):
    code, _, told = run(capsys, "trust", "zero_paded_dropout")
    assert code == 1 and "zero_padded_dropout" in told


def test_masks_and_boxes_reach_the_measurement(made, capsys):
    masks = np.zeros((30, 6, 6), bool)
    masks[:, 1:3, 2:5] = True
    np.save(made / "masks.npy", masks)
    np.save(made / "boxes.npy", np.tile([2, 1, 5, 3], (30, 1)))
    few = ("--method", "saliency", "--images", "22", "--data", "data.npz")
    found = []
    for name in ("masks", "boxes"):
        code, out, _ = run(capsys, "trust", "mine.keras", *few, "--masks", f"{name}.npy", "--output", f"{name}.json")
        assert code == 0 and "17% of the pixels" in out and "peak on" in out
        found.append(read_trust(made / f"{name}.json").trust.methods["Saliency"].location)
    assert found[0] == found[1] and found[0] is not None
    maps = Saliency(random_cnn(0))(random_images(0, 30), np.arange(30) % 3)  # of the true class
    kept = sample_numbers(30, 22, 0)
    expected = pointing_game(maps[kept], masks[kept]).mean()
    assert found[0].pointing.mean == pytest.approx(float(expected))
    page = ("--trust", "masks.json", "--sections", "trust", "--output", "located.html")
    assert run(capsys, "report", "mine.keras", "--data", "data.npz", *page)[0] == 0
    assert "Peak on the object (by chance 17" in Path("located.html").read_text()


def test_masks_that_do_not_fit_are_told_before_anything_is_measured(made, capsys):
    np.save(made / "few.npy", np.zeros((3, 6, 6), bool))
    code, _, told = run(capsys, "trust", "mine.keras", "--data", "data.npz", "--masks", "few.npy")
    assert code == 1 and "for each of the 30 images" in told
    code, _, told = run(capsys, "trust", "mine.keras", "--data", "data.npz", "--masks", "lost.npy")
    assert code == 1 and "lost.npy" in told
