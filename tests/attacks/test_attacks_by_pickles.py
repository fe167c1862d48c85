"""Pickles that would run code, take memory or end the process, and CIFAR's files with odd content."""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from attacks import RAN, Attack, as_parameters, cut_off, explore, raw_file, refuse

from featurelens.models import open_dataset

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4)
LABELS = np.arange(10) % 2


class Touch:
    """What runs a command as it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, (f"touch {RAN}",)


def pickled(content: Any, protocol: int = 4) -> Callable[[Path], object]:
    return raw_file("x.pkl", lambda: pickle.dumps(content, protocol))


def _deep(opcode: bytes, depth: int = 2_000_000) -> bytes:
    """A dict whose key lies within so many tuples: to take its hash, C calls itself as often."""
    return b"\x80\x02}K\x01" + opcode * depth + b"K\x01s."


def _laughs() -> bytes:
    """Lists of ten references to the list before, nine times."""
    content: Any = [1] * 10
    for _ in range(9):
        content = [content] * 10
    return pickle.dumps({"images": content, "labels": content})


def _array_state(shape: str, dtype: str, values: str) -> bytes:
    """An array in protocol 0 with the state given."""
    return (
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
        f"(I1\n{shape}cnumpy\ndtype\n(S'{dtype}'\nI0\nI1\ntR{values}tb."
    ).encode()


PICKLES = (
    explore("a command of the system", pickled(Touch()), "x.pkl", "posix.system.*never loaded"),
    explore("a command in a dict", pickled({"data": Touch(), "labels": [1]}, 2), "x.pkl", "never loaded"),
    explore("eval", raw_file("x.pkl", b'cbuiltins\neval\n(S\'open("ran", "w")\'\ntR.'), "x.pkl", "builtins.eval"),
    explore(
        "getattr by a dotted name",
        raw_file("x.pkl", b"\x80\x04\x8c\x05numpy\x8c\x10f2py.os.system xx\x93."),
        "x.pkl",
        "never loaded|cannot be read",
    ),
    explore(
        "ndarray's attribute",
        raw_file("x.pkl", b"\x80\x04\x8c\x05numpy\x8c\x0fndarray.__class_\x93."),
        "x.pkl",
        "never loaded|cannot be read",
    ),
    explore("an instance by INST", raw_file("x.pkl", b"(S'touch ran'\nios\nsystem\n."), "x.pkl", "never loaded"),
    explore("an object by OBJ", raw_file("x.pkl", b"(cos\nsystem\nS'touch ran'\no."), "x.pkl", "never loaded"),
    explore("a registered extension", raw_file("x.pkl", b"\x80\x02\x82\x01."), "x.pkl", "cannot be read|Received"),
    explore("a persistent name", raw_file("x.pkl", b"Pname\n."), "x.pkl", "Expected"),
    explore("a place that claims memory", raw_file("x.pkl", b"\x80\x02]r\xff\xff\xff\x7f."), "x.pkl", "Expected"),
    explore(
        "a text that claims memory",
        raw_file("x.pkl", b"\x80\x04\x8d" + struct.pack("<Q", 2**40) + b"a."),
        "x.pkl",
        "cannot be read",
    ),
    explore(
        "bytes that claim memory",
        raw_file("x.pkl", b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"a."),
        "x.pkl",
        "cannot be read",
    ),
    explore(
        "a frame that claims memory",
        raw_file("x.pkl", b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"a."),
        "x.pkl",
        "cannot be read",
    ),
    explore("a number without end", raw_file("x.pkl", b"\x80\x02\x8b\xff\xff\xff\x7fa."), "x.pkl", "cannot be read"),
    explore("tuples without end as a key", raw_file("x.pkl", lambda: _deep(b"\x85")), "x.pkl", "Expected"),
    explore(
        "lists without end",
        raw_file("x.pkl", lambda: b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b"."),
        "x.pkl",
        "Expected",
    ),
    explore("lists of lists that grow", raw_file("x.pkl", _laughs), "x.pkl", "Expected"),
    explore("a list within itself", raw_file("x.pkl", b"\x80\x02]q\x00h\x00a."), "x.pkl", "Expected"),
    explore("a dict with a key that has no hash", raw_file("x.pkl", b"\x80\x02}]K\x01s."), "x.pkl", "Expected"),
    explore(
        "an array larger than its bytes",
        raw_file(
            "x.pkl",
            lambda: (
                b"\x80\x02}S'data'\n" + _array_state("(I1048576\nI1024\nI1024\nt", "u1", "I00\nS'abc'\n")[:-1] + b"s."
            ),
        ),
        "x.pkl",
        "Expected",
    ),
    explore(
        "an array of objects", pickled({"data": np.array([Touch(), 2], object), "labels": [1, 2]}), "x.pkl", "Expected"
    ),
    explore(
        "an array of objects behind a plain type",
        raw_file("x.pkl", b"\x80\x02" + _array_state("(I1\nt", "V8", "I00\n(lI1\na")),
        "x.pkl",
        "Expected",
    ),
    explore(
        "a structure that reads beyond its end",
        raw_file(
            "x.pkl",
            b"\x80\x02}S'labels'\ncnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(cnumpy\ndtype\n(S'f8'\nI0\nI1\ntRI1000000000\ntsI8\nI1\nI0\ntbs.",
        ),
        "x.pkl",
        "Expected",
    ),
    explore(
        "a type of two gigabytes",
        raw_file("x.pkl", b"\x80\x02cnumpy\ndtype\n(S'V2147483647'\nI0\nI1\ntR."),
        "x.pkl",
        "Expected",
    ),
    explore("a number", pickled(3), "x.pkl", "a dict of arrays"),
    explore(
        "cut off",
        raw_file("x.pkl", lambda: pickle.dumps({"data": IMAGES, "labels": LABELS})[:-40]),
        "x.pkl",
        "whole pickle",
    ),
    explore("one byte", raw_file("x.pkl", b"\x80"), "x.pkl", "whole pickle"),
    explore("empty", raw_file("x.pkl", b""), "x.pkl", "whole pickle"),
)


def cifar(change: Callable[[Path], object]) -> Callable[[Path], object]:
    """CIFAR's folder of one batch, then changed."""

    def make(folder: Path) -> None:
        (folder / "cifar").mkdir()
        batch = {b"data": np.zeros((10, 3072), np.uint8), b"labels": list(range(10))}
        (folder / "cifar/test_batch").write_bytes(pickle.dumps(batch, 2))
        (folder / "cifar/batches.meta").write_bytes(pickle.dumps({b"label_names": [b"a"] * 10}, 2))
        change(folder / "cifar")

    return make


