"""A report out of a store is the report of the images themselves; a store of anything else is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from small_models import CLASSES, sequential

from featurelens.models import Dataset
from featurelens.reports import extract, write_report

SHAPE = (12, 12, 1)
SETTINGS = {"sections": ["model", "exploration", "performance", "layers"], "trust_images": 0, "batch_size": 16}


def made(seed: int) -> Dataset:
    random = np.random.default_rng(seed)
    images = np.round(random.random((90, *SHAPE), dtype=np.float32) * 255) / np.float32(255)
    return Dataset(images, random.integers(0, CLASSES, 90), ("a", "b", "c"), "made")


@pytest.fixture(scope="module")
def model():
    return sequential(shape=SHAPE)


@pytest.fixture(scope="module")
def store(model, tmp_path_factory):
    root = tmp_path_factory.mktemp("from_store") / "store"
    return extract(model, made(0), root, for_report=True, unit_images=40, batch_size=16)


def figures(path):
    return json.loads(path.read_text())


def assert_near(found, wanted, where=""):
    """Equal, real numbers to rounding: sums were taken in another order."""
    assert type(found) is type(wanted), where
    if isinstance(found, dict):
        assert found.keys() == wanted.keys(), where
        for name in found:
            assert_near(found[name], wanted[name], f"{where}.{name}")
    elif isinstance(found, list):
        assert len(found) == len(wanted), where
        for place, (one, other) in enumerate(zip(found, wanted, strict=True)):
            assert_near(one, other, f"{where}[{place}]")
    elif isinstance(found, float):
        assert found == pytest.approx(wanted, rel=1e-4, abs=1e-5), where
    else:
        assert found == wanted, where


def test_the_figures_are_those_of_the_images(model, store, tmp_path):
    write_report(model, made(0), tmp_path / "a.html", json=tmp_path / "a.json", store=store.root, **SETTINGS)
    write_report(model, made(0), tmp_path / "b.html", json=tmp_path / "b.json", **SETTINGS)
    found, wanted = figures(tmp_path / "a.json"), figures(tmp_path / "b.json")
    (note,) = found["about"]["read"].pop("notes")
    assert wanted["about"]["read"].pop("notes") == [] and "was counted before" in note
    assert "was counted before" in (tmp_path / "a.html").read_text()
    assert_near(found, wanted)


def test_the_images_are_not_run_again(model, store, tmp_path, monkeypatch):
    from featurelens.reports.evidence import seen

    def never(*_, **__):
        raise AssertionError("all images were run again")

    monkeypatch.setattr(seen, "one_pass", never)
    write_report(model, made(0), tmp_path / "a.html", store=store.root, **SETTINGS)


def test_a_store_of_other_images_is_refused(model, store, tmp_path):
    other = made(0)
    brighter = Dataset(1 - other.images, other.labels, other.class_names, "made")
    with pytest.raises(ValueError, match="model answers otherwise"):
        write_report(model, brighter, tmp_path / "a.html", store=store.root, **SETTINGS)
    with pytest.raises(ValueError, match="other labels"):
        write_report(model, made(1), tmp_path / "a.html", store=store.root, **SETTINGS)
    with pytest.raises(ValueError, match="80 images, and a store of 90"):
        write_report(model, made(0)[:80], tmp_path / "a.html", store=store.root, **SETTINGS)


def test_a_store_of_another_model_is_refused(store, tmp_path):
    other = sequential(shape=SHAPE)
    other.layers[0].bias.assign(other.layers[0].bias + 1)
    with pytest.raises(ValueError, match="other weights"):
        write_report(other, made(0), tmp_path / "a.html", store=store.root, **SETTINGS)


def test_a_store_without_statistics_or_with_other_ones_is_refused(model, store, tmp_path):
    plain = extract(model, made(0), tmp_path / "plain", unit_images=40, batch_size=16)
    with pytest.raises(ValueError, match="--for-report"):
        write_report(model, made(0), tmp_path / "a.html", store=plain.root, **SETTINGS)
    with pytest.raises(ValueError, match="other settings"):
        write_report(model, made(0), tmp_path / "a.html", store=store.root, seed=5, **SETTINGS)
    half = extract(model, made(0), tmp_path / "half", for_report=True, unit_images=40, batch_size=16, part=(1, 2))
    with pytest.raises(ValueError, match="complete"):
        write_report(model, made(0), tmp_path / "a.html", store=half.root, **SETTINGS)
