"""Data files that never end, claim what they do not hold, or are not what their name says: refused by name, at once."""

from __future__ import annotations

import gzip
import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from featurelens.models import image_folder, open_dataset
from featurelens.models.file_limits import Limits
from featurelens.models.formats.csv_images import read_table
from featurelens.models.formats.idx import unzipped
from featurelens.models.formats.image_files import decode_image, read_header, read_image

SMALL = Limits(free_bytes=2**16, unpacked_share=10)


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def claiming_png(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, with none behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", ["images.npz", "images.csv", "images.idx"])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_device_is_not_read(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(ValueError, match=r"a pipe|Expected"):
        open_dataset(str(tmp_path / name))
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(ValueError, match=r"a device|Expected"):
        open_dataset(str(tmp_path / name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_one_odd_file_among_pictures_costs_that_file_only(tmp_path: Path) -> None:
    folder = tmp_path / "cats"
    folder.mkdir()
    (folder / "a.png").write_bytes(png(np.full((4, 4), 9, np.uint8)))
    os.mkfifo(folder / "b.png")
    (folder / "c.png").symlink_to("/dev/zero")
    (folder / "d.png").write_bytes(claiming_png(20_000, 20_000))
    (folder / "e.png").write_bytes(cv2.imencode(".tiff", np.ones((4, 4), np.float32))[1].tobytes())
    (folder / "f.png").write_bytes(cv2.imencode(".hdr", np.ones((4, 4, 3), np.float32))[1].tobytes())
    (folder / "g.png").write_bytes(b"")
    with pytest.warns(UserWarning, match="6 of 7 image files cannot be read"):
        found = image_folder(tmp_path)
    assert len(found) == 1
    assert found.unreadable == tuple(f"cats/{letter}.png" for letter in "bcdefg")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(claiming_png(20_000, 20_000))
    with pytest.raises(ValueError, match=r"at most [\d,]+ pixels.*20,000 x 20,000.*--size-limit"):
        read_image(tmp_path / "large.png")
    few = Limits(picture_pixels=15)
    with pytest.raises(ValueError, match="4 x 4"):
        decode_image(png(np.zeros((4, 4), np.uint8)), few)
    decoded = decode_image(png(np.zeros((3, 5), np.uint8)), few)
    assert decoded is not None and decoded.shape == (3, 5, 1)


def test_one_limit_of_pixels_counts_and_not_pillows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow has one of its own, which no option of ours could raise; and it decodes a PNG to look for EXIF."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", lambda _: pytest.fail("pixels were decoded"))
    header = read_header(claiming_png(20_000, 20_000), Limits(picture_pixels=400_000_000))
    assert header is not None and header.size == (20_000, 20_000) and header.orientation == 1
    assert Image.MAX_IMAGE_PIXELS == 100, "what others set stays"


def test_the_orientation_of_a_png_is_found() -> None:
    exif, made = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((2, 3), np.uint8)).save(made, "PNG", exif=exif)
    header = read_header(made.getvalue())
    assert header is not None and (header.kind, header.orientation) == ("PNG", 6)


def test_a_gzip_of_gigabytes_is_unpacked_no_further_than_the_limit() -> None:
    packed = gzip.compress(bytes(2**21))
    with pytest.raises(ValueError, match=r"to unpack to at most.*--size-limit"):
        unzipped(packed, "zeros.csv.gz", SMALL)
    assert unzipped(packed, "zeros.csv.gz") == bytes(2**21)


def npy_claiming(shape: tuple[int, ...]) -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return made.getvalue() + bytes(64)


def test_an_array_that_claims_more_than_its_file_holds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.npy").write_bytes(npy_claiming((2**20, 2**10, 64)))
    np.save(tmp_path / "labels.npy", np.zeros(2, np.int64))
    with pytest.raises(ValueError, match="its header claims"):
        open_dataset(str(tmp_path / "images.npy"))
    with zipfile.ZipFile(tmp_path / "both.npz", "w") as archive:
        archive.writestr("images.npy", npy_claiming((2**20, 2**10, 64)))
        archive.writestr("labels.npy", npy_claiming((4,)))
    with pytest.raises(ValueError, match=r"its header claims .*images.npy"):
        open_dataset(str(tmp_path / "both.npz"))


def test_an_archive_of_zeros_is_not_unpacked(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "zeros.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("x.npy", "w") as member,
    ):
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (3 * 2**26,)})
        for _ in range(3 * 2**8):
            member.write(bytes(2**20))
    assert (tmp_path / "zeros.npz").stat().st_size < 2**20
    with pytest.raises(ValueError, match=r"to unpack to at most.*--size-limit"):
        open_dataset(str(tmp_path / "zeros.npz"))


def test_lines_without_end_and_cells_that_csv_refuses() -> None:
    long_line = b"0," + b"1," * 2**23 + b"1\n"
    with pytest.raises(ValueError, match=r"line 1 of long.csv.*--size-limit"):
        read_table(long_line, "long.csv")
    with pytest.raises(ValueError, match="a line that is none"):
        read_table(b"0," + b"1" * 131_073 + b"\n", "cell.csv")
    with pytest.raises(ValueError, match="line 2"):
        read_table(b"0,1,2,3,4\n0,1,2,3," + b"1" * 131_073 + b"\n", "second.csv")
