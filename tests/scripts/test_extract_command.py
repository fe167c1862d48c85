"""`featurelens extract`, `merge` and `report --store` as a user types them."""

from __future__ import annotations

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.reports import open_store
from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    place = tmp_path_factory.mktemp("extract")
    random_cnn(0).save(place / "mine.keras")
    images, labels = random_images(0, 50), np.arange(50) % 3
    np.savez(place / "data.npz", images=images, labels=labels)
    np.savez(place / "first.npz", images=images[:20], labels=labels[:20])
    np.savez(place / "second.npz", images=images[20:], labels=labels[20:])
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(made, monkeypatch):
    monkeypatch.chdir(made)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    printed = capsys.readouterr()
    return stopped.value.code, printed.out, printed.err


KEPT = ("--method", "hirescam", "--method", "saliency", "--unit-images", "16")


def test_it_is_extracted_in_parts_and_joined(made, capsys):
    for name in ("data", "first", "second"):
        code, out, err = run(capsys, "extract", "mine.keras", "--data", f"{name}.npz", "--output", f"s-{name}", *KEPT)
        assert code == 0 and "images" in out, err
    code, out, err = run(capsys, "merge", "s-first", "s-second", "--output", "joined")
    assert code == 0, err
    assert open_store("joined").digest == open_store("s-data").digest
    assert set(open_store("joined").settings.maps) == {"hirescam@conv2", "saliency"}


def test_parts_of_one_set_are_gathered(made, capsys):
    for part in ("1/2", "2/2"):
        name = f"part-{part[0]}"
        code, out, _ = run(
            capsys, "extract", "mine.keras", "--data", "data.npz", "--output", name, "--part", part, *KEPT
        )
        assert code == 0 and "2 of 4 units" in out
    assert run(capsys, "merge", "part-2", "part-1", "--output", "gathered")[0] == 0
    assert not open_store("gathered").missing


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--method", "hirescan"), "Did you mean 'hirescam'"),
        (("--engine", "rai"), "Did you mean 'ray'"),
        (("--part", "3/2"), "K/N"),
        (("--part", "2"), "K/N"),
        (("--engine", "ray", "--part", "1/2"), "Leave it out"),
        (("--gpus", "1"), "--engine ray"),
        (("--workers", "3", "--cpus", "2"), "Expected --workers and --cpus with --engine ray"),
        (("--data", "dtaa.npz"), "dtaa.npz"),
    ],
)
def test_a_wrong_word_is_told_before_any_work(words, told, made, capsys):
    data = () if "--data" in words else ("--data", "data.npz")
    code, _, err = run(capsys, "extract", "mine.keras", *data, "--output", "never", *words)
    assert code == 1 and told in err
    assert not (made / "never").exists()


def test_an_interruption_says_how_to_go_on(made, capsys, monkeypatch):
    from featurelens.reports.store.writing import UnitWriter

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(UnitWriter, "write", stop)
    code, _, err = run(capsys, "extract", "mine.keras", "--data", "data.npz", "--output", "stopped")
    assert code == 130 and "the same command goes on" in err
