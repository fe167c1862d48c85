"""Files that hold many images: each form is written by the library it comes from, and read back to the same pixels."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import scipy.io
import tensorflow as tf

from featurelens.models import open_dataset
from featurelens.models.formats import stored_images
from featurelens.models.formats.containers import npy_rows
from featurelens.models.formats.containers.safe_unpickling import unpickled
from featurelens.models.formats.known_formats import format_of
from featurelens.models.formats.reading import Reading

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (5, 8, 6, 3), np.uint8)
LABELS = np.array([2, 0, 1, 2, 1])
SQUARE = cv2.resize(RANDOM.integers(0, 256, (4, 4, 60), np.uint8), (32, 32)).transpose(2, 0, 1).reshape(20, 3, 32, 32)
SQUARE = np.ascontiguousarray(SQUARE.transpose(0, 2, 3, 1))  # uint8[20, 32, 32, 3], smooth
TENS = np.arange(20) % 10


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def same(data, images=IMAGES, labels=LABELS, names=None):
    np.testing.assert_array_equal(np.asarray(data.images), images)
    assert data.labels.tolist() == list(labels)
    assert names is None or data.class_names == tuple(names)


def read(path, **reading):
    return open_dataset(path, scale="0-255", reading=Reading(**reading))


def notes(data) -> str:
    return " ".join(data.preparation.notes)


@pytest.mark.parametrize("lazily", [False, True])
def test_hdf5_with_both_and_as_a_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lazily: bool) -> None:
    if lazily:
        monkeypatch.setattr(stored_images, "IN_MEMORY", 0)
    with h5py.File(tmp_path / "both.h5", "w") as file:
        file["images"], file["labels"] = IMAGES, LABELS
        file["class_names"] = ["ape", "bee", "cow"]
    same(read(tmp_path / "both.h5"), names=("ape", "bee", "cow"))
    with h5py.File(tmp_path / "camelyon_test_x.h5", "w") as file:
        file.create_dataset("x", data=IMAGES, chunks=(1, 8, 6, 3), compression="gzip")
    with h5py.File(tmp_path / "camelyon_test_y.h5", "w") as file:
        file["y"] = LABELS.reshape(-1, 1, 1, 1)  # as in PatchCamelyon
    same(read(tmp_path / "camelyon_test_x.h5"))
    same(read(f"{tmp_path / 'camelyon_test_x.h5'},{tmp_path / 'camelyon_test_y.h5'}"))
    np.testing.assert_array_equal(read(tmp_path / "both.h5").images[[3, 1, 1]], IMAGES[[3, 1, 1]])


def test_hdf5_of_several_arrays_is_asked_about(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "many.h5", "w") as file:
        file["a"], file["b"], file["train/images"] = IMAGES, IMAGES[::-1], IMAGES
        file["kind"], file["train/labels"] = LABELS, LABELS
    same(read(tmp_path / "many.h5", images_key="a", labels_key="kind"))
    same(read(tmp_path / "many.h5", split="train"))
    with pytest.raises(ValueError, match=r"--images-key to name an array .* it has a \[5, 8, 6, 3\], b"):
        read(tmp_path / "many.h5", images_key="c")
    (tmp_path / "cut.h5").write_bytes((tmp_path / "many.h5").read_bytes()[:600])
    with pytest.raises(ValueError, match="whole HDF5 file"):
        read(tmp_path / "cut.h5")


def cifar_pickles(folder: Path) -> None:
    """As they are published: protocol 2, keys and text as bytes, rows of red, green and blue."""
    rows = SQUARE.transpose(0, 3, 1, 2).reshape(-1, 3072)
    for name, some in (("test_batch", slice(0, 10)), ("data_batch_1", slice(10, 15)), ("data_batch_2", slice(15, 20))):
        content = {b"data": rows[some], b"labels": TENS[some].tolist(), b"batch_label": b"one"}
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    meta = {b"label_names": [f"class {k}".encode() for k in range(10)], b"num_vis": 3072}
    (folder / "batches.meta").write_bytes(pickle.dumps(meta, protocol=2))


def test_cifars_pickles(tmp_path: Path) -> None:
    cifar_pickles(tmp_path)
    names = [f"class {k}" for k in range(10)]
    same(read(tmp_path), SQUARE[:10], TENS[:10], names)
    assert "--split train" in notes(read(tmp_path))
    same(read(tmp_path, split="train"), SQUARE[10:], TENS[10:], names)
    same(read(tmp_path / "data_batch_1"), SQUARE[10:15], TENS[10:15], names)


def test_cifars_binary(tmp_path: Path) -> None:
    rows = np.c_[TENS, SQUARE.transpose(0, 3, 1, 2).reshape(-1, 3072)].astype(np.uint8)
    (tmp_path / "test_batch.bin").write_bytes(rows.tobytes())
    (tmp_path / "batches.meta.txt").write_text("\n".join("abcdefghij"))
    same(read(tmp_path), SQUARE, TENS, "abcdefghij")
    coarse = np.c_[np.full(20, 7), rows]  # CIFAR-100: the coarse label first
    (tmp_path / "hundred.bin").write_bytes(coarse.astype(np.uint8).tobytes())
    same(read(tmp_path / "hundred.bin"), SQUARE, TENS)


def test_a_pickle_of_arrays(tmp_path: Path) -> None:
    for protocol in (2, 4, 5):
        (tmp_path / "train.p").write_bytes(pickle.dumps({"features": IMAGES, "labels": LABELS}, protocol))
        same(read(tmp_path / "train.p"))


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_a_pickle_that_names_code_is_never_loaded(tmp_path: Path, capsys) -> None:
    evil = {"images": IMAGES, "labels": Evil()}
    for content in (evil, {"images": np.array([Evil()], object)}, {"path": Path("a")}, Evil):
        for protocol in range(6):
            with pytest.raises(ValueError, match=r"a pickle of arrays"):
                unpickled(pickle.dumps(content, protocol), "file")
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(evil))
    with pytest.raises(ValueError, match=r"builtins.print, which could run code and is never loaded"):
        read(tmp_path / "a.pkl")
    assert capsys.readouterr().out == ""
    whole = pickle.dumps({"images": IMAGES})
    for length in range(0, len(whole), 97):
        with pytest.raises(ValueError, match="pickle of arrays"):
            unpickled(whole[:length], "file")


def test_svhn_in_matlabs_file(tmp_path: Path) -> None:
    labels = np.where(TENS == 0, 10, TENS)[:, None]
    scipy.io.savemat(tmp_path / "test_32x32.mat", {"X": SQUARE.transpose(1, 2, 3, 0), "y": labels.astype(np.uint8)})
    data = read(tmp_path / "test_32x32.mat")
    same(data, SQUARE, TENS, [str(k) for k in range(10)])
    assert "images along the last axis" in notes(data) and "Label 10" in notes(data)
    same(read(tmp_path / "test_32x32.mat", label_map="from-1"), SQUARE, labels[:, 0] - 1)


def test_matlabs_nested_structures_and_version_7_3(tmp_path: Path) -> None:
    content = {
        "dataset": {
            "test": {"images": IMAGES[..., 0].reshape(5, 48)[:, :36], "labels": LABELS[:, None]},
            "mapping": np.eye(2),
        }
    }
    scipy.io.savemat(tmp_path / "emnist.mat", content)
    same(read(tmp_path / "emnist.mat"), IMAGES[..., 0].reshape(5, 48)[:, :36].reshape(5, 6, 6, 1))
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:  # axes as MATLAB writes them: turned round
        file["images"], file["labels"] = IMAGES.transpose(), LABELS[None]
    same(read(tmp_path / "new.mat"))


def example(image: bytes, label) -> bytes:
    feature = tf.train.Feature
    given = (
        feature(int64_list=tf.train.Int64List(value=[label]))
        if isinstance(label, int)
        else feature(bytes_list=tf.train.BytesList(value=[label]))
    )
    features = {"image/encoded": feature(bytes_list=tf.train.BytesList(value=[image])), "image/class/label": given}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


@pytest.mark.parametrize("text", [False, True])
def test_tfrecord_with_encoded_images(tmp_path: Path, text: bool) -> None:
    for shard, some in ((0, slice(0, 2)), (1, slice(2, 5))):
        with tf.io.TFRecordWriter(str(tmp_path / f"test.tfrecord-0000{shard}-of-00002")) as writer:
            for image, label in zip(IMAGES[some], LABELS[some], strict=True):
                writer.write(example(png(image), b"abc"[label : label + 1] if text else int(label)))
    same(read(tmp_path), names="abc" if text else "012")
    same(read(tmp_path / "test.tfrecord-00001-of-00002"), IMAGES[2:], LABELS[2:] - text)  # of b and c
    assert read(tmp_path).names[2] == "test.tfrecord-00001-of-00002:2"


def test_a_tfrecord_that_is_cut_or_of_other_features(tmp_path: Path) -> None:
    with tf.io.TFRecordWriter(str(tmp_path / "a.tfrecord")) as writer:
        writer.write(example(png(IMAGES[0]), 1))
    with pytest.raises(ValueError, match=r"'a.tfrecord'|image/class/label, image/encoded. Name it with --images-key"):
        read(tmp_path / "a.tfrecord", images_key="picture")
    (tmp_path / "a.tfrecord").write_bytes((tmp_path / "a.tfrecord").read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"whole records .* cut off"):
        read(tmp_path / "a.tfrecord")
    (tmp_path / "a.tfrecord").write_bytes(struct.pack("<Q", 2**62) + bytes(100))
    with pytest.raises(ValueError, match="whole records"):
        read(tmp_path / "a.tfrecord")


def test_parquet_of_hugging_face(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    cells = [{"bytes": png(image), "path": f"{number}.png"} for number, image in enumerate(IMAGES)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, kind), "label": pa.array(LABELS)})
    told = b'{"info": {"features": {"label": {"names": ["ape", "bee", "cow"], "_type": "ClassLabel"}}}}'
    (tmp_path / "data").mkdir()
    for split, some in (("test", (0, 3)), ("train", (3, 2))):
        part = table.slice(*some).replace_schema_metadata({b"huggingface": told})
        parquet.write_table(part, tmp_path / "data" / f"{split}-00000-of-00001.parquet", row_group_size=2)
    data = read(tmp_path)  # the test split, where there is one
    same(data, IMAGES[:3], LABELS[:3], ("ape", "bee", "cow"))
    assert data.names == ("0.png", "1.png", "2.png")
    same(read(tmp_path, split="train"), IMAGES[3:], LABELS[3:])
    same(read(tmp_path / "data" / "train-00000-of-00001.parquet"), IMAGES[3:], LABELS[3:])


def test_parquet_as_a_table_of_files(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for number, image in enumerate(IMAGES[:3]):
        (tmp_path / f"{number}.png").write_bytes(png(image))
    parquet.write_table(pa.table({"file_name": ["2", "0", "1"], "label": ["b", "a", "b"]}), tmp_path / "table.parquet")
    same(read(tmp_path / "table.parquet"), IMAGES[[2, 0, 1]], [1, 0, 1], "ab")


def test_what_python_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_images, "IN_MEMORY", 0)
    dataset = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS))
    same(read(dataset))
    same(read(dataset.batch(2)))
    same(read((image, label) for image, label in zip(IMAGES, LABELS, strict=True)))
    same(read([(IMAGES[:3], np.eye(3)[LABELS[:3]]), (IMAGES[3:], np.eye(3)[LABELS[3:]])]))
    for label, name in enumerate(("ape", "bee", "cow")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(IMAGES[label]))
    import keras

    loaded = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(8, 6), batch_size=2, shuffle=False, verbose=0
    )
    with pytest.warns(UserWarning, match="taken as 0 to 255"):
        same(read(loaded), IMAGES[:3], range(3), ("ape", "bee", "cow"))


def test_sources_without_end_or_labels_are_refused() -> None:
    from featurelens.models.file_limits import Limits
    from featurelens.models.formats.containers.python_sources import stored_source

    def endless():
        while True:
            yield IMAGES, LABELS

    with pytest.raises(ValueError, match=r"a source that ends.*take\(100\)"):
        stored_source(endless(), Reading(), Limits(file_bytes=10_000))
    with pytest.raises(ValueError, match=r"\(images, labels\) from the source. Received a ndarray"):
        read([IMAGES, IMAGES])
    with pytest.raises(ValueError, match="Received none"):
        read([])
    with pytest.raises(ValueError, match="of one size and type"):
        read([(IMAGES, LABELS), (IMAGES[:, :4], LABELS)])


@pytest.mark.parametrize("compressed", [False, True])
def test_rows_of_large_numpy_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compressed: bool) -> None:
    monkeypatch.setattr(npy_rows, "LARGE", 0)
    monkeypatch.setattr(stored_images, "IN_MEMORY", 0)
    np.save(tmp_path / "images.npy", IMAGES)
    np.save(tmp_path / "labels.npy", LABELS)
    same(read(tmp_path / "images.npy"))
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", labels=LABELS, images=IMAGES)
    data = read(tmp_path / "a.npz")
    same(data)
    np.testing.assert_array_equal(data.images[[4, 0, 1, 1]], IMAGES[[4, 0, 1, 1]])
    np.save(tmp_path / "images.npy", np.asfortranarray(IMAGES))  # read whole
    same(read(tmp_path / "images.npy"))


def test_arrays_under_other_names_and_in_other_orders(tmp_path: Path) -> None:
    def saved(*arrays, **named):
        np.savez(tmp_path / "a.npz", *arrays, **named)
        return tmp_path / "a.npz"

    same(read(saved(IMAGES, LABELS)))  # arr_0, arr_1
    same(read(saved(LABELS, IMAGES)))
    same(read(saved(X=IMAGES, y=LABELS)))
    medmnist = {
        f"{split}_{what}": array
        for split in ("train", "val", "test")
        for what, array in (("images", IMAGES), ("labels", LABELS[:, None]))
    }
    medmnist["train_images"] = IMAGES[::-1]
    data = read(saved(**medmnist))
    same(data)
    assert "the split 'test' is read" in notes(data)
    same(read(saved(**medmnist), split="train"), IMAGES[::-1])
    same(read(saved(images=IMAGES.transpose(0, 3, 1, 2), labels=LABELS)))
    data = read(saved(images=IMAGES.transpose(1, 2, 3, 0), labels=LABELS))
    same(data)
    assert "read as [5, 8, 6, 3]" in notes(data)
    same(read(saved(images=IMAGES[..., 0].transpose(1, 2, 0), labels=LABELS)), IMAGES[..., :1])
    same(read(saved(X=SQUARE.reshape(20, -1), y=TENS)), SQUARE, TENS)
    same(read(saved(X=SQUARE.transpose(0, 3, 1, 2).reshape(20, -1), y=TENS)), SQUARE, TENS)
    with pytest.raises(ValueError, match=r"Received a \[5, 8, 6, 3\], b \[5\], c \[5\]. Name them"):
        read(saved(a=IMAGES, b=LABELS, c=LABELS))


def test_scikit_learns_digits(tmp_path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.savez(tmp_path / "digits.npz", data=digits.data, target=digits.target)
    with pytest.warns(UserWarning, match="from 0 to 16"):
        dark = open_dataset(tmp_path / "digits.npz")
    bright = open_dataset(tmp_path / "digits.npz", reading=Reading(depth=5))
    assert dark.images.shape == (1797, 8, 8, 1) and bright.images.max() == pytest.approx(16 / 31)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.h5", "HDF5"),
        ("a.mat", "MATLAB"),
        ("a.tfrecord", "TFRecord"),
        ("a.tfrecord-00000-of-00001", "TFRecord"),
        ("a.pkl", "CIFAR"),
    ],
)
def test_a_format_is_recognised(tmp_path: Path, name: str, form: str) -> None:
    (tmp_path / name).write_bytes(b"\x89HDF\r\n\x1a\n")
    found = format_of(tmp_path / name)
    assert found is not None and found.name == form
