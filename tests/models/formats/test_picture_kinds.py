"""Pictures as Keras reads them: its decoders to the last bit, every kind of file, EXIF, alpha, depth, folders and names."""

from __future__ import annotations

import io
import platform
import re
import warnings

import cv2
import keras
import numpy as np
import pytest
from PIL import Image, ImageOps

from featurelens.models import open_dataset
from featurelens.models.formats import image_files, stored_images
from featurelens.models.formats.image_files import decode_image, turned
from featurelens.models.formats.image_folders import class_of_name
from featurelens.models.formats.reading import Reading

SMOOTH = cv2.resize(
    np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8), (45, 31), interpolation=cv2.INTER_CUBIC
)
FUSED = platform.machine().lower() not in ("x86_64", "amd64")


def encoded(image: np.ndarray, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def photos(tmp_path):
    """Photos of several sizes, kinds and subsamplings in two classes."""
    kinds = [
        ("JPEG", {"quality": 70}),
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("PNG", {}),
        ("BMP", {}),
        ("GIF", {}),
    ]
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for number, (kind, options) in enumerate(kinds):
            picture = SMOOTH[: 20 + number + label, : 30 + 2 * number]
            (tmp_path / name / f"{number}.{kind.lower()}").write_bytes(encoded(picture, kind, **options))
    return tmp_path


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_a_folder_is_image_dataset_from_directory(photos, fit, lazily, monkeypatch):
    if lazily:
        monkeypatch.setattr(stored_images, "IN_MEMORY", 0)
    options = {"stretch": {}, "crop": {"crop_to_aspect_ratio": True}, "pad": {"pad_to_aspect_ratio": True}}[fit]
    batches = keras.utils.image_dataset_from_directory(
        photos, image_size=(16, 24), shuffle=False, batch_size=100, verbose=0, **options
    )
    images, labels = next(iter(batches))
    data = open_dataset(photos, model_input=(16, 24, 3), resize=True, scale="0-255", reading=Reading(fit=fit))
    assert data.labels.tolist() == labels.numpy().tolist() and data.names[0] == "cat/0.jpeg"
    assert data.preparation.interpolation == "bilinear" and data.preparation.fit == fit
    if FUSED:
        np.testing.assert_allclose(np.asarray(data.images), images.numpy(), rtol=0, atol=255 * 2.0**-20)
    else:
        np.testing.assert_array_equal(np.asarray(data.images), images.numpy())


def test_grey_is_keras_grey(photos):
    for gif in photos.glob("*/*.[gb]*"):
        gif.unlink()  # Keras makes none of these grey
    batches = keras.utils.image_dataset_from_directory(
        photos, image_size=(20, 30), color_mode="grayscale", shuffle=False, batch_size=100, verbose=0
    )
    data = open_dataset(photos, model_input=(20, 30, 1), resize=True, scale="0-255")
    np.testing.assert_allclose(np.asarray(data.images), next(iter(batches))[0].numpy(), rtol=0, atol=255 * 2.0**-20)


@pytest.mark.parametrize(("channels", "mode"), [(3, "rgb"), (1, "grayscale")])
def test_nearest_is_load_img(photos, channels, mode):
    data = open_dataset(
        photos, model_input=(16, 24, channels), resize=True, scale="0-255", reading=Reading(interpolation="nearest")
    )
    wanted = [keras.utils.load_img(photos / name, color_mode=mode, target_size=(16, 24)) for name in data.names]
    np.testing.assert_array_equal(
        np.asarray(data.images), np.stack([keras.utils.img_to_array(image) for image in wanted])
    )


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_ignored_as_keras_does_and_followed_where_asked(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.jpg").write_bytes(encoded(SMOOTH, "JPEG", exif=exif.tobytes(), quality=95))
    nearest = Reading(interpolation="nearest")  # decoded as Pillow does, which is the oracle
    with Image.open(tmp_path / "a" / "1.jpg") as opened:
        stored, wanted = np.asarray(opened), np.asarray(ImageOps.exif_transpose(opened))
    plain = open_dataset(tmp_path, scale="0-255", reading=nearest)
    np.testing.assert_array_equal(plain.images[0], stored)
    followed = open_dataset(tmp_path, scale="0-255", reading=Reading(interpolation="nearest", exif=True))
    np.testing.assert_array_equal(followed.images[0], wanted)
    told = " ".join(plain.preparation.notes)
    assert ("1 of 1 pictures carry an orientation" in told and "--exif turns them" in told) == (orientation != 1)
    np.testing.assert_array_equal(turned(stored, orientation), wanted)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "AVIF", "HEIF", "JXL"])
