"""No command writes over what it reads, by whatever spelling: refused before TensorFlow is there, and nothing changes."""

import hashlib
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_models import sequential

from featurelens.reports.files.whole_files import check_page
from featurelens.scripts.cli import main
from featurelens.scripts.options.outputs import check_outputs

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model with a card and trust, pictures in folders, an IDX-like pair of arrays, a CSV, links, each by its name."""
    random = np.random.default_rng(0)
    sequential().save(tmp_path / "my.keras")
    (tmp_path / "my.json").write_text("{}")
    (tmp_path / "my.trust.json").write_text("{}")
    for name in ("ant", "bee", "cat"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / "photos" / name / "misclassified.png"), random.integers(0, 256, (8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "cat.png"), random.integers(0, 256, (8, 8, 3), np.uint8))
    (tmp_path / "names.txt").write_text("ant\nbee\ncat\n")
    np.save(tmp_path / "images.npy", random.integers(0, 256, (6, 8, 8, 3), np.uint8))
    np.save(tmp_path / "labels.npy", np.arange(6) % 3)
    np.savez(tmp_path / "d.npz", images=random.integers(0, 256, (6, 8, 8, 3), np.uint8), labels=np.arange(6) % 3)
    shutil.copy(tmp_path / "my.keras", tmp_path / "evaluation.keras")
    (tmp_path / "evaluation.json").write_text("{}")
    (tmp_path / "table.csv").write_text("file,label\ncat.png,ant\nphotos/bee/misclassified.png,bee\n")
    (tmp_path / "three.csv").write_text("label,pixel1\n0,1\n")
    (tmp_path / "soft").symlink_to("my.keras")
    os.link(tmp_path / "my.keras", tmp_path / "hard")
    (tmp_path / "other").symlink_to("photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


LINES = {
    "report my.keras --data photos --output my.keras": "a file of the model",
    "report my.keras --data photos --output ./photos/../my.keras": "a file of the model",
    "report my.keras --data photos --output soft": "a file of the model",
    "report my.keras --data photos --output hard": "a file of the model",
    "report my.keras --data photos --output my.json": "the model's card",
    "report my.keras --data photos --output my.trust.json": "what featurelens trust measured",
    "report my.keras --data photos --output photos/ant/misclassified.png": "a file of the data",
    "report my.keras --data photos --output other/ant/misclassified.png": "a file of the data",
    "report my.keras --data images.npy --output images.npy": "a file of the data",
    "report my.keras --data images.npy --output labels.npy": "a file of the data",
    "report my.keras --data images.npy,labels.npy --output labels.npy": "a file of the data",
    "report my.keras --data table.csv --output table.csv": "a file of the data",
    "report my.keras --data table.csv --output photos/bee/misclassified.png": "a file of the data",
    "report my.keras --data photos --class-names names.txt --output names.txt": "read by this command",
    "report my.keras --data photos --trust cat.png --output cat.png": "read by this command",
    "compare my.keras zero_padded_dropout --data photos --output my.keras": "a file of the model",
    "explain my.keras --image cat.png --output cat.png": "read by this command",
    "explain my.keras --data photos --output photos/bee/misclassified.png": "a file of the data",
    "inspect my.keras --data d.npz --layer conv1 --save d.npz": "a file of the data",
    "inspect my.keras --image cat.png --layer conv1 --output cat.png": "read by this command",
    "inspect my.keras --data photos --diagram photos/cat/misclassified.png": "a file of the data",
    "trust my.keras --data photos --output my.keras": "a file of the model",
    "trust my.keras --data photos --training-data d.npz --output d.npz": "a file of the data",
    "evaluate my.keras --data photos --output photos/ant": "a file of the data",
    "evaluate evaluation.keras --data photos --output .": "the model's card",
    "explore --data d.npz --output d.npz": "a file of the data",
    "explore --data photos --training-data d.npz --output d.npz": "a file of the data",
    "train three_conv --data three.csv --output three.keras --force": "a file of the data",
}


@pytest.mark.parametrize("line", LINES)
def test_no_command_writes_over_what_it_reads(folder, line, capsys):
    before = contents(folder)
    with pytest.raises(SystemExit) as stopped:
        main(line.split())
    said = capsys.readouterr().err
    assert stopped.value.code == 1 and "never over it" in said and LINES[line] in said, said
    assert contents(folder) == before


@pytest.mark.parametrize("command", ["report my.keras", "compare my.keras zero_padded_dropout", "explore"])
def test_a_page_is_not_called_a_picture(folder, command, capsys):
    before = contents(folder)
    with pytest.raises(SystemExit) as stopped:
        main([*command.split(), "--data", "photos", "--output", "new.png"])
    assert stopped.value.code == 1 and "ending in .html" in capsys.readouterr().err
    assert contents(folder) == before


@pytest.mark.parametrize("name", ["page.html", "PAGE.HTM", "page"])
def test_names_of_pages(folder, name):
    check_page(folder / name)
    with pytest.raises(ValueError, match="Change the ending"):
        check_page((folder / name).with_suffix(".json"))


def test_what_lies_beside_the_input_may_be_replaced(folder):
    """An earlier page in the data's own folder is no picture of a class; a new name is nobody's input; trust is replaced."""
    (folder / "photos" / "page.html").write_text("an earlier one")
    check_outputs([folder / "photos" / "page.html"], models=["my.keras"], data=["photos"])
    check_outputs([folder / "photos" / "ant" / "new.png"], models=["my.keras"], data=["photos"])
    check_outputs([folder / "my.trust.json"], models=["my.keras"], with_trust=False)
    check_outputs([folder / "d.npz"], models=["zero_padded_dropout"], data=["fashion_mnist", None], files=["0", None])


def test_every_file_of_a_saved_model_is_its_input(folder):
    (folder / "saved" / "variables").mkdir(parents=True)
    for name in ("saved_model.pb", "variables/variables.index"):
        (folder / "saved" / name).write_text("")
        with pytest.raises(ValueError, match="a file of the model"):
            check_outputs([folder / "saved" / name], models=["saved"])
