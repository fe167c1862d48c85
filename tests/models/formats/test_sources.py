"""What may stand after --data: each form read to the same images, fitted to a model, or refused with the remedy."""

from __future__ import annotations

import gzip

import cv2
import numpy as np
import pytest

from featurelens.models.formats.sources import open_dataset

BYTES = np.array([[[0, 51], [102, 255]], [[255, 255], [0, 0]]], np.uint8)  # two grey images 2x2
UNIT = np.array([[[0, 0.2], [0.4, 1]], [[1, 1], [0, 0]]], np.float32)
LABELS = np.array([1, 0])


def idx(array):
    lengths = b"".join(int(length).to_bytes(4, "big") for length in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def write_forms(folder):
    np.savez(folder / "a.npz", images=BYTES, labels=LABELS)
    np.savez(folder / "b.npz", x_train=BYTES[:1], y_train=LABELS[:1], x_test=BYTES, y_test=LABELS[:, np.newaxis])
    np.savez(folder / "c.npz", x=UNIT, y=LABELS.astype(np.float32))
    np.save(folder / "images.npy", BYTES[..., np.newaxis].astype(np.int64))
    np.save(folder / "labels.npy", LABELS)
    (folder / "d.csv").write_text("1,0,51,102,255\n0,255,255,0,0\n")
    (folder / "d.csv.gz").write_bytes(gzip.compress((folder / "d.csv").read_bytes()))
    (folder / "idx").mkdir()
    (folder / "idx" / "my-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(BYTES)))
    (folder / "idx" / "my-labels-idx1-ubyte").write_bytes(idx(LABELS))
    for label, image in zip(LABELS, BYTES, strict=True):
        (folder / "classes" / str(label)).mkdir(parents=True)
        (folder / "classes" / str(label) / "1.png").write_bytes(cv2.imencode(".png", image)[1].tobytes())


@pytest.mark.parametrize(
    "form",
    [
        "a.npz",
        "b.npz",
        "c.npz",
        "images.npy",
        "{}/images.npy,{}/labels.npy",
        "d.csv",
        "d.csv.gz",
        "idx",
        "idx/my-images-idx3-ubyte.gz",
        "{}/idx/my-images-idx3-ubyte.gz, {}/idx/my-labels-idx1-ubyte",
        "classes",
    ],
)
def test_every_form_gives_the_same_images(tmp_path, form):
    write_forms(tmp_path)
    source = form.format(tmp_path, tmp_path) if "{}" in form else tmp_path / form
    data = open_dataset(source)
    order = np.argsort(-data.labels)  # folders come sorted by class, the others as stored
    np.testing.assert_allclose(data.images[order, ..., 0], UNIT, rtol=1e-6)
    assert data.labels[order].tolist() == [1, 0] and data.class_names == ("0", "1")
    assert str(tmp_path) in data.source and all(len(digest) == 64 for _, digest in data.files)


def test_the_shipped_data_by_name():
    data = open_dataset("fashion_mnist", model_input=(28, 28, 1), scale="0-255")
    assert len(data) == 10000 and data.images.max() == 255 and data.value_range == (0.0, 255.0)


@pytest.mark.parametrize(("scale", "white"), [(None, (0, 1)), ("0-1", (0, 1)), ("0-255", (0, 255)), ("-1-1", (-1, 1))])
def test_scale_is_the_range_that_the_model_wants(tmp_path, scale, white):
    write_forms(tmp_path)
    images = open_dataset(tmp_path / "a.npz", scale=scale).images
    assert (images.min(), images.max()) == white


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match=r"0-1, 0-255, -1-1, stored. Received '0-100'. Pass the range"):
        open_dataset("fashion_mnist", scale="0-100")


def test_images_that_do_not_fit_are_refused_or_resized(tmp_path):
    write_forms(tmp_path)
    with pytest.raises(
        ValueError, match=r"of 4x4 with 3 channels \(RGB\).* Received 2x2 with 1 channel \(grey\).*--resize"
    ):
        open_dataset(tmp_path / "a.npz", model_input=(4, 4, 3))
    with pytest.raises(ValueError, match=r"of anyxany with 3 channels"):
        open_dataset(tmp_path / "a.npz", model_input=(None, None, 3))
    assert open_dataset(tmp_path / "a.npz", model_input=(None, 2, None)).images.shape == (2, 2, 2, 1)
    resized = open_dataset(tmp_path / "a.npz", model_input=(1, None, 3), resize=True).images
    # the place wanted lies between the two rows; columns left open: (0 + 0.4) / 2, (0.2 + 1) / 2
    np.testing.assert_allclose(resized[0, 0], [[0.2] * 3, [0.6] * 3], rtol=1e-6)


def test_folders_of_mixed_sizes_are_resized_when_asked(tmp_path):
    write_forms(tmp_path)
    (tmp_path / "classes" / "0" / "2.png").write_bytes(cv2.imencode(".png", np.zeros((5, 3), np.uint8))[1].tobytes())
    with pytest.raises(ValueError, match=r"Received 2: 2x2, 5x3.*--resize"):
        open_dataset(tmp_path / "classes", model_input=(2, 2, 3))
    assert open_dataset(tmp_path / "classes", model_input=(2, 2, 3), resize=True).images.shape == (3, 2, 2, 3)


def test_class_names_are_matched(tmp_path):
    write_forms(tmp_path)
    assert open_dataset(tmp_path / "a.npz", class_names=["cat", "dog"]).class_names == ("cat", "dog")
    with pytest.raises(
        ValueError, match=r"in the list of class names: 'cat'. Received '0', '1': 2 of 2 without a place"
    ):
        open_dataset(tmp_path / "a.npz", class_names=["cat"])


@pytest.mark.parametrize("images", [BYTES.astype(np.float32), np.array([[[0.0, 1.5]]])])
def test_floats_above_one_are_bytes_with_a_warning(tmp_path, images):
    np.savez(tmp_path / "f.npz", images=images, labels=LABELS[: len(images)])
    with pytest.warns(UserWarning, match=r"from 0 to (255|1.5) in .* taken as 0 to 255.*uint8"):
        data = open_dataset(tmp_path / "f.npz")
    np.testing.assert_allclose(data.images[..., 0], images / 255, rtol=1e-6)


def test_bytes_that_look_like_fractions_get_a_warning(tmp_path):
    np.savez(tmp_path / "f.npz", images=BYTES // 255, labels=LABELS)
    with pytest.warns(UserWarning, match=r"type uint8 from 0 to 1 .* taken as 0 to 255"):
        assert open_dataset(tmp_path / "f.npz").images.max() == np.float32(1 / 255)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (
            {"images": UNIT - 0.5, "labels": LABELS},
            r"from 0 to 255 in .* Received -0.5 to 0.5. If they are standardised .*--scale stored",
        ),
        ({"images": UNIT * 300, "labels": LABELS}, r"Received 0 to 300. If they are standardised"),
        ({"images": np.where(UNIT == 1, np.inf, UNIT), "labels": LABELS}, r"NaN or Inf in 2 of 2, first at index 0"),
        ({"images": UNIT[0], "labels": LABELS}, r"rows that make square ones. Received rows of 2 values"),
        ({"images": UNIT[:0], "labels": LABELS[:0]}, r"at least one image .* Store some images"),
        ({"images": UNIT, "labels": LABELS[:1]}, r"2 images and 1 labels"),
        ({"images": UNIT, "labels": np.full((2, 2), 0.5)}, r"one-hot .*float64\[2, 2\].*argmax"),
        (
            {"images": UNIT, "labels": np.ones((2, 2), int)},
            r"one class for each image.*Received 2 classes for image 0.*--label-map",
        ),
        (
            {"images": UNIT, "labels": LABELS + 0.5},
            r"one class per image as labels .*float64\[2\]\. If .* --task regression",
        ),
        ({"images": UNIT, "labels": np.array(["a", "a|b"])}, r"Received 'a\|b' for image 1"),
        ({"a": UNIT, "b": UNIT, "labels": LABELS}, r"Received a \[2, 2, 2\], b .*--images-key .*save with np.savez"),
        ({"images": UNIT, "labels": LABELS.astype(object)}, r"a pickle.* never loaded. Save it again as numbers"),
    ],
)
def test_arrays_that_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / "f.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        open_dataset(tmp_path / "f.npz")


