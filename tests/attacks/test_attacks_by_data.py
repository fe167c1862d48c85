"""Data that mean harm: IDX and gzip, NumPy's files, tables, pictures, and folders of odd things."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from attacks import RAN, Attack, as_parameters, cut_off, explore, raw_file, refuse, sparse

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4)
LABELS = np.arange(10) % 2
PICTURE = cv2.imencode(".png", IMAGES[0])[1].tobytes()
PAIR = "images.idx,labels.idx"


def files(**content: bytes) -> Callable[[Path], object]:
    """Files by their names, a double underscore for the dot."""
    return lambda folder: [(folder / name.replace("__", ".")).write_bytes(raw) for name, raw in content.items()]


def idx(kind: int, shape: tuple[int, ...], values: bytes) -> bytes:
    return bytes([0, 0, kind, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + values


GOOD_LABELS = idx(8, (10,), LABELS.astype(np.uint8).tobytes())


def pair(images: bytes, labels: bytes = GOOD_LABELS) -> Callable[[Path], object]:
    return files(images__idx=images, labels__idx=labels)


def _gzip_bomb(folder: Path) -> None:
    with gzip.open(folder / "x.csv.gz", "wb", compresslevel=9) as file:
        for _ in range(24):
            file.write(bytes(2**24))


IDX = (
    explore("axes that claim", pair(idx(8, (2**31, 2**31, 2**31), b"x")), PAIR, "a file truncated"),
    explore("fewer values than claimed", pair(idx(8, (10, 4, 4), b"x")), PAIR, "a file truncated"),
    explore("values behind the end", pair(idx(8, (10, 4, 4), bytes(161))), PAIR, "trailing data"),
    explore("255 axes", pair(bytes([0, 0, 8, 255]) + b"\0\0\0\1" * 255 + b"x"), PAIR, "Expected"),
    explore("an unknown type", pair(idx(7, (10, 4, 4), bytes(160))), PAIR, "Expected an IDX file"),
    explore("no axes", pair(bytes([0, 0, 8, 0])), PAIR, "Expected an IDX file"),
    explore("no images", pair(idx(8, (0, 4, 4), b""), idx(8, (0,), b"")), PAIR, "Expected"),
    explore("pictures without pixels", pair(idx(8, (10, 0, 4), b"")), PAIR, "Expected"),
    explore("numbers that are none", pair(idx(13, (10, 4, 4), np.full(160, np.nan, ">f4").tobytes())), PAIR, "finite"),
    explore("one byte", pair(b"\0"), PAIR, "Expected an IDX file"),
    explore("empty", pair(b""), PAIR, "Expected an IDX file"),
    explore(
        "labels below nought",
        pair(idx(8, (10, 4, 4), bytes(range(160))), idx(9, (10,), b"\xff" * 10)),
        PAIR,
        "Expected labels",
    ),
    explore(
        "more labels than images",
        pair(idx(8, (10, 4, 4), bytes(range(160))), idx(8, (11,), bytes(11))),
        PAIR,
        "one label per image",
    ),
    explore("gzip cut off", pair(gzip.compress(idx(8, (10, 4, 4), bytes(160)))[:-9]), PAIR, "whole gzip file"),
    explore("gzip by name alone", raw_file("x.csv.gz", b"0,1\n"), "x.csv.gz", "gzip"),
    explore("gzip of four hundred megabytes", _gzip_bomb, "x.csv.gz", "size-limit"),
)


def npy(descr: str, shape: Any, values: bytes = b"", fortran: bool = False) -> bytes:
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return made.getvalue() + values


def stored(array: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.save(made, array, allow_pickle=True)
    return made.getvalue()


def arrays(images: bytes, labels: bytes | None = None) -> Callable[[Path], object]:
    return files(images__npy=images, labels__npy=stored(LABELS) if labels is None else labels)


def npz(members: dict[str, bytes], **how: Any) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / "x.npz", "w", **how) as file:
            for name, content in members.items():
                file.writestr(name, content)

    return make


def encrypted(folder: Path) -> None:
    npz({"images.npy": stored(IMAGES), "labels.npy": stored(LABELS)})(folder)
    content = bytearray((folder / "x.npz").read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(signature, place + 4)
    (folder / "x.npz").write_bytes(content)


class Touch:
    def __reduce__(self) -> Any:
        return os.system, (f"touch {RAN}",)


def _zeros(folder: Path) -> None:
    with zipfile.ZipFile(folder / "x.npz", "w", zipfile.ZIP_DEFLATED) as file, file.open("images.npy", "w") as member:
        member.write(npy("|u1", (24, 2**12, 2**12)))
        for _ in range(24):
            member.write(bytes(2**24))


TWO = {"images.npy": stored(IMAGES), "labels.npy": stored(LABELS)}
NUMPY = (
    explore(
        "a shape that claims", arrays(npy("<f4", (2**40, 2**10, 64), bytes(64))), "images.npy", "its header claims"
    ),
    explore(
        "a shape that claims in Fortran's order",
        arrays(npy("<f4", (2**40, 64, 64), bytes(64), True)),
        "images.npy",
        "header claims",
    ),
    explore("lengths below nought", arrays(npy("<f4", (-1, 4, 4), bytes(64))), "images.npy", "Expected"),
    explore("lengths that are no numbers", arrays(npy("<f4", ("a", 4), bytes(64))), "images.npy", "Expected"),
    explore("values of no bytes", arrays(npy("|V0", (2**40,), b"")), "images.npy", "Expected"),
    explore("texts of no letters", arrays(npy("<U0", (2**20, 4, 4), b"")), "images.npy", "Expected"),
    explore("an array of objects", arrays(stored(np.array([Touch(), 1], object))), "images.npy", "Python objects"),
    explore(
        "labels of objects",
        arrays(stored(IMAGES), stored(np.array([Touch()] * 10, object))),
        "images.npy",
        "Python objects",
    ),
    explore(
        "a pickle by the name of an array", arrays(pickle.dumps(Touch())), "images.npy", "Python objects|NumPy file"
    ),
    explore("a type that is code", arrays(npy("<f4", (4,), b"").replace(b"'<f4'", b"exit")), "images.npy", "Expected"),
    explore("a header that is no dict", arrays(b"\x93NUMPY\x01\x00\x10\x00" + b"(" * 16), "images.npy", "Expected"),
    explore("brackets without end", arrays(b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 65_535), "images.npy", "Expected"),
    explore("a header of four gigabytes", arrays(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{"), "images.npy", "Expected"),
    explore("an unknown version", arrays(b"\x93NUMPY\x09\x09" + bytes(90)), "images.npy", "Expected"),
    explore("structures", arrays(stored(np.zeros(10, [("a", "u1"), ("b", "f8")]))), "images.npy", "Expected"),
    explore("moments", arrays(stored(np.zeros((10, 4, 4), "M8[s]"))), "images.npy", "Expected"),
    explore("numbers beyond all", arrays(stored(np.full((10, 4, 4), np.inf, np.float32))), "images.npy", "finite"),
    explore("one byte", arrays(b"\x93"), "images.npy", "Expected"),
    explore("empty", arrays(b""), "images.npy", "Expected"),
    explore(
        "an archive that claims",
        npz({"images.npy": npy("<f4", (2**30, 64, 64)), "labels.npy": stored(LABELS)}),
        "x.npz",
        "header claims",
    ),
    explore("an archive of zeros", _zeros, "x.npz", "size-limit"),
    explore(
        "an archive of objects",
        npz({**TWO, "labels.npy": stored(np.array([Touch()] * 10, object))}),
        "x.npz",
        "Python objects",
    ),
    explore("an encrypted archive", encrypted, "x.npz", "Expected"),
    explore("an archive of one byte", raw_file("x.npz", b"P"), "x.npz", "Expected"),
    explore("an archive of nothing", npz({}), "x.npz", "Expected"),
    explore("an archive of other things", npz({"../images": b"x", "labels.npy": b"y"}), "x.npz", "Expected"),
    explore("hostile names in an archive", npz({"\x1b[2J\u202e.npy": stored(LABELS)}), "x.npz", r"\\u001b"),
    explore("a single array as an archive", raw_file("x.npz", stored(IMAGES)), "x.npz", "Rename it to .npy"),
)


def table(text: bytes | str) -> Callable[[Path], object]:
    return raw_file("x.csv", text if isinstance(text, bytes) else text.encode())


ROW = ",".join("0" for _ in range(16))
TABLES = (
    explore("a line of twenty megabytes", table(b"0," + b"1," * (10 * 2**20) + b"1\n"), "x.csv", "size-limit"),
    explore("a cell of 131,073 letters", table(f"0,{'1' * 131_073}\n"), "x.csv", "Expected"),
    explore("a label of 131,073 letters", table(f"label,a,b,c,d\n{'x' * 131_073},0,0,0,0\n"), "x.csv", "Expected"),
    explore("a cell of escapes", table("0,1,2,3,\x1b[2J\x1b]0;title\x07\n"), "x.csv", "Expected"),
    explore("zeros alone", table(bytes(5000)), "x.csv", "Expected"),
    explore("bytes that are no UTF-8", table(b"\xff\xfe\xfd,\x80\n" * 9), "x.csv", "Expected"),
    explore("quotes without end", table('"' * 9999), "x.csv", "Expected"),
    explore("a formula", table('=cmd|"/c calc"!A1,0,0,0,0\n'), "x.csv", "Expected"),
    explore("numbers that are none", table(f"0,{ROW.replace('0', 'nan')}\n"), "x.csv", "Expected"),
    explore("numbers beyond all", table(f"0,{ROW.replace('0', '1e999')}\n"), "x.csv", "Expected"),
    explore("a label beyond all", table(f"{10**30},{ROW}\n"), "x.csv", "Expected"),
    explore("a label below nought", table(f"-1,{ROW}\n"), "x.csv", "Expected"),
    explore("lines of different lengths", table(f"0,{ROW}\n1,2\n"), "x.csv", "line 2"),
    explore("one byte", table(b"x"), "x.csv", "Expected"),
    explore("empty", table(b""), "x.csv", "Expected"),
    explore("files outside", table("file,label\n../../../etc/passwd,a\n/dev/zero,b\n"), "x.csv", "Expected"),
)


def claiming_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def _black_png(side: int) -> bytes:
    """A picture of one colour, honest, and of a thousandth of the bytes that it unpacks to."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + side)) for _ in range(side)) + packer.flush()
    made = claiming_png(side, side)
    end = made.index(b"IDAT") - 4
    part = b"IDAT" + rows
    return made[:end] + struct.pack(">I", len(rows)) + part + struct.pack(">I", zlib.crc32(part)) + made[-12:]


