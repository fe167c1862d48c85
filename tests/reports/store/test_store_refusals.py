"""What a store refuses, in words that help: another model, other data, other settings, a folder of something else, too much."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import CLASSES, sequential

from featurelens.models import Dataset
from featurelens.reports import extract, join_stores, open_store
from featurelens.reports.store import settings, writing

SHAPE = (5, 5, 1)


def made(seed: int = 0, count: int = 40) -> Dataset:
    random = np.random.default_rng(seed)
    images = random.random((count, *SHAPE), dtype=np.float32)
    return Dataset(images, random.integers(0, CLASSES, count), ("a", "b", "c"), f"made {seed}")


@pytest.fixture(scope="module")
def model():
    return sequential(shape=SHAPE)


@pytest.fixture
def root(model, tmp_path):
    extract(model, made(), tmp_path / "store", methods=["saliency"], unit_images=16)
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"dataset": made(1)}, "data"),
        ({"dataset": made()[:30]}, "data|number of images"),
        ({"methods": ["hirescam"]}, "maps"),
        ({"unit_images": 8}, "unit size"),
        ({"batch_size": 7}, "batch size"),
        ({"dtype": "float16"}, "dtype"),
        ({"for_report": True}, "wish for the statistics"),
    ],
)
def test_another_of_anything_is_refused(changed, told, root, model):
    asked = {"dataset": made(), "methods": ["saliency"], "unit_images": 16, **changed}
    with pytest.raises(ValueError, match=f"same model, data and settings.*another ({told}).*Name a new folder"):
        extract(model, asked.pop("dataset"), root, **asked)


def test_another_model_is_refused(root):
    other = sequential(shape=SHAPE)
    other.layers[0].kernel.assign_add(other.layers[0].kernel * 0 + 0.1)
    with pytest.raises(ValueError, match="another model"):
        extract(other, made(), root, methods=["saliency"], unit_images=16)


def test_another_machine_is_refused_or_noted(root, model, monkeypatch):
    elsewhere = settings.Machine("another processor", "9.9", "0")
    monkeypatch.setattr(writing, "this_machine", lambda: elsewhere)
    again = {"methods": ["saliency"], "unit_images": 16}
    with pytest.raises(ValueError, match=r"another processor, TensorFlow 9.9.*--mixed"):
        extract(model, made(), root, **again)
    assert extract(model, made(), root, mixed=True, **again).settings.machines[-1] == elsewhere


def test_too_much_is_refused_with_its_size_and_what_to_keep_instead(model, tmp_path):
    with pytest.raises(ValueError, match=r"at most 1e-06 GB.*conv1.*GB.*--method hirescam.*--max-store"):
        extract(model, made(), tmp_path / "big", activations=["conv1"], max_store=1e-6)
    assert not (tmp_path / "big").exists()


def test_a_folder_of_something_else_is_left_alone(model, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ValueError, match="a new folder, or a store"):
        extract(model, made(), tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"methods": ["hirescan"]}, "Did you mean 'hirescam'"),
        ({"activations": ["cnov1"]}, "Did you mean 'conv1'"),
        ({"methods": ["saliency"], "layers": ["conv1"]}, "a method that looks at a layer"),
        ({"dtype": "float64"}, "float32"),
    ],
)
def test_a_wrong_word_is_told(asked, told, model, tmp_path):
    with pytest.raises(ValueError, match=told):
        extract(model, made(), tmp_path / "store", **asked)


def test_what_is_no_store_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"a store, a folder with store.json.*no such folder"):
        open_store(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="a folder without it"):
        open_store(tmp_path)


def test_an_array_that_was_not_kept_is_told(root):
    with pytest.raises(ValueError, match="saliency"):
        open_store(root).maps("hirescam@conv2")


def test_stores_that_do_not_belong_together_are_not_joined(root, model, tmp_path):
    other = extract(model, made(1), tmp_path / "other", methods=["hirescam"], unit_images=16)
    with pytest.raises(ValueError, match="another maps"):
        join_stores([root, other], tmp_path / "joined")
    with pytest.raises(ValueError, match="two stores or more"):
        join_stores([root], tmp_path / "joined")
    again = extract(model, made(), tmp_path / "again", methods=["saliency"], unit_images=16)
    more = extract(model, made(3), tmp_path / "more", methods=["saliency"], unit_images=16)
    for order in ([root, again.root, more.root], [root, more.root, again.root], [more.root, root, again.root]):
        with pytest.raises(ValueError, match=r"store' and '.*again' of the same, and '.*more' of others\. Join those"):
            join_stores(order, tmp_path / "joined")
    counted = extract(model, made(), tmp_path / "counted", methods=["saliency"], unit_images=16, for_report=True)
    with pytest.raises(
        ValueError, match=r"counted' of another wish for the statistics of a report: False against True"
    ):
        join_stores([root, counted], tmp_path / "joined")
    assert not (tmp_path / "joined").exists()
    half = extract(model, made(2), tmp_path / "half", methods=["saliency"], unit_images=16, part=(1, 2))
    with pytest.raises(ValueError, match="complete"):
        join_stores([root, half], tmp_path / "joined")
