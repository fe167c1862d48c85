"""HDF5 and MATLAB files that lead elsewhere, claim what they do not hold, unpack without end, or are damaged."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from attacks import Attack, as_parameters, cut_off, explore, raw_file, refuse

from featurelens.models import open_dataset

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4)
LABELS = np.arange(10) % 2


def hdf5(write: Callable[[h5py.File], object], name: str = "x.h5", **kept: Any) -> Callable[[Path], object]:
    """A file with honest images and labels, but for what `write` adds or `kept` leaves out."""

    def make(folder: Path) -> None:
        (folder / "secret").write_bytes(bytes(range(160)))
        with h5py.File(folder / name, "w") as file:
            if kept.get("images", True):
                file["images"] = IMAGES
            if kept.get("labels", True):
                file["labels"] = LABELS
            write(file)

    return make


def _external(key: str, shape: tuple[int, ...]) -> Callable[[h5py.File], object]:
    size = int(np.prod(shape))
    return lambda file: file.create_dataset(key, shape, "u1", external=[("secret", 0, size)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((10, 4, 4), "u1")
    layout[:] = h5py.VirtualSource("other.h5", "images", (10, 4, 4))
    file.create_virtual_dataset("images", layout)


def _claims(key: str, shape: tuple[int, ...], kind: str = "u1") -> Callable[[h5py.File], object]:
    chunks = tuple(min(length, 64) for length in shape)
    return lambda file: file.create_dataset(key, shape, kind, chunks=chunks)


def _packed_zeros(file: h5py.File) -> None:
    """A chunk of 768 MiB of zeros in less than a megabyte; written as it is stored, so that it costs no time."""
    rows, side = 3, 2**14
    zeros = file.create_dataset("images", (rows, side, side), "u1", chunks=(rows, side, side), compression="gzip")
    zeros.id.write_direct_chunk((0, 0, 0), _zeros_packed(rows * side * side))
    file["labels"] = np.arange(rows)


def _zeros_packed(size: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(2**24)) for _ in range(size // 2**24)) + packer.flush()


def _vlen(file: h5py.File) -> None:
    file.create_dataset("images", (10,), h5py.vlen_dtype(np.uint8))


def _compound(file: h5py.File) -> None:
    file["images"] = np.zeros((10, 4, 4), [("a", "u1"), ("b", "f8")])


def _references(file: h5py.File) -> None:
    made = file.create_dataset("labels", (10,), h5py.ref_dtype)
    made[0] = file["images"].ref


def _cycle(file: h5py.File) -> None:
    file.create_group("a/b")
    file["a/b/back"] = file["a"]
    file["a/b/c"] = np.zeros((3, 3))


HDF5 = (
    explore("images kept in another file", hdf5(_external("images", (10, 4, 4)), images=False), "x.h5", "another file"),
    explore("labels kept in another file", hdf5(_external("labels", (10,)), labels=False), "x.h5", "another file"),
    explore(
        "images of /etc/passwd",
        hdf5(
            lambda file: file.create_dataset("images", (10, 4, 4), "u1", external=[("/etc/passwd", 0, 160)]),
            images=False,
        ),
        "x.h5",
        "another file",
    ),
    explore("images by a virtual data set", hdf5(_virtual, images=False), "x.h5", "another file"),
    explore(
        "images by an external link",
        hdf5(lambda file: file.__setitem__("images", h5py.ExternalLink("other.h5", "/images")), images=False),
        "x.h5",
        "link 'images'",
    ),
    explore(
        "images by a soft link",
        hdf5(lambda file: file.__setitem__("images", h5py.SoftLink("/labels")), images=False),
        "x.h5",
        "link 'images'",
    ),
    explore(
        "a link to itself", hdf5(lambda file: file.__setitem__("loop", h5py.SoftLink("/loop"))), "x.h5", "link 'loop'"
    ),
    explore("a group within itself", hdf5(_cycle, images=False), "x.h5", "images and labels"),
    explore(
        "images claimed, none stored", hdf5(_claims("images", (2**30, 64, 64)), images=False), "x.h5", "size-limit"
    ),
    explore("labels claimed, none stored", hdf5(_claims("labels", (2**38,), "f8"), labels=False), "x.h5", "size-limit"),
    explore("class names claimed", hdf5(_claims("class_names", (2**36,), "S64")), "x.h5", "size-limit"),
    explore("zeros packed", hdf5(_packed_zeros, images=False, labels=False), "x.h5", "size-limit"),
    explore("images of lists", hdf5(_vlen, images=False), "x.h5", "Expected"),
    explore("images of structures", hdf5(_compound, images=False), "x.h5", "images as numbers"),
    explore("labels that point", hdf5(_references, labels=False), "x.h5", "Expected"),
    explore("one value", hdf5(lambda file: file.__setitem__("images", 3), images=False), "x.h5", "Expected"),
    explore(
        "no values", hdf5(lambda file: file.__setitem__("images", h5py.Empty("f4")), images=False), "x.h5", "Expected"
    ),
    explore("no images", hdf5(lambda file: file.__setitem__("images", IMAGES[:0]), images=False), "x.h5", "Expected"),
    explore(
        "a number that is none",
        hdf5(lambda file: file.__setitem__("images", np.full((10, 4, 4), np.nan)), images=False),
        "x.h5",
        "finite",
    ),
    explore(
        "labels below nought",
        hdf5(
            lambda file: (file.__setitem__("labels", LABELS - 1), file.__setitem__("class_names", ["a", "b"])),
            labels=False,
        ),
        "x.h5",
        "Expected",
    ),
    explore(
        "labels that are none",
        hdf5(lambda file: file.__setitem__("labels", np.full(10, np.nan)), labels=False),
        "x.h5",
        "Expected",
    ),
    explore(
        "labels beyond all",
        hdf5(lambda file: file.__setitem__("labels", np.full(10, 2**62)), labels=False),
        "x.h5",
        "Expected",
    ),
    explore(
        "random bytes behind the signature",
        lambda folder: (folder / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + np.random.default_rng(0).bytes(5000)),
        "x.h5",
        "whole HDF5 file",
    ),
)


def mat(
    content: dict[str, Any], change: Callable[[bytes], bytes] = lambda raw: raw, **kept: Any
) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        made = io.BytesIO()
        scipy.io.savemat(made, content, **kept)
        (folder / "x.mat").write_bytes(change(made.getvalue()))

    return make


def _element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def _matrix(shape: tuple[int, ...], values: bytes, name: bytes = b"X", kind: int = 9) -> bytes:
    """A variable of MATLAB 5: flags, lengths of its axes, name, values of type uint8."""
    parts = _element(6, struct.pack("<II", kind, 0)) + _element(5, struct.pack(f"<{len(shape)}i", *shape))
    return parts + _element(1, name) + _element(2, values)


def _mat_file(*variables: bytes) -> bytes:
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + b"".join(variables)


def _plain(matrix: bytes) -> bytes:
    return struct.pack("<II", 14, len(matrix)) + matrix


def _packed(matrix: bytes) -> bytes:
    packed = zlib.compress(_plain(matrix))
    return struct.pack("<II", 15, len(packed)) + packed


def _mat_bomb() -> bytes:
    size = 2**30
    head = _matrix((2**10, 2**10, 2**10), b"")[:-8] + struct.pack("<II", 2, size)
    packer = zlib.compressobj(9)
    packed = packer.compress(struct.pack("<II", 14, len(head) + size) + head)
    packed += b"".join(packer.compress(bytes(2**24)) for _ in range(size // 2**24)) + packer.flush()
    return struct.pack("<II", 15, len(packed)) + packed


def _nested_cells(depth: int) -> bytes:
    inner = _matrix((1, 1), b"\1", b"")
    for _ in range(depth):
        head = _element(6, struct.pack("<II", 1, 0)) + _element(5, struct.pack("<ii", 1, 1)) + _element(1, b"")
        inner = head + _plain(inner)
    return _plain(inner)


def _version_4(rows: int, columns: int) -> bytes:
    return struct.pack("<5i", 0, rows, columns, 0, 2) + b"X\0" + bytes(64)


STREET = {"X": np.arange(30720, dtype=np.uint8).reshape(32, 32, 3, 10), "y": np.arange(1, 11).reshape(10, 1)}
MATLAB = (
    explore("random bytes", raw_file("x.mat", np.random.default_rng(1).bytes(4000)), "x.mat", "whole MATLAB file"),
    explore("one byte", raw_file("x.mat", b"M"), "x.mat", "MATLAB file"),
    explore("empty", raw_file("x.mat", b""), "x.mat", "MATLAB file"),
    explore(
        "packed with a flaw",
        mat(STREET, lambda raw: raw[:200] + b"\xff" * 40 + raw[240:], do_compression=True),
        "x.mat",
        "whole MATLAB file",
    ),
    explore("a gigabyte of zeros packed", raw_file("x.mat", lambda: _mat_file(_mat_bomb())), "x.mat", "size-limit"),
    explore(
        "axes that claim", raw_file("x.mat", _mat_file(_plain(_matrix((2**30, 2**30), bytes(8))))), "x.mat", "Expected"
    ),
    explore(
        "axes that claim, packed",
        raw_file("x.mat", _mat_file(_packed(_matrix((2**15, 2**15, 2**5), bytes(8))))),
        "x.mat",
        "Expected",
    ),
    explore(
        "axes below nought", raw_file("x.mat", _mat_file(_plain(_matrix((-1, 4, 4), bytes(16))))), "x.mat", "Expected"
    ),
    explore("cells nested without end", raw_file("x.mat", lambda: _mat_file(_nested_cells(3000))), "x.mat", "Expected"),
    explore("version 4 that claims", raw_file("x.mat", _version_4(2**30, 2**30)), "x.mat", "Expected"),
    explore("version 4 that claims some", raw_file("x.mat", _version_4(2**15, 2**14)), "x.mat", "Expected"),
    explore("version 4 below nought", raw_file("x.mat", _version_4(-5, 7)), "x.mat", "Expected"),
    explore("an object", mat({"X": {"a": [1, 2, {"b": 3}]}, "y": "none"}), "x.mat", "Expected"),
    explore("labels of text", mat({"X": STREET["X"], "y": np.array(["a", "b", 3.5], object)}), "x.mat", "Expected"),
    explore("labels that are none", mat({"X": STREET["X"], "y": np.full((10, 1), np.nan)}), "x.mat", "Expected"),
    explore(
        "version 7.3 that points", hdf5(_external("X", (10, 4, 4)), "x.mat", images=False), "x.mat", "another file"
    ),
    explore(
        "version 7.3 that claims", hdf5(_claims("X", (2**30, 64, 64)), "x.mat", images=False), "x.mat", "size-limit"
    ),
)


WHOLE = {"x.h5": hdf5(lambda file: None), "x.mat": mat(STREET)}
ATTACKS = {"HDF5": HDF5, "MATLAB": MATLAB, "cut off": cut_off(WHOLE)}


@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_an_array_file_that_means_harm_is_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)


@pytest.mark.parametrize("file", WHOLE)
def test_an_honest_array_file_is_taken(file: str, tmp_path: Path) -> None:
    WHOLE[file](tmp_path)
    assert len(open_dataset(tmp_path / file)) >= 2
