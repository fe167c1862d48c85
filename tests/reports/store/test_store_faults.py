"""Whatever interrupts the work or harms the files: it goes on to the same store, and a file that is not whole is done anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from small_models import CLASSES, sequential

from featurelens.models import Dataset
from featurelens.reports import extract
from featurelens.reports.store.files import ledger
from featurelens.reports.store.opening import Store
from featurelens.reports.store.writing import UnitWriter

SHAPE = (5, 5, 1)
WANTED = {"methods": ["saliency"], "unit_images": 32, "batch_size": 16}


@pytest.fixture(scope="module")
def model():
    return sequential(shape=SHAPE)


@pytest.fixture(scope="module")
def data() -> Dataset:
    random = np.random.default_rng(0)
    images = random.random((161, *SHAPE), dtype=np.float32)
    return Dataset(images, random.integers(0, CLASSES, 161), ("a", "b", "c"), "made")


@pytest.fixture(scope="module")
def whole(model, data, tmp_path_factory) -> Store:
    return extract(model, data, tmp_path_factory.mktemp("faults") / "whole", **WANTED)


@pytest.fixture
def harmed(whole, tmp_path) -> Path:
    return Path(shutil.copytree(whole.root, tmp_path / "harmed"))


def shard(root: Path, unit: int) -> Path:
    return root / f"maps/saliency/c/{unit}/0/0"


def torn_line(root: Path) -> None:
    path = root / ledger.NAME
    path.write_bytes(path.read_bytes()[:-20])


def altered_line(root: Path) -> None:
    path = root / ledger.NAME
    path.write_bytes(path.read_bytes().replace(b'"tables/unit-0000001', b'"tables/unit-0000002', 1))


def missing_shard(root: Path) -> None:
    shard(root, 2).unlink()


def wrong_checksum(root: Path) -> None:
    path = shard(root, 3)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def short_table(root: Path) -> None:
    path = root / "tables/unit-0000001.parquet"
    path.write_bytes(path.read_bytes()[:100])


def stray_partial(root: Path) -> None:
    (root / "maps/saliency/c/1/0/0.1234.partial").write_bytes(b"half")
    (root / "tables/unit-0000009.parquet.partial-1").write_bytes(b"half")


def no_ledger(root: Path) -> None:
    (root / ledger.NAME).unlink()


HARM = [torn_line, altered_line, missing_shard, wrong_checksum, short_table, stray_partial, no_ledger]


@pytest.mark.parametrize("harm", HARM)
def test_it_goes_on_to_the_same_store(harm, harmed, whole, model, data):
    harm(harmed)
    mended = extract(model, data, harmed, **WANTED)
    assert mended.digest == whole.digest and not mended.damaged() and not mended.missing
    assert not list(harmed.rglob("*.partial*"))
    assert sorted(path.relative_to(harmed) for path in harmed.rglob("*")) == sorted(
        path.relative_to(whole.root) for path in whole.root.rglob("*")
    )


@pytest.mark.parametrize("harm", [missing_shard, wrong_checksum, short_table])
def test_only_what_was_harmed_is_done_anew(harm, harmed, model, data, monkeypatch):
    harm(harmed)
    done = []
    write = UnitWriter.write
    monkeypatch.setattr(UnitWriter, "write", lambda self, unit: done.append(unit.number) or write(self, unit))
    extract(model, data, harmed, **WANTED)
    assert len(done) == 1


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_an_interruption_loses_at_most_one_unit(stop, whole, model, data, tmp_path, monkeypatch):
    write, done = UnitWriter.write, []

    def interrupted(self, unit):
        if len(done) == stop:
            raise KeyboardInterrupt
        done.append(unit.number)
        return write(self, unit)

    monkeypatch.setattr(UnitWriter, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        extract(model, data, tmp_path / "store", **WANTED)
    assert len(ledger.entries(tmp_path / "store")) == stop
    monkeypatch.setattr(UnitWriter, "write", write)
    assert extract(model, data, tmp_path / "store", **WANTED).digest == whole.digest


def test_a_full_disk_is_said_and_nothing_is_lost(whole, model, data, tmp_path, monkeypatch):
    count = []

    def full(root, entry, append=ledger.append):
        count.append(entry)
        if len(count) == 3:
            raise OSError(28, os.strerror(28))
        append(root, entry)

    monkeypatch.setattr(ledger, "append", full)
    with pytest.raises(OSError, match="No space left"):
        extract(model, data, tmp_path / "store", **WANTED)
    monkeypatch.undo()
    assert extract(model, data, tmp_path / "store", **WANTED).digest == whole.digest


def test_a_unit_of_zeros_is_seen_as_done(model, tmp_path):
    """A shard that is all zero would not be written by default, and look as if it had never been done."""
    black = Dataset(np.zeros((64, *SHAPE), np.float32), np.zeros(64, np.int64), ("a", "b", "c"), "black")
    dark = sequential(shape=SHAPE)
    dark.layers[-1].kernel.assign(dark.layers[-1].kernel * 0)
    store = extract(dark, black, tmp_path / "store", **WANTED)
    assert not store.missing and not store.damaged()
    assert (store.maps("saliency")[:] == 0).all()


def test_a_ledger_that_leads_elsewhere_is_not_followed(harmed, model, data, whole, tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("x")
    known = ledger.described(outside)
    ledger.append(harmed, ledger.Entry(4, 32, "x", {"../outside": known}))
    assert 4 in ledger.entries(harmed) and "../outside" not in ledger.entries(harmed)[4].files
