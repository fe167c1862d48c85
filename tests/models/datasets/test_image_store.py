"""Pictures in a temporary file: read back exactly, as an array would be, and nothing is left of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from featurelens.models import Dataset, image_folder
from featurelens.models.datasets.exploration import explore
from featurelens.models.datasets.fingerprints import images_fingerprint
from featurelens.models.datasets.image_store import ImageStore
from featurelens.models.datasets.lazy_images import LazyImages
from featurelens.models.formats import stored_images

BYTES = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), np.uint8)
FLOATS = np.random.default_rng(1).random((9, 4, 5, 3), np.float32)


def stored(pictures: np.ndarray) -> ImageStore:
    store = ImageStore(pictures.shape[1:], pictures.dtype)
    for picture in pictures:
        store.append(picture)
    return store


@pytest.mark.parametrize("pictures", [BYTES, FLOATS], ids=["bytes", "floats"])
@pytest.mark.parametrize("limits", [(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0)])
@pytest.mark.parametrize(
    "rows", [3, -1, slice(2, 7), [5, 0, 1, 2, 8], np.array([8, 8]), np.arange(9) % 2 == 0, (4, slice(1, 3)), []]
)
def test_rows_are_those_of_the_array(pictures: np.ndarray, limits: tuple[float, float], rows: object) -> None:
    unit = pictures.astype(np.float32) / (255 if pictures.dtype == np.uint8 else 1)
    expected = Dataset(unit, np.zeros(9, np.int64), ("a",), "x").scaled(*limits).images
    found = stored(pictures).scaled(*limits)
    index = np.array(rows, int) if isinstance(rows, list) else rows
    np.testing.assert_array_equal(found[rows], expected[index])
    assert found[rows].dtype == np.float32
    assert (found.shape, found.size, len(found)) == (expected.shape, expected.size, 9)
    assert (found.min(), found.max()) == (expected.min(), expected.max())
    np.testing.assert_array_equal(np.asarray(found), expected)


def test_figures_of_the_data_are_those_of_the_array() -> None:
    labels, names = np.arange(9) % 2, ("a", "b")
    whole, kept = (Dataset(images, labels, names, "x") for images in (FLOATS, stored(FLOATS)))
    assert images_fingerprint(whole.images) == images_fingerprint(kept.images)
    one, other = explore(whole), explore(kept)
    for name in ("pixel_counts", "means", "deviations", "black_share", "lowest", "highest"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.neighbours.own, other.neighbours.own)


def test_rows_that_are_not_there_and_other_forms_are_refused() -> None:
    store = stored(BYTES)
    with pytest.raises(IndexError):
        store[np.array([9])]
    with pytest.raises(ValueError, match=r"Expected a picture uint8\[4, 5, 3\]. Received uint8\[4, 5, 1\]"):
        store.append(BYTES[0, ..., :1])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: SIM115, PTH123
    with pytest.raises(ValueError, match="TMPDIR=FOLDER"):
        stored(BYTES)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_of_a_folder_on_a_full_disk_no_picture_counts_as_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of(tmp_path, list(BYTES))
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: SIM115, PTH123
    with pytest.raises(ValueError, match="TMPDIR=FOLDER"):
        image_folder(folder, size=(4, 5))


def test_without_any_folder_for_temporary_files_the_remedy_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ValueError, match=r"Received 'No such file or directory'.*TMPDIR=FOLDER"):
        stored(BYTES)


@pytest.mark.skipif(os.name != "posix", reason="files without a name are those of POSIX")
def test_the_file_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = stored(BYTES)
    assert list(tmp_path.iterdir()) == [] and len(store) == 9


def folder_of(tmp_path: Path, pictures: list[np.ndarray]) -> Path:
    (tmp_path / "cats").mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(tmp_path / "cats" / f"{number}.png"), picture[..., ::-1])
    return tmp_path


@pytest.mark.parametrize("size", [None, (7, 3)])
@pytest.mark.parametrize(
    "kinds",
    [
        [(1, np.uint8)],
        [(3, np.uint8)],
        [(1, np.uint8), (3, np.uint8)],
        [(3, np.uint16), (1, np.uint8)],
        [(1, np.uint8), (3, np.uint16)],
    ],
)
def test_a_folder_that_is_kept_off_the_memory_is_the_same(
    size: tuple[int, int] | None, kinds: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    pictures = [
        random.integers(0, np.iinfo(dtype).max, (6, 5, channels)).astype(dtype) for channels, dtype in kinds * 3
    ]
    folder = folder_of(tmp_path, pictures)
    whole = image_folder(folder, size)
    monkeypatch.setattr(stored_images, "IN_MEMORY", 0)
    kept = image_folder(folder, size)
    assert isinstance(whole.images, np.ndarray) and isinstance(kept.images, LazyImages)
    np.testing.assert_array_equal(kept.images[:], whole.images)
    asked = image_folder(
        folder, size, color="grey" if whole.images.shape[3] == 1 else "rgb"
    )  # the channels known before
    np.testing.assert_array_equal(asked.images[:], whole.images)
    assert whole.files == kept.files and whole.images.shape[3] == max(channels for channels, _ in kinds)


def test_pictures_of_several_sizes_are_listed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [np.zeros((height, 4, 3), np.uint8) for height in (3, 4, 5)])
    with pytest.raises(ValueError, match="Received 3: 3x4, 4x4, 5x4"):
        image_folder(folder)
