"""Folders of images: written by OpenCV, read back by hand-set pixels; what cannot be read is named, never dropped."""

from __future__ import annotations

import builtins
import importlib

import cv2
import numpy as np
import pytest

from featurelens.models.formats.image_files import read_image
from featurelens.models.formats.image_folders import image_folder
from featurelens.models.opencv import opencv

RED = np.full((4, 6, 3), (0, 0, 255), np.uint8)  # OpenCV's order: blue, green, red
GREY = np.full((4, 6), 51, np.uint8)  # 51 / 255 = 0.2


def write(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())  # imwrite cannot write every name


def test_folders_are_classes_and_names_are_sorted(tmp_path):
    write(tmp_path / "b" / "2.png", GREY * 2)
    write(tmp_path / "b" / "1.png", GREY)
    write(tmp_path / "Ärger ü" / "猫.png", GREY * 3)
    data = image_folder(tmp_path)
    assert data.class_names == ("b", "Ärger ü") and data.labels.tolist() == [0, 0, 1]
    assert data.images.shape == (3, 4, 6, 1)
    np.testing.assert_allclose(data.images[:, 0, 0, 0], [0.2, 0.4, 0.6], rtol=1e-6)
    assert data.unreadable == ()


@pytest.mark.parametrize("name", ["x.png", "x.PNG", "x.jpg", "x.jpeg", "x.webp", "x.bmp"])
def test_red_stays_red_in_every_format(tmp_path, name):
    write(tmp_path / "a" / name.lower(), RED)
    (tmp_path / "a" / name.lower()).rename(tmp_path / "a" / name)
    np.testing.assert_allclose(image_folder(tmp_path).images[0, 2, 3], [1, 0, 0], atol=0.02)


def test_color_is_grey_only_if_all_are(tmp_path):
    write(tmp_path / "a" / "1.png", GREY)
    write(tmp_path / "a" / "2.png", RED)
    np.testing.assert_allclose(image_folder(tmp_path).images[:, 0, 0], [[0.2, 0.2, 0.2], [1, 0, 0]], rtol=1e-6)
    grey = image_folder(tmp_path, color="grey").images
    np.testing.assert_allclose(grey[:, 0, 0], [[0.2], [0.299]], atol=0.5 / 255)  # 0.299: how bright red looks, in bytes
    (tmp_path / "a" / "2.png").unlink()
    assert image_folder(tmp_path).images.shape[3] == 1
    assert image_folder(tmp_path, color="rgb").images.shape[3] == 3
    with pytest.raises(ValueError, match=r"'grey', 'rgb' or None. Received 'gray'. Pass one"):
        image_folder(tmp_path, color="gray")


def test_alpha_is_dropped_and_sixteen_bits_are_scaled(tmp_path):
    write(tmp_path / "a" / "1.png", np.full((2, 2, 4), (0, 0, 255, 7), np.uint8))
    write(tmp_path / "a" / "2.png", np.full((2, 2), 13107, np.uint16))  # 13107 / 65535 = 0.2
    np.testing.assert_allclose(image_folder(tmp_path).images[:, 0, 0], [[1, 0, 0], [0.2, 0.2, 0.2]], rtol=1e-6)


def test_sizes_must_agree_or_be_asked_for(tmp_path):
    write(tmp_path / "a" / "1.png", GREY)
    write(tmp_path / "a" / "2.png", np.array([[0, 255]], np.uint8))
    with pytest.raises(ValueError, match=r"Received 2: 1x2, 4x6. .*pass size=\(H, W\), .*--size HxW .*or --resize"):
        image_folder(tmp_path)
    images = image_folder(tmp_path, size=(1, 4)).images
    np.testing.assert_allclose(images[..., 0], [[[0.2] * 4], [[0, 0.25, 0.75, 1]]], rtol=1e-5)


def test_what_cannot_be_read_is_named_and_counted(tmp_path):
    write(tmp_path / "a" / "good.png", GREY)
    whole = (tmp_path / "a" / "good.png").read_bytes()
    (tmp_path / "a" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "a" / "empty.jpg").write_bytes(b"")
    (tmp_path / "a" / "text.bmp").write_text("not an image")
    (tmp_path / "a" / ".DS_Store").write_text("hidden")
    with pytest.warns(UserWarning, match=r"3 of 4 image files cannot be read .*: a/cut.png, a/empty.jpg, a/text.bmp"):
        data = image_folder(tmp_path)
    assert data.unreadable == ("a/cut.png", "a/empty.jpg", "a/text.bmp") and len(data) == 1


def test_other_entries_are_named_too(tmp_path):
    write(tmp_path / "a" / "good.png", GREY)
    write(tmp_path / "a" / "deeper" / "good.png", GREY)
    (tmp_path / "a" / "notes.txt").write_text("x")
    write(tmp_path / "loose.png", GREY)
    with pytest.warns(UserWarning, match=r"2 entries are not images .*: loose.png, a/notes.txt"):
        data = image_folder(tmp_path)
    assert data.unreadable == ("loose.png", "a/notes.txt")
    assert data.names == ("a/good.png", "a/deeper/good.png")  # folders within a class are walked, as Keras does


def test_a_jpeg_that_ends_early_is_not_read(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    write(tmp_path / "whole.jpg", noise)
    raw = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(raw[:-40])
    assert read_image(tmp_path / "whole.jpg").shape == (64, 64, 3)
    with pytest.raises(ValueError, match=r"cannot be decoded. Check that it is whole"):
        read_image(tmp_path / "cut.jpg")
    with pytest.raises(ValueError, match=r"No such file.*Check the path"):
        read_image(tmp_path / "none.jpg")


def test_folders_without_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Received no folder .*Check the path"):
        image_folder(tmp_path / "none")
    with pytest.raises(ValueError, match=r"Received no folders. Put the images of each class into a folder"):
        image_folder(tmp_path)
    write(tmp_path / "a" / "1.png", GREY)
    (tmp_path / "b").mkdir()
    with pytest.raises(ValueError, match=r"Received none in '.*b'. Put images there"):
        image_folder(tmp_path)
    (tmp_path / "b" / "bad.png").write_bytes(b"bad")
    with pytest.warns(UserWarning, match=r"b/bad.png"), pytest.raises(ValueError, match=r"Received none in '.*b'"):
        image_folder(tmp_path)


def test_the_hash_follows_the_content(tmp_path):
    write(tmp_path / "a" / "1.png", GREY)
    first = image_folder(tmp_path).files
    assert image_folder(tmp_path).files == first and first[0][0] == tmp_path.name
    write(tmp_path / "a" / "1.png", GREY + 1)
    assert image_folder(tmp_path).files != first


def test_a_missing_libgl_is_explained(monkeypatch):
    def broken(name):
        raise builtins.ImportError("libGL.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ImportError, match=r"libGL.so.1.*apt-get install -y libgl1.*opencv-python-headless"):
        opencv.__wrapped__()  # as on the first call
