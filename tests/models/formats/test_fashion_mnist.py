"""Fashion-MNIST: the shipped split is the published one; the search goes in order; IDX files that are not whole."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import shutil
from pathlib import Path

import numpy as np
import pytest

from featurelens.models.formats.fashion_mnist import CLASS_NAMES, DEBIAN_FOLDER, SHIPPED_FOLDER, fashion_mnist
from featurelens.models.formats.idx import parse_idx, read_idx

MODULE = importlib.import_module(
    "featurelens.models.formats.fashion_mnist"
)  # by name: the package exports a function of it
SMALL = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])  # uint8[2, 3]


@pytest.fixture(scope="module")
def shipped():
    return fashion_mnist("test")


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No cache, no Debian folder: the search finds nothing but what a test puts there."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(MODULE.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(MODULE, "DEBIAN_FOLDER", tmp_path / "debian")
    return tmp_path


def test_the_shipped_split_is_the_published_one(shipped):
    # the first labels and the mean pixel (0.2868) are known from the paper's repository and torchvision's examples
    assert shipped.images.shape == (10000, 28, 28, 1) and shipped.images.dtype == np.float32
    assert shipped.labels[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert np.bincount(shipped.labels).tolist() == [1000] * 10
    assert shipped.images.max() == 1 and shipped.images.min() == 0
    np.testing.assert_allclose(shipped.images.mean(dtype=np.float64), 0.2868, atol=5e-5)
    assert shipped.class_names == CLASS_NAMES and len(set(CLASS_NAMES)) == 10


def test_the_hashes_kept_are_those_of_the_files(shipped):
    for name, digest in shipped.files:
        assert hashlib.sha256((SHIPPED_FOLDER / name).read_bytes()).hexdigest() == digest
    assert len(shipped.files) == 2


def test_unpacked_files_in_a_source_are_the_same_data(tmp_path, shipped):
    for name, _ in shipped.files:
        (tmp_path / name.removesuffix(".gz")).write_bytes(gzip.decompress((SHIPPED_FOLDER / name).read_bytes()))
    unpacked = fashion_mnist("test", tmp_path)
    np.testing.assert_array_equal(unpacked.images, shipped.images)
    assert str(tmp_path) in unpacked.source and unpacked.files[0][0] == "t10k-images-idx3-ubyte"


def test_other_data_under_the_same_names_are_refused(tmp_path):
    shutil.copytree(SHIPPED_FOLDER, tmp_path / "other")
    labels = tmp_path / "other" / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(gzip.decompress(labels.read_bytes()))
    content[-1] ^= 1  # one label changed
    labels.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(ValueError, match=r"published Fashion-MNIST file with SHA-256 8d36.*Delete it"):
        fashion_mnist("test", tmp_path / "other")


def test_a_source_is_never_passed_over(tmp_path):
    with pytest.raises(ValueError, match=r"no such path. Correct the path"):
        fashion_mnist("test", tmp_path / "missing")
    with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte.gz and .* a folder without them"):
        fashion_mnist("test", tmp_path)


def test_a_csv_file_as_source(tmp_path, shipped):
    rows = np.c_[shipped.labels[:3], (shipped.images[:3] * 255).round().reshape(3, 784)].astype(int)
    np.savetxt(tmp_path / "fashion-mnist_train.csv", rows, "%d", delimiter=",")
    read = fashion_mnist("train", tmp_path / "fashion-mnist_train.csv")
    np.testing.assert_array_equal(read.images, shipped.images[:3])
    assert read.labels.tolist() == [9, 2, 1] and read.class_names == CLASS_NAMES


def test_an_unknown_split_is_refused():
    with pytest.raises(ValueError, match=r"'train' or 'test'. Received 'validation'"):
        fashion_mnist("validation")


@pytest.mark.parametrize("place", ["keras/datasets/fashion-mnist", ".keras/datasets/fashion-mnist", "debian"])
def test_each_usual_place_is_searched(nowhere, place):
    """Files that are not the published ones are put there: the refusal names the place where they were found."""
    folder = nowhere / place
    folder.mkdir(parents=True)
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"):
        (folder / name).write_bytes(gzip.compress(SMALL, mtime=0))
    with pytest.raises(ValueError, match=f"{place}/train-images-idx3-ubyte.gz'. Received .*Delete it"):
        fashion_mnist("train")


def test_without_any_way_the_four_are_named(nowhere, monkeypatch):
    import keras

    def offline():
        raise Exception("URL fetch failure on https://storage.googleapis.com")

    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", offline)
    with pytest.raises(ValueError, match=r"URL fetch failure") as refusal:
        fashion_mnist("train")
    for way in ("pass source", f"{nowhere}/keras/datasets", "apt-get install dataset-fashion-mnist", "connect"):
        assert way in str(refusal.value)


def test_a_download_gives_the_split_asked_for(nowhere, monkeypatch):
    import keras

    train = np.full((2, 28, 28), 255, np.uint8), np.array([3, 4], np.uint8)
    test = np.zeros((1, 28, 28), np.uint8), np.array([0], np.uint8)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: (train, test))
    downloaded = fashion_mnist("train")
    assert downloaded.labels.tolist() == [3, 4] and downloaded.images.min() == 1
    assert "downloaded" in downloaded.source


@pytest.mark.skipif(
    not DEBIAN_FOLDER.is_dir(), reason="needs Debian's Fashion-MNIST: apt-get install dataset-fashion-mnist"
)
def test_the_training_split_from_debian():
    train = fashion_mnist("train", DEBIAN_FOLDER)
    assert np.bincount(train.labels).tolist() == [6000] * 10
    np.testing.assert_allclose(train.images.mean(dtype=np.float64), 0.2860, atol=5e-5)


def test_idx_by_hand(tmp_path):
    (tmp_path / "a-idx").write_bytes(SMALL)
    (tmp_path / "a-idx.gz").write_bytes(gzip.compress(SMALL, mtime=0))
    assert read_idx(tmp_path / "a-idx").tolist() == [[1, 2, 3], [4, 5, 6]]
    assert read_idx(tmp_path / "a-idx.gz").tolist() == [[1, 2, 3], [4, 5, 6]]
    big_endian = bytes([0, 0, 11, 1, 0, 0, 0, 1, 1, 2])  # int16[1] = 1 * 256 + 2
    assert parse_idx(big_endian, "x").tolist() == [258]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a", SMALL[:-1], r"Expected 18 bytes .* shape \[2, 3\]. Received 17: a file truncated. Fetch it again"),
        ("a", SMALL + b"\0", "Received 19: a file with trailing data"),
        ("a", SMALL[:7], "12 bytes of header .* Received 7"),
        ("a", b"\0\0\x09", "first bytes '00 00 09'"),
        ("a", b"\x89PNG....", "Received first bytes '89 50 4e 47'. Check that it is an IDX file"),
        ("a.gz", SMALL, "Expected gzip .* starts with .*Remove '.gz'"),
        ("a.gz", gzip.compress(SMALL, mtime=0)[:-9], "whole gzip file .*truncated or damaged"),
        ("a.gz", gzip.compress(SMALL, mtime=0)[:-8] + b"\1\1\1\1\1\1\1\1", "truncated or damaged"),
    ],
)
def test_idx_files_that_are_not_whole(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_idx(tmp_path / name)


def test_a_missing_idx_file():
    with pytest.raises(ValueError, match=r"No such file.*Check the path"):
        read_idx(Path("no/such/file"))
