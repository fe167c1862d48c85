"""Masks and boxes as people keep them."""

import cv2
import numpy as np
import pytest

from featurelens.models.formats.places.masks import read_masks


def test_masks_and_boxes_in_numpy_files(tmp_path):
    masks = np.zeros((2, 4, 6), np.uint8)
    masks[0, 1, 2] = 255
    np.save(tmp_path / "masks.npy", masks[..., np.newaxis])
    np.savez(tmp_path / "masks.npz", anything=masks)
    np.save(tmp_path / "boxes.npy", np.array([[0, 1, 2, 3]]))
    for name in ("masks.npy", "masks.npz"):
        found = read_masks(tmp_path / name, (4, 6))
        assert found.dtype == bool and np.argwhere(found).tolist() == [[0, 1, 2]]
    assert read_masks(tmp_path / "boxes.npy", (4, 6)).tolist() == [[0, 1, 2, 3]]


def test_a_folder_of_mask_pictures_is_held_against_the_images_names(tmp_path):
    for name, column in (("cats/1", 0), ("dogs/1", 1)):
        picture = np.zeros((4, 4), np.uint8)
        picture[:, 2 * column : 2 * column + 2] = 255
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    found = read_masks(tmp_path, (2, 2), ("dogs/1.jpg", "cats/1.jpg"))
    assert found.astype(int).tolist() == [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    with pytest.raises(ValueError, match=r"none for 'cats/2.jpg'.*black picture"):
        read_masks(tmp_path, (2, 2), ("cats/2.jpg",))
    with pytest.raises(ValueError, match="out of one file"):
        read_masks(tmp_path, (2, 2))
    with pytest.raises(ValueError, match=r"shape of its picture, 4 x 8.*Received 4 x 4 in '.*1.png'.*at 2 x 2"):
        read_masks(tmp_path, (2, 2), ("dogs/1.jpg",), pictures=np.array([[4, 8]]))
    with pytest.raises(ValueError, match=r"cut as the images are \(--fit crop\)"):
        read_masks(tmp_path, (2, 2), ("dogs/1.jpg",), fit="crop")


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (np.zeros((3, 2)), r"masks \[B,H,W\] or boxes"),
        (np.array([["a"]]), r"masks \[B,H,W\] or boxes"),
        (np.array([{}], dtype=object), "pickle"),
    ],
)
def test_other_arrays_are_refused(made, told, tmp_path):
    np.save(tmp_path / "m.npy", made, allow_pickle=True)
    with pytest.raises(ValueError, match=told):
        read_masks(tmp_path / "m.npy", (2, 2))


def test_other_files_are_refused(tmp_path):
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.zeros(2))
    (tmp_path / "m.txt").write_text("0 0 1 1")
    for name, told in (("two.npz", "Expected one array"), ("m.txt", "np.save"), ("nothing.npy", "nothing.npy")):
        with pytest.raises(ValueError, match=told):
            read_masks(tmp_path / name, (2, 2))
