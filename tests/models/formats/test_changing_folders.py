"""A folder whose pictures change while it is read: nothing is shown that is not what was looked at first."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from featurelens.models import image_folder
from featurelens.models.formats import picture_files


def _write(path: Path, value: int, channels: int = 3) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((4, 6, channels), value, np.uint8))


def _folder(folder: Path) -> list[Path]:
    files = [folder / name / f"{number}.png" for name in ("a", "b") for number in range(3)]
    for number, file in enumerate(files):
        _write(file, 40 * number)
    return files


def test_a_file_that_goes_while_others_are_read_costs_itself_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _folder(tmp_path)
    original = picture_files.read_bytes

    def reading(path: Path) -> bytes:
        files[4].unlink(missing_ok=True)
        return original(path)

    monkeypatch.setattr(picture_files, "read_bytes", reading)
    with pytest.warns(UserWarning, match="1 of 6 image files cannot be read.*b/1.png"):
        data = image_folder(tmp_path)
    assert data.unreadable == ("b/1.png",)
    np.testing.assert_allclose(data.images[:, 0, 0, 0] * 255, [0, 40, 80, 120, 200], rtol=1e-6)


@pytest.mark.parametrize("other", [77, None])
def test_a_file_of_other_bytes_than_a_moment_ago_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: int | None
) -> None:
    files = _folder(tmp_path)
    monkeypatch.setattr(picture_files, "_KEPT", 0)  # pixels are decoded again when they are wanted
    original = picture_files.pictures

    def looked_at_and_changed(*given: object) -> object:
        found = original(*given)
        files[2].write_bytes(b"no picture") if other is None else _write(files[2], other)
        return found

    for module in ("image_folders", "manifest"):
        monkeypatch.setattr(f"featurelens.models.formats.{module}.pictures", looked_at_and_changed, raising=False)
    with pytest.raises(ValueError, match=r"as it was a moment ago. Received other bytes in its file. Run again"):
        image_folder(tmp_path)


def test_alpha_grey_and_another_size_in_the_middle_are_brought_to_one_form(tmp_path: Path) -> None:
    files = _folder(tmp_path)
    cv2.imwrite(str(files[1]), np.full((4, 6, 4), (10, 20, 30, 7), np.uint8))
    cv2.imwrite(str(files[2]), np.full((9, 5), 60, np.uint8))
    data = image_folder(tmp_path, size=(4, 6))
    assert data.images.shape == (6, 4, 6, 3) and data.unreadable == ()
    np.testing.assert_allclose(data.images[1:3, 2, 2] * 255, [[30, 20, 10], [60, 60, 60]], atol=0.01)
