"""What is refused at once: before TensorFlow is imported, in words that say what was meant."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_models import sequential

from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
LIBRARY = "libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of the user's own of three classes, a picture, and folders of pictures of several sizes."""
    place = tmp_path_factory.mktemp("early")
    sequential().save(place / "my.keras")
    random = np.random.default_rng(0)
    for number, name in enumerate(("ant", "bee", "cat")):
        (place / "photos" / name).mkdir(parents=True)
        for size in (9, 10):
            picture = random.integers(0, 256, (size + number, size, 3), np.uint8)
            cv2.imwrite(str(place / "photos" / name / f"{size}.png"), picture)
    cv2.imwrite(str(place / "cat.jpg"), random.integers(0, 256, (9, 7, 3), np.uint8))
    (place / "empty").mkdir()
    (place / "notes.txt").write_text("no model")
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


def refusals(lines, folder, **environment):
    """What each command line is refused with, all in one process, which must not have imported TensorFlow."""
    program = (
        "import sys\nfrom featurelens.scripts.cli import main\n"
        f"for line in {lines!r}:\n"
        "    try:\n        main(line.split())\n    except SystemExit as stopped:\n"
        "        print(f'[{stopped.code}]', file=sys.stderr)\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    known = {**os.environ, **environment}
    found = subprocess.run([sys.executable, "-c", program], cwd=folder, env=known, capture_output=True, text=True)
    assert found.returncode == 0, f"TensorFlow was imported: {found.stderr}"
    said = found.stderr.split("[1]\n")
    assert len(said) == len(lines) + 1 and said[-1] == "", found.stderr
    return said[:-1]


MEANT = {
    "report --scale foo": "out of 0-1, 0-255, -1-1, stored. Received 'foo'",
    "report --data nodir": "Received 'nodir', which is neither a name nor there",
    "report --data empty": "one folder of images per class in 'empty'",
    "report --data notes.txt": "Received the file 'notes.txt' of another kind",
    "evaluate --data a.npy,b.npy": "of which 'a.npy' is not there",
    "trust --training-data nodir": "Received 'nodir'",
    "report --class-names absent.txt": "text file of class names",
    "report notes.txt": "Expected a Keras model",
    "report cat.jpg": "Received the picture 'cat.jpg'. Did you mean: featurelens explain MODEL --image cat.jpg?",
    "evaluate photos": "Received the data 'photos'. Did you mean: --data photos",
    "explain --image absent.png": "absent.png",
    "explain --image notes.txt": "cannot be decoded",
    "my.keras": "Expected a command first. Received the model 'my.keras'. Did you mean: featurelens report my.keras?",
    "three_conv": "Did you mean: featurelens report three_conv?",
    "cat.jpg": "Did you mean: featurelens explain MODEL --image cat.jpg?",
    "photos": "Did you mean: featurelens report MODEL --data photos?",
}


def test_wrong_words_are_refused_before_tensorflow_is_imported(folder):
    for said, meant in zip(refusals(list(MEANT), folder), MEANT.values(), strict=True):
        assert said.startswith("Error: ") and meant in said


def test_a_model_of_ones_own_is_never_shown_the_default_data(folder):
    lines = [f"{command} my.keras" for command in ("report", "evaluate", "trust", "explain", "inspect --layer conv1")]
    for said in refusals([*lines, "compare three_conv my.keras"], folder):
        assert "Expected data for 'my.keras'" in said and "pass --data FOLDER" in said


def test_a_missing_library_of_opencv_is_told_with_both_remedies(folder, tmp_path):
    (tmp_path / "cv2.py").write_text(f"raise ImportError({LIBRARY!r})\n")
    lines = ["report", "explain", "explore", "compare", "evaluate --data photos my.keras"]
    for said in refusals(lines, folder, PYTHONPATH=str(tmp_path)):
        assert LIBRARY in said
        assert "apt-get update && apt-get install -y libgl1 libglib2.0-0" in said
        assert "pip uninstall -y opencv-python && pip install opencv-python-headless" in said


def done(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    said = capsys.readouterr()
    assert stopped.value.code == 0, said.err
    return said.out


def test_what_needs_no_data_asks_for_none(capsys):
    assert "conv2" in done(capsys, "inspect", "my.keras")
    picture = ("my.keras", "--image", "cat.jpg", "--resize", "--output")
    assert "cat.jpg: class " in done(capsys, "explain", *picture, "why.png")
    assert "maps of conv1" in done(capsys, "inspect", *picture, "maps.png", "--layer", "conv1")


def test_the_names_of_folders_are_read_without_their_pictures(capsys):
    asked = ("explain", "my.keras", "--image", "cat.jpg", "--resize", "--output", "why.png", "--class", "bee")
    assert "cat.jpg: bee has" in done(capsys, *asked, "--data", "photos")


def test_names_of_another_number_of_classes_are_refused(capsys):
    Path("two.txt").write_text("ant\nbee\n")
    with pytest.raises(SystemExit):
        main(["explain", "my.keras", "--image", "cat.jpg", "--resize", "--class-names", "two.txt"])
    assert "each of the model's 3 classes. Received 2: ant, bee" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("report my.keras -o page.html", "--output"),
        ("explain my.keras cat.jpg", "Did you mean --image cat.jpg?"),
        ("explore photos", "Did you mean --data photos?"),
        ("report my.keras set.npz", "Did you mean --data set.npz?"),
    ],
)
def test_a_mistyped_line_is_told_what_was_meant(line, meant, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    assert stopped.value.code == 2
    assert meant in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_a_word_that_is_no_path_is_not_guessed_at(capsys):
    with pytest.raises(SystemExit):
        main(["explore", "zzz"])
    assert "Did you mean" not in capsys.readouterr().err