def _batch(**content: Any) -> Callable[[Path], object]:
    whole = {"data": np.zeros((10, 3072), np.uint8), "labels": list(range(10)), **content}
    return cifar(lambda folder: (folder / "test_batch").write_bytes(pickle.dumps(whole, 2)))


def _meta(content: Any) -> Callable[[Path], object]:
    return cifar(lambda folder: (folder / "batches.meta").write_bytes(pickle.dumps(content, 2)))


CIFAR = (
    explore("names that run a command", _meta(Touch()), "cifar", "never loaded"),
    explore("names that are a number", _meta({"label_names": 3}), "cifar", "Expected"),
    explore("names that are lists", _meta({"label_names": [[1, [2]], {"a": 1}] * 5}), "cifar", "Expected"),
    explore("names twice", _meta({"label_names": ["a"] * 10}), "cifar", "Expected"),
    explore(
        "names as one byte",
        cifar(lambda folder: (folder / "batches.meta").write_bytes(b"\x80")),
        "cifar",
        "whole pickle",
    ),
    explore(
        "names that are no text",
        cifar(
            lambda folder: (
                (folder / "batches.meta").unlink(),
                (folder / "batches.meta.txt").write_bytes(b"\xff\xfe\n" * 10),
            )
        ),
        "cifar",
        "Expected",
    ),
    explore(
        "a batch that is a pipe",
        cifar(lambda folder: ((folder / "test_batch").unlink(), os.mkfifo(folder / "test_batch"))),
        "cifar",
        "Expected",
    ),
    explore("labels below nought", _batch(labels=[-1] * 10), "cifar", "Expected"),
    explore("labels of text", _batch(labels=["a", 1]), "cifar", "Expected"),
    explore("labels of all sizes", _batch(labels=[1, [2, 3], 4]), "cifar", "Expected"),
    explore("labels beyond all", _batch(labels=[10**30] * 10), "cifar", "Expected"),
    explore("rows of another length", _batch(data=np.zeros((10, 3071), np.uint8)), "cifar", "Expected"),
    explore("rows of text", _batch(data=np.full((10, 3072), "a")), "cifar", "Expected"),
    explore("binary of another length", raw_file("x.bin", bytes(3072)), "x.bin", "Expected"),
    explore(
        "two sizes of batches",
        cifar(
            lambda folder: (
                (folder / "test_batch").write_bytes(
                    pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": list(range(10))})
                ),
                (folder / "test_batch.bin").write_bytes(bytes(5)),
            )
        ),
        "cifar",
        "Expected",
    ),
)


WHOLE = {"x.pkl": pickled({"data": np.arange(30720, dtype=np.uint8).reshape(10, 3072), "labels": list(range(10))})}
ATTACKS = {"pickles": PICKLES, "CIFAR": CIFAR, "cut off": cut_off(WHOLE)}


@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_a_pickle_that_means_harm_is_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)


@pytest.mark.parametrize("file", WHOLE)
def test_an_honest_pickle_is_taken(file: str, tmp_path: Path) -> None:
    WHOLE[file](tmp_path)
    assert len(open_dataset(tmp_path / file)) >= 2
