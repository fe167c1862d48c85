"""Masks of classes as people save them: what each kind of file is read as, and what is refused with words that help."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from featurelens.models.formats.places.class_masks import MaskReading, open_class_masks

MASK = np.array([[0, 1, 2], [2, 0, 1]], np.uint8)
COLOURS = np.array([[0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8)
NAMES = ("a/1.jpg", "a/2.jpg")


def saved(folder, name, pixels, mode=None, palette=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(pixels)
    if palette is not None:
        picture = Image.frombytes("P", pixels.shape[::-1], pixels.tobytes())
        picture.putpalette(palette.ravel().tolist())
    picture.save(path)
    return path


def read(folder, names=NAMES[:1], classes=3, size=(2, 3), values=None, ignore=None, **settings):
    reading = MaskReading.of(values, ignore, **settings)
    return open_class_masks(folder, names, len(names), size, classes, reading)


@pytest.mark.parametrize(
    ("pixels", "settings"),
    [
        (MASK, {}),
        (MASK.astype(np.uint16), {}),
        (np.stack([MASK] * 3, axis=-1), {}),  # grey, saved as colours
        (MASK * 100, {"values": "0,100,200"}),
        (COLOURS[MASK], {"values": "#000000,#ff0000,#0000ff"}),
        ((MASK + 1) % 3, {"values": "1,2,0"}),
    ],
)
def test_every_kind_of_picture_gives_the_classes(tmp_path, pixels, settings):
    saved(tmp_path, "a/1.png", pixels)
    np.testing.assert_array_equal(read(tmp_path, **settings)[:], MASK[np.newaxis])


def test_of_a_palette_the_place_counts_or_the_colour_where_it_is_named(tmp_path):
    saved(tmp_path, "a/1.png", MASK, palette=COLOURS[[2, 1, 0]])
    np.testing.assert_array_equal(read(tmp_path)[0][0], MASK)
    np.testing.assert_array_equal(read(tmp_path, values="#000000,#ff0000,#0000ff")[0][0], 2 - MASK)


def test_255_and_what_is_named_stand_for_no_class(tmp_path):
    left = np.where(MASK == 1, 255, MASK).astype(np.uint8)
    saved(tmp_path, "a/1.png", left)
    assert read(tmp_path).ignored == 255
    np.testing.assert_array_equal(read(tmp_path)[0][0], np.where(MASK == 1, -1, MASK.astype(int)))
    np.testing.assert_array_equal(read(tmp_path, values="0,255,2")[0][0], MASK)
    saved(tmp_path, "a/1.png", MASK)
    np.testing.assert_array_equal(read(tmp_path, ignore="0")[0][0], np.where(MASK == 0, -1, MASK.astype(int)))


def test_another_size_is_brought_to_that_of_the_answers_by_the_nearest_pixel_where_asked(tmp_path):
    saved(tmp_path, "a/1.png", MASK.repeat(3, axis=0).repeat(3, axis=1))
    with pytest.raises(ValueError, match=r"Expected masks of 2 x 3.*Received 6 x 9.*--resize"):
        read(tmp_path)[0]
    found = read(tmp_path, resize=True)
    np.testing.assert_array_equal(found[0][0], MASK)
    assert "by the nearest pixel" in next(iter(found.told))
    with pytest.raises(ValueError, match="--fit stretch"):
        read(tmp_path, resize=True, fit="crop")[0]


def test_a_mask_of_another_shape_than_its_picture_is_refused(tmp_path):
    """A picture of 20 x 30 is stretched to 2 x 3 by 10 along both sides; so is a mask of 4 x 6, and none of 6 x 6."""
    saved(tmp_path, "a/1.png", np.repeat(np.repeat(MASK, 2, axis=0), 2, axis=1))
    found = replace(read(tmp_path), reading=MaskReading(resize=True, pictures=np.array([[20, 30]])))
    np.testing.assert_array_equal(found[0][0], MASK)
    for shape, of in (((6, 6), (20, 30)), ((4, 6), (30, 30))):
        saved(tmp_path, "a/1.png", np.zeros(shape, np.uint8))
        found = replace(found, reading=MaskReading(resize=True, pictures=np.array([of])))
        with pytest.raises(
            ValueError, match=rf"shape of its picture, {of[0]} x {of[1]}.*{shape[0]} x {shape[1]}.*at 2 x 3"
        ):
            found[0]


def test_masks_are_matched_by_name_and_what_is_left_over_is_named(tmp_path):
    for name, mask in (("a/2.png", MASK), ("a/1.png", MASK[::-1]), ("a/3.png", MASK)):
        saved(tmp_path, name, mask)
    found = read(tmp_path, NAMES)
    np.testing.assert_array_equal(found[:], np.stack([MASK[::-1], MASK]))
    np.testing.assert_array_equal(found.taking(np.array([1]))[:], MASK[np.newaxis])
    assert found.notes == ("Masks without an image are left out: '3.png'.",)


def test_letters_behind_every_name_are_found(tmp_path):
    for name in ("a/1_mask.png", "a/2_mask.png"):
        saved(tmp_path, name, MASK)
    found = read(tmp_path, NAMES)
    assert len(found) == 2 and "'_mask' behind" in found.notes[0]


@pytest.mark.parametrize("form", ["npy", "npz", "one hot"])
def test_arrays_in_the_order_of_the_images(tmp_path, form):
    masks = np.stack([MASK, MASK[::-1]])
    path = tmp_path / f"masks.{'npz' if form == 'npz' else 'npy'}"
    if form == "npz":
        np.savez(path, masks=masks, images=np.zeros((2, 2, 3)))
    else:
        np.save(path, np.eye(3, dtype=np.float32)[masks] if form == "one hot" else masks)
    np.testing.assert_array_equal(read(path, NAMES)[:], masks)


@pytest.mark.parametrize(
    ("name", "pixels", "settings", "told"),
    [
        ("a/1.png", MASK * 60, {}, r"Received 0, 60, 120 in .*--mask-values '0,60,120'"),
        ("a/1.png", COLOURS[MASK], {}, "Received #000000, #0000ff, #ff0000"),
        ("a/1.png", MASK, {"values": "0,1"}, "a value for each of the model's 3"),
        ("a/1.png", MASK, {"values": "0,1,1"}, "another value for each class"),
        ("a/1.png", MASK, {"values": "0,red,2"}, "Received 'red'"),
        ("a/1.jpg", MASK, {}, "Save the masks as PNG"),
        ("a/7.png", MASK, {}, r"none for 'a/1.jpg'; there is 7.png"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, name, pixels, settings, told):
    saved(tmp_path, name, pixels)
    with pytest.raises(ValueError, match=told):
        read(tmp_path, **settings)[0]


def test_two_masks_of_one_image_and_arrays_that_do_not_fit_are_refused(tmp_path):
    saved(tmp_path, "a/1.png", MASK)
    saved(tmp_path, "a/1.bmp", MASK)
    with pytest.raises(ValueError, match=r"one mask for an image.*1\.bmp and 1\.png"):
        read(tmp_path)
    with pytest.raises(ValueError, match=r"as masks\.npy"):
        read(tmp_path, ())
    for array, told in ((np.zeros((3, 2, 3)), "each of the 1 images"), (np.full((1, 2, 3), 0.5), "argmax")):
        np.save(tmp_path / "m.npy", array)
        with pytest.raises(ValueError, match=told):
            read(tmp_path / "m.npy")