def test_other_kinds(tmp_path, kind):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if kind == "JXL":
        pytest.importorskip("pillow_jxl")
    if kind == "AVIF" and ".avif" not in Image.registered_extensions():
        pytest.skip("this Pillow has no AVIF")
    options = {"save_all": True, "append_images": [Image.fromarray(255 - SMOOTH)]} if kind == "GIF" else {}
    raw = encoded(SMOOTH, kind, **options)
    with Image.open(io.BytesIO(raw)) as opened:
        wanted = np.asarray(opened.convert("RGB"))  # of a GIF the first frame
    np.testing.assert_array_equal(decode_image(raw), wanted)


def test_a_missing_decoder_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic")
    monkeypatch.setattr(image_files.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="pip install pillow-heif"):
        image_files.check_image(tmp_path / "a.heic")


def test_alpha_is_kept_for_models_of_four_channels(tmp_path):
    (tmp_path / "a").mkdir()
    alpha = np.dstack([SMOOTH, np.arange(31 * 45).reshape(31, 45) % 256]).astype(np.uint8)
    (tmp_path / "a" / "1.png").write_bytes(encoded(alpha, "PNG"))
    (tmp_path / "a" / "2.png").write_bytes(encoded(SMOOTH, "PNG"))
    images = open_dataset(tmp_path, model_input=(None, None, 4), scale="0-255").images
    np.testing.assert_array_equal(images[0], alpha)
    assert (images[1, ..., 3] == 255).all()
    assert open_dataset(tmp_path).images.shape[3] == 3


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_bytes_behind_the_end_are_no_fault_and_an_early_end_is(kind):
    exif = Image.Exif()
    exif[0x010E] = "x" * 200 + "\xff\xd9 an end mark in what is told of the picture"
    raw = encoded(SMOOTH, kind, **({"exif": exif.tobytes()} if kind == "JPEG" else {}))
    np.testing.assert_array_equal(decode_image(raw + bytes(10 * len(raw))), decode_image(raw))
    for cut in (1, 2, 13, 100, len(raw) // 2, len(raw) - 300):
        assert decode_image(raw[:-cut]) is None or cut < 13  # the check sum of a PNG's last chunk is not needed


def test_values_of_12_bits_in_16(tmp_path):
    (tmp_path / "a").mkdir()
    values = (np.arange(31 * 45).reshape(31, 45) * 3 % 4096).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "a" / "1.png"), values)
    told = " ".join(open_dataset(tmp_path).preparation.notes)
    assert re.search(r"largest value .* is 4,0\d\d of 65,535, as of 12 bits.*--depth 12", told)
    images = open_dataset(tmp_path, reading=Reading(depth=12)).images
    np.testing.assert_allclose(images[0, ..., 0], values / 4095, rtol=1e-6)
    with pytest.raises(ValueError, match=r"up to 1,023 by --depth 10"):
        open_dataset(tmp_path, reading=Reading(depth=10))


def test_the_class_in_a_files_name(tmp_path):
    for name in ("cat.0.png", "dog.1.png", "cat.2.png"):
        (tmp_path / name).write_bytes(encoded(SMOOTH, "PNG"))
    data = open_dataset(tmp_path, reading=Reading(label_from=r"(.*?)\."))
    assert (data.class_names, data.labels.tolist()) == (("cat", "dog"), [0, 0, 1])
    with pytest.raises(ValueError, match=r"no class in cat.0.png"):
        open_dataset(tmp_path, reading=Reading(label_from="^(x)"))
    with pytest.raises(ValueError, match="a regular expression as --label-from"):
        class_of_name("(")
    with pytest.raises(ValueError, match=r"--label-from '\(\.\*\?\)\[\._\]'.*--image FOLDER"):
        open_dataset(tmp_path)


def test_splits_are_no_classes(tmp_path):
    for split in ("train", "val", "test"):
        (tmp_path / split / "cat").mkdir(parents=True)
        (tmp_path / split / "cat" / "1.png").write_bytes(encoded(SMOOTH, "PNG"))
    with pytest.raises(ValueError, match=r"Received test, train, val: these look like splits.*--data .*test\."):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, reading=Reading(split="val")).class_names == ("cat",)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.zip", "Unpack it"),
        ("a.jpg", "--image .*a.jpg and featurelens report MODEL --data .*a.jpg explain it"),
        ("a.dcm", "PNG of 16 bits"),
        ("a.xyz", "Convert it"),
    ],
)
def test_a_kind_that_is_not_read_is_told_what_to_do(tmp_path, name, message):
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ValueError, match=rf"folder of images per class, .*HDF5.*of another kind\. .*{message}"):
        open_dataset(tmp_path / name)


def test_threads_leave_the_filters_of_warnings_as_they_were(tmp_path):
    (tmp_path / "a").mkdir()
    for number in range(20):
        (tmp_path / "a" / f"{number}.png").write_bytes(encoded(SMOOTH, "PNG"))
    before = list(warnings.filters)
    open_dataset(tmp_path)
    assert warnings.filters == before
