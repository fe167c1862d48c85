"""What clients send as a picture: whole ones as the commands read them, everything else refused before it is decoded."""

from __future__ import annotations

import asyncio
import struct
import zlib

import cv2
import numpy as np
import pytest

from featurelens.models.formats.image_files import decode_image, read_header
from featurelens.scripts.serving.answers.picture_header import picture_header
from featurelens.scripts.serving.answers.pixels import BadPicture, PictureReader
from featurelens.scripts.serving.web.multipart import parts_of
from featurelens.scripts.serving.web.sent_pictures import Refusal, pictures_of

COLOURS = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
GREY = COLOURS[..., 0]
READER = PictureReader((12, 10, 1), (0.0, 1.0), most_pixels=10_000)


def encoded(pixels, ending):
    return cv2.imencode(ending, pixels)[1].tobytes()


def png_of(width, height, pixels=b""):
    """A PNG that claims a size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("pixels", [GREY, COLOURS], ids=["grey", "colours"])
def test_the_header_is_what_pillow_reads_and_the_pixels_are_the_commands(pixels, ending):
    raw = encoded(pixels, ending)
    own, theirs = picture_header(raw), read_header(raw)
    assert own is not None and theirs is not None
    assert (own.kind, own.size) == (theirs.kind, theirs.size)
    reader = PictureReader((20, 31, 3), (0.0, 255.0))
    np.testing.assert_array_equal(reader.picture(raw).pixels, decode_image(raw, channels=3))


def test_a_picture_of_another_size_is_told():
    found = READER.picture(encoded(COLOURS, ".png"))
    assert found.pixels.shape == (12, 10, 1) and found.pixels.max() <= 1
    assert found.changed == "made grey; brought from 20x31 to 12x10, bilinear"
    seen_through = np.dstack([COLOURS[:12, :10], np.full((12, 10), 128, np.uint8)])
    assert READER.picture(encoded(seen_through, ".png")).changed == "made grey; alpha left out"
    assert READER.picture(encoded(seen_through[..., 0], ".png")).changed == ""


@pytest.mark.parametrize("kind", ["lossy", "lossless", "alpha"])
def test_every_kind_of_webp_tells_its_size(kind, tmp_path):
    from PIL import Image

    alpha = np.dstack([COLOURS, GREY]) if kind == "alpha" else COLOURS
    path = tmp_path / "a.webp"
    Image.fromarray(alpha).save(path, lossless=kind == "lossless")
    header = picture_header(path.read_bytes())
    assert header is not None and header.size == (20, 31)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 415),
        (b"GIF89a" + bytes(100), 415),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415),
        (b"/etc/passwd", 415),
        (png_of(60_000, 60_000), 413),
        (png_of(0, 5), 413),
        (png_of(50, 50), 422),  # no pixels
        (encoded(GREY, ".png")[:-20], 422),
        (encoded(GREY, ".jpg")[:-20], 422),
        (encoded(GREY, ".jpg")[:9], 415),
        (encoded(GREY, ".webp")[:40], 422),
        (b"\xff\xd8\xff\xe0" + b"\xff" * 50, 415),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", 415),
    ],
)
def test_what_is_no_whole_picture_is_refused_in_words(raw, status):
    with pytest.raises(BadPicture, match=r"Expected .* Received ") as refused:
        READER.picture(raw)
    assert refused.value.status == status


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr("featurelens.scripts.serving.answers.pixels.decode_image", None)
    with pytest.raises(BadPicture, match="at most 10,000 pixels"):
        READER.picture(png_of(101, 100, bytes(102 * 100)))


def test_exif_is_ignored_unless_it_is_asked_for(tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.jpg"
    Image.fromarray(GREY).save(path, exif=exif, quality=95)
    raw = path.read_bytes()
    stored = PictureReader((None, None, 1), (0.0, 1.0)).picture(raw)
    turned = PictureReader((None, None, 1), (0.0, 1.0), exif=True).picture(raw)
    np.testing.assert_array_equal(turned.pixels, np.rot90(stored.pixels, -1))


@pytest.mark.parametrize(
    "numbers",
    [
        np.full((12, 10), 1.5),
        np.full((12, 10), -0.1),
        np.full((12, 10), np.nan),
        np.zeros((12, 10, 3)),
        np.zeros(120),
        np.zeros((0, 10, 1)),
    ],
)
def test_numbers_that_the_model_does_not_take_are_refused(numbers):
    with pytest.raises(BadPicture, match="Received"):
        READER.numbers(numbers)


def sent(kind, body, reader=READER, most=4):
    return asyncio.run(pictures_of(kind, body, reader, most))


@pytest.mark.parametrize(
    ("shape", "count"), [((12, 10), 1), ((12, 10, 1), 1), ((3, 12, 10), 3), ((2, 12, 10, 1), 2), ((1, 12, 10, 1), 1)]
)
def test_json_holds_one_picture_or_several(shape, count):
    array = np.random.default_rng(0).random(shape)
    found = sent(b"application/json", b'{"images": ' + str(array.tolist()).encode() + b"}")
    assert len(found) == count
    np.testing.assert_allclose([each.pixels.ravel() for each in found], array.reshape(count, -1), rtol=1e-6)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"3", 422),
        (b'{"images": "file:///etc/passwd"}', 422),
        (b"[[1, 2], [3]]", 422),
        (b'[["a"]]', 422),
        (b"[]", 422),
        (b"[1e999]", 400),
        (b"[[[[0]]],[[[0]]],[[[0]]],[[[0]]],[[[0]]]]", 422),
    ],
)
def test_json_of_something_else_is_refused(body, status):
    with pytest.raises(Refusal) as refused:
        sent(b"application/json", body)
    assert refused.value.status == status


def test_the_parts_of_a_form():
    two = b'--x y\r\nContent-Disposition: form-data; name="a"; filename="../../b"\r\n\r\n\r\n--x\r\n\r\n'
    body = two + b'--x y\r\nContent-Disposition: form-data; name="b"\r\n\r\n\x00\xff\r\n--x y--\r\n'
    assert [part.content for part in parts_of(b'multipart/form-data; boundary="x y"', body, 2)] == [
        b"\r\n--x\r\n",
        b"\x00\xff",
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"multipart/form-data", b"--x--"),
        (b"multipart/form-data; boundary=x", b""),
        (b"multipart/form-data; boundary=x", b"--x\r\n"),
        (b"multipart/form-data; boundary=x", b"--x\r\nnothing\r\n--x--"),
        (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x\r\nc"),
        (b"multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n" * 5 + b"--x--"),
    ],
)  # fmt: skip
def test_a_broken_form_is_refused(kind, body):
    with pytest.raises(Refusal) as refused:
        sent(kind, body)
    assert refused.value.status == 400


def test_nothing_is_guessed_where_values_are_taken_as_stored():
    reader = PictureReader((20, 31, 3), (-2.1, 2.6), only_numbers=True)
    assert reader.numbers(COLOURS / 255).pixels.shape == (20, 31, 3)
    for read, given in ((reader.picture, encoded(COLOURS, ".png")), (reader.numbers, COLOURS)):
        with pytest.raises(BadPicture, match="--scale stored"):
            read(given)
