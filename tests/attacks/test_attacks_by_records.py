"""TFRecord and Parquet files that claim what they do not hold, repeat without end, or are damaged."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from attacks import Attack, as_parameters, cut_off, explore, raw_file, refuse, sparse

from featurelens.models import open_dataset

IMAGES = np.arange(10 * 4 * 4, dtype=np.uint8).reshape(10, 4, 4)
PICTURE = cv2.imencode(".png", IMAGES[0])[1].tobytes()


def example(**features: Any) -> bytes:
    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List)}
    made = {}
    for name, value in features.items():
        values = value if isinstance(value, list) else [value]
        field, kind = kinds[type(values[0])]
        made[name] = tf.train.Feature(**{field: kind(value=values)})
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def record(content: bytes, claimed: int | None = None) -> bytes:
    return struct.pack("<Q", len(content) if claimed is None else claimed) + bytes(4) + content + bytes(4)


def tfrecord(*records: bytes) -> Callable[[Path], object]:
    return raw_file("x.tfrecord", b"".join(records))


GOOD = record(example(image=PICTURE, label=1))
TFRECORDS = (
    explore("a length without end", tfrecord(GOOD, record(b"abc", 2**63)), "x.tfrecord", "whole records"),
    explore("a length beyond the file", tfrecord(GOOD, record(b"abc", 4)), "x.tfrecord", "whole records"),
    explore(
        "a hundred megabytes of nothing",
        lambda folder: sparse(folder / "x.tfrecord", 100 * 2**20),
        "x.tfrecord",
        "records",
    ),
    explore(
        "random bytes", raw_file("x.tfrecord", np.random.default_rng(2).bytes(4000)), "x.tfrecord", "whole records"
    ),
    explore("empty", tfrecord(), "x.tfrecord", "records"),
    explore("one byte", tfrecord(b"x"), "x.tfrecord", "records"),
    explore("a record that is no example", tfrecord(record(b"\xff" * 50)), "x.tfrecord", "tf.train.Example"),
    explore(
        "a second record that is no example", tfrecord(GOOD, record(b"\xff" * 50)), "x.tfrecord", "tf.train.Example"
    ),
    explore("messages within each other", tfrecord(record(b"\x0a\x80\x01" * 10_000)), "x.tfrecord", "Expected"),
    explore("no features", tfrecord(record(example())), "x.tfrecord", "feature"),
    explore(
        "two images in a record", tfrecord(record(example(image=[PICTURE, PICTURE], label=1))), "x.tfrecord", "Expected"
    ),
    explore(
        "two labels in a record", tfrecord(record(example(image=PICTURE, label=[1, 2]))), "x.tfrecord", "one label"
    ),
    explore("an image of numbers", tfrecord(record(example(image=3, label=1))), "x.tfrecord", "Expected"),
    explore("an image that is none", tfrecord(record(example(image=b"none", label=1))), "x.tfrecord", "encoded images"),
    explore("a hostile feature", tfrecord(record(example(**{"\x1b[2J\u202e": 1}))), "x.tfrecord", r"\\u001b"),
    explore("packed", raw_file("x.tfrecord.gz", gzip.compress(GOOD)), "x.tfrecord.gz", "gunzip"),
    explore("a pipe", lambda folder: os.mkfifo(folder / "x.tfrecord"), "x.tfrecord", "Expected"),
)


def parquet(
    columns: dict[str, Any], metadata: dict[bytes, bytes] | None = None, **how: Any
) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        table = pa.table(columns)
        table = table.replace_schema_metadata(metadata) if metadata else table
        pq.write_table(table, folder / "x.parquet", **how)

    return make


def repeated(rows: int, picture: bytes, column: str = "image") -> Callable[[Path], object]:
    """A picture that is stored once and claimed for each row."""

    def make(folder: Path) -> None:
        zeros = pa.array(np.zeros(rows, np.int8))
        images = pa.DictionaryArray.from_arrays(zeros, pa.array([picture]))
        labels = pa.DictionaryArray.from_arrays(zeros, pa.array([0]))
        table = pa.table({column: images, "label": labels})
        pq.write_table(table, folder / "x.parquet", row_group_size=rows, store_schema=False)

    return make


def _footer(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        parquet({"image": [PICTURE] * 4, "label": [0, 1, 0, 1]})(folder)
        raw = (folder / "x.parquet").read_bytes()
        length = int.from_bytes(raw[-8:-4], "little")
        (folder / "x.parquet").write_bytes(change(raw[: -8 - length]) + raw[-8 - length :])

    return make


PARQUET = (
    explore(
        "random bytes",
        raw_file("x.parquet", b"PAR1" + np.random.default_rng(3).bytes(900) + b"PAR1"),
        "x.parquet",
        "Expected",
    ),
    explore("one byte", raw_file("x.parquet", b"P"), "x.parquet", "Expected"),
    explore("its signature alone", raw_file("x.parquet", b"PAR1"), "x.parquet", "Expected"),
    explore(
        "a footer that claims",
        raw_file("x.parquet", b"PAR1" + bytes(40) + b"\xff\xff\xff\x7fPAR1"),
        "x.parquet",
        "Expected",
    ),
    explore("pages overwritten", _footer(lambda raw: b"PAR1" + b"\xff" * (len(raw) - 4)), "x.parquet", "Expected"),
    explore("eight million rows in a few kilobytes", repeated(8_000_000, PICTURE), "x.parquet", "size-limit"),
    explore(
        "a picture of ten megabytes ten thousand times",
        repeated(10_000, PICTURE + bytes(10_000_000)),
        "x.parquet",
        "size-limit",
    ),
    explore(
        "a file's name of ten megabytes in each row",
        repeated(10_000, "x" * 10_000_000, "file"),
        "x.parquet",
        "size-limit",
    ),
    explore(
        "zeros packed",
        parquet({"image": [bytes(2**28), bytes(2**28)], "label": [0, 1]}, compression="zstd"),
        "x.parquet",
        "size-limit",
    ),
    explore(
        "no rows",
        parquet({"image": pa.array([], pa.binary()), "label": pa.array([], pa.int64())}),
        "x.parquet",
        "Expected",
    ),
    explore("no columns", parquet({}), "x.parquet", "Expected"),
    explore(
        "two columns of one name",
        lambda folder: pq.write_table(
            pa.table([[PICTURE], [PICTURE], [1]], names=["image", "image", "label"]), folder / "x.parquet"
        ),
        "x.parquet",
        "Expected",
    ),
    explore(
        "images that are none", parquet({"image": [b"x", b"y"], "label": [0, 1]}), "x.parquet", "none that is whole"
    ),
    explore(
        "images that are null",
        parquet({"image": pa.array([None, None], pa.binary()), "label": [0, 1]}),
        "x.parquet",
        "Expected",
    ),
    explore(
        "labels that are null",
        parquet({"image": [PICTURE, PICTURE], "label": pa.array([None, None], pa.int64())}),
        "x.parquet",
        "Expected",
    ),
    explore(
        "labels that are lists", parquet({"image": [PICTURE, PICTURE], "label": [[1], [2, 3]]}), "x.parquet", "Expected"
    ),
    explore(
        "labels that are moments",
        parquet({"image": [PICTURE, PICTURE], "label": pa.array([1, 2], pa.timestamp("s"))}),
        "x.parquet",
        "label-column",
    ),
    explore(
        "labels that are no numbers",
        parquet({"image": [PICTURE, PICTURE], "label": [float("nan"), 1.0]}),
        "x.parquet",
        "Expected",
    ),
    explore(
        "a file outside by its name",
        parquet({"file": ["/etc/passwd", "../x.png"], "label": [0, 1]}),
        "x.parquet",
        "Expected",
    ),
    explore("a hostile column", parquet({"image": [PICTURE], "\x1b[2J\u2029": [1], "b": [2]}), "x.parquet", r"\\u001b"),
    explore(
        "shards of different columns",
        lambda folder: [
            (folder / "data").mkdir(),
            pq.write_table(pa.table({"image": [PICTURE], "label": [1]}), folder / "data/a.parquet"),
            pq.write_table(pa.table({"picture": [1]}), folder / "data/b.parquet"),
        ],
        ".",
        "Expected",
    ),
)


WHOLE = {
    "x.tfrecord": tfrecord(*[record(example(image=PICTURE, label=label)) for label in range(3)]),
    "x.parquet": parquet({"image": [PICTURE, PICTURE], "label": [0, 1]}),
}
ATTACKS = {"TFRecord": TFRECORDS, "Parquet": PARQUET, "cut off": cut_off(WHOLE)}


@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_a_file_of_records_that_means_harm_is_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)


@pytest.mark.parametrize("file", WHOLE)
def test_an_honest_file_of_records_is_taken(file: str, tmp_path: Path) -> None:
    WHOLE[file](tmp_path)
    assert len(open_dataset(tmp_path / file)) >= 2


def test_names_without_end_are_no_names(tmp_path: Path) -> None:
    deep = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    parquet({"image": [PICTURE] * 2, "label": [0, 1]}, {b"huggingface": deep})(tmp_path)
    assert open_dataset(tmp_path / "x.parquet").class_names == ("0", "1")