def _tiff(*tags: tuple[int, int, int, int]) -> bytes:
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + struct.pack("<I", 8)
    )  # the next is the same again


def among(**pictures: bytes) -> Callable[[Path], object]:
    """A folder of one class without any picture that is whole."""

    def make(folder: Path) -> None:
        (folder / "photos/cats").mkdir(parents=True)
        for name, content in pictures.items():
            (folder / "photos/cats" / name.replace("__", ".")).write_bytes(content)

    return make


def picture(name: str, file: str, content: bytes, says: str = "Expected") -> Attack:
    """A picture that is met among others, and as the one to explain."""
    return explore(name, among(**{file.replace(".", "__"): content}), "photos", says)


PICTURES = (
    picture("a PNG of 20,000 x 20,000 by its header", "x.png", claiming_png(20_000, 20_000)),
    picture("a PNG of two thousand millions a side", "x.png", claiming_png(2**31 - 1, 2**31 - 1)),
    picture("a PNG without pixels", "x.png", claiming_png(0, 0)),
    picture("a PNG of one byte", "x.png", b"\x89"),
    picture("a PNG without its end", "x.png", PICTURE[:-12]),
    picture("a black PNG that unpacks to a thousand times its size", "x.png", _black_png(17_000)),
    picture("a TIFF whose list of parts is a loop", "x.tiff", _tiff((256, 4, 1, 9), (257, 4, 1, 9), (258, 3, 1, 8))),
    picture(
        "a TIFF that claims",
        "x.tiff",
        _tiff((256, 4, 1, 2**31), (257, 4, 1, 2**31), (273, 4, 1, 8), (279, 4, 1, 2**31)),
    ),
    picture("a TIFF of floats as a PNG", "x.png", cv2.imencode(".tiff", np.ones((4, 4), np.float32))[1].tobytes()),
    picture("an HDR as a PNG", "x.png", cv2.imencode(".hdr", np.ones((4, 4, 3), np.float32))[1].tobytes()),
    picture(
        "a BMP that claims",
        "x.bmp",
        b"BM" + struct.pack("<IHHIIiiHH", 99, 0, 0, 54, 40, 2**30, 2**30, 1, 24) + bytes(60),
    ),
    picture("a GIF that claims", "x.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(60)),
    picture("a JPEG that claims", "x.jpg", b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\x03" + bytes(9) + b"\xff\xd9"),
    picture("a WebP that claims", "x.webp", b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6),
    picture("SVG with a script as a PNG", "x.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"),
    picture("PostScript as a JPEG", "x.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n(r) (w) file\n"),
    picture("random bytes", "x.png", b"\x89PNG\r\n\x1a\n" + np.random.default_rng(5).bytes(3000)),
    Attack(
        "a pipe to explain",
        lambda folder: os.mkfifo(folder / "x.png"),
        "explain three_conv --image x.png --output y.png",
        "a pipe",
    ),
    Attack(
        "a device to explain",
        lambda folder: (folder / "x.png").symlink_to("/dev/zero"),
        "explain three_conv --image x.png --output y.png",
        "a device",
    ),
    Attack(
        "a PNG of 20,000 x 20,000 to explain",
        raw_file("x.png", claiming_png(20_000, 20_000)),
        "explain three_conv --image x.png --output y.png",
        "pixels",
    ),
)


def place(*made: Callable[[Path], object]) -> Callable[[Path], object]:
    """A folder of a class with what is put into it."""

    def make(folder: Path) -> None:
        (folder / "photos/cats").mkdir(parents=True)
        for each in made:
            each(folder / "photos/cats")

    return make


def _socket(folder: Path) -> None:
    os.chdir(folder)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("x.png")


FOLDERS = (
    explore("a pipe among pictures", place(lambda folder: os.mkfifo(folder / "x.png")), "photos", "Expected"),
    explore("a socket among pictures", place(_socket), "photos", "Expected"),
    explore(
        "a device among pictures",
        place(lambda folder: (folder / "x.png").symlink_to("/dev/zero")),
        "photos",
        "Expected",
    ),
    explore("a link to itself", place(lambda folder: (folder / "x.png").symlink_to("x.png")), "photos", "Expected"),
    explore(
        "a folder that leads to itself", place(lambda folder: (folder / "loop").symlink_to("..")), "photos", "Expected"
    ),
    explore(
        "a folder by the name of a picture", place(lambda folder: (folder / "x.png").mkdir()), "photos", "Expected"
    ),
    explore(
        "a sparse file of five gigabytes",
        place(lambda folder: sparse(folder / "x.png", 5 * 2**30)),
        "photos",
        "Expected",
    ),
    explore(
        "a link that leads nowhere",
        place(lambda folder: (folder / "x.png").symlink_to("nowhere")),
        "photos",
        "Expected",
    ),
    explore("nothing", lambda folder: (folder / "photos").mkdir(), "photos", "Expected"),
    explore("a pipe as data", lambda folder: os.mkfifo(folder / "x.npz"), "x.npz", "Expected"),
    explore("a device as data", lambda folder: (folder / "x.csv").symlink_to("/dev/zero"), "x.csv", "Expected"),
    explore(
        "names of 250 letters",
        place(lambda folder: (folder / f"{'x' * 246}.png").write_bytes(b"x")),
        "photos",
        "Expected",
    ),
    explore(
        "names that a terminal obeys",
        place(lambda folder: (folder / "\x1b[2J\u202e\x07.png").write_bytes(b"x")),
        "photos",
        "Expected",
    ),
    explore(
        "names that are no UTF-8",
        place(lambda folder: (folder / "\udcff\udc80.png").write_bytes(b"x")),
        "photos",
        "Expected",
    ),
    Attack(
        "a page over a device",
        lambda folder: np.savez(folder / "x.npz", images=IMAGES, labels=LABELS),
        "explore --data x.npz --output /dev/null",
        "a device",
    ),
    Attack(
        "a page over a pipe",
        lambda folder: (np.savez(folder / "x.npz", images=IMAGES, labels=LABELS), os.mkfifo(folder / "page.html")),
        "explore --data x.npz --output page.html",
        "a pipe",
    ),
    Attack(
        "a page over its data",
        lambda folder: np.savez(folder / "x.npz", images=IMAGES, labels=LABELS),
        "explore --data x.npz --output ./x.npz",
        "never over it",
    ),
    Attack(
        "a page over its data by a link",
        lambda folder: (
            np.savez(folder / "x.npz", images=IMAGES, labels=LABELS),
            (folder / "y.html").symlink_to("x.npz"),
        ),
        "explore --data x.npz --output y.html",
        "never over it",
    ),
    Attack(
        "a page by too long a name",
        lambda folder: np.savez(folder / "x.npz", images=IMAGES, labels=LABELS),
        f"explore --data x.npz --output {'y' * 300}.html",
        "Expected",
    ),
)

WHOLE = {
    "x.npz": npz(TWO),
    "x.csv.gz": raw_file("x.csv.gz", lambda: gzip.compress(f"0,{ROW}\n1,{ROW}\n".encode(), mtime=0)),
}
ATTACKS = {
    "IDX and gzip": IDX,
    "NumPy": NUMPY,
    "tables": TABLES,
    "pictures": PICTURES,
    "folders": FOLDERS,
    "cut off": cut_off(WHOLE),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_data_that_mean_harm_are_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)