def test_files_that_are_not_arrays_are_refused(tmp_path):
    write_forms(tmp_path)
    np.save(tmp_path / "images.npy", BYTES.astype(object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"images.npy'. Received Python objects \(a pickle\)"):
        open_dataset(tmp_path / "images.npy")
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:-30])
    with pytest.raises(ValueError, match=r"Expected a NumPy file at .*a.npz.*save it again"):
        open_dataset(tmp_path / "a.npz")
    np.save(tmp_path / "a.npz.npy", BYTES)
    (tmp_path / "a.npz.npy").rename(tmp_path / "a.npz")
    with pytest.raises(ValueError, match=r"several arrays \(\.npz\) .* Received a single array"):
        open_dataset(tmp_path / "a.npz")
    np.savez(tmp_path / "images.npz", BYTES)
    (tmp_path / "images.npz").rename(tmp_path / "images.npy")
    with pytest.raises(ValueError, match=r"one array \(\.npy\) .* Received several"):
        open_dataset(tmp_path / "images.npy")


def test_missing_partners_and_choices_are_refused(tmp_path):
    write_forms(tmp_path)
    (tmp_path / "labels.npy").unlink()
    with pytest.raises(ValueError, match=r"Pass both, as in IMAGES.npy,LABELS.npy"):
        open_dataset(tmp_path / "images.npy")
    (tmp_path / "idx" / "other-images-idx3-ubyte").write_bytes(idx(BYTES))
    with pytest.raises(
        ValueError, match=r"Received my-images-idx3-ubyte.gz, other-images-idx3-ubyte. Pass the file itself"
    ):
        open_dataset(tmp_path / "idx")
    with pytest.raises(ValueError, match=r"as 'other-labels-idx1-ubyte'. Received no such file. Pass both"):
        open_dataset(tmp_path / "idx" / "other-images-idx3-ubyte")


def test_unknown_sources_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Did you mean 'fashion_mnist'\?"):
        open_dataset("fashion-mnist")
    (tmp_path / "data.txt").write_text("x")
    with pytest.raises(ValueError, match=r"data.txt' of another kind. Convert it"):
        open_dataset(tmp_path / "data.txt")
