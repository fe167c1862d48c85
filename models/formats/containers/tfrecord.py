"""Encoded images in TFRecord files of `tf.train.Example`, one file or the shards of one split in a folder.

The records are found by their lengths, so that each is read alone when it is needed; TensorFlow reads what is in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import LIMITS, require_regular_file, too_large
from ..array_files import file_print
from ..image_folders import report_left_out
from ..picture_files import pictures
from ..reading import Reading
from ..stored_images import StoredImages

IMAGE_KEYS = ("image/encoded", "image", "image_raw", "encoded", "img", "jpg", "png", "jpeg")
LABEL_KEYS = ("image/class/label", "label", "labels", "class", "target", "y", "image/class/text", "label/text", "cls")
_NAME = re.compile(r".*\.tfrecords?(-\d+-of-\d+)?(\.gz)?$", re.IGNORECASE)


def is_tfrecord(path: Path) -> bool:
    """Whether a file, or the files in a folder, are named as TFRecord files are."""
    if path.is_dir():
        return bool(_shards(path, None))
    return path.is_file() and _NAME.fullmatch(path.name) is not None


def stored_tfrecord(path: Path, reading: Reading) -> StoredImages:
    """The images of one file or of the shards in a folder."""
    shards = _shards(path, reading.split) if path.is_dir() else [path]
    if not shards:
        raise ValueError(
            f"Expected TFRecord files of --split {reading.split} in '{path}'. Received none. Pass a part of their names."
        )
    if any(shard.suffix == ".gz" for shard in shards):
        raise ValueError(
            f"Expected TFRecord files that are not compressed. Received '{shards[0]}'. Unpack it with gunzip."
        )
    places = [(shard, start, length) for shard in shards for start, length in records(shard)]
    if not places:
        raise ValueError(f"Expected records in '{path}'. Received none. Check that the file is complete.")
    images_key, labels_key = _keys(_features(places[0]), path, reading)
    labels = [_label(_features(place), labels_key, number, path) for number, place in enumerate(places)]
    readers = [_reader(place, images_key, number, path) for number, place in enumerate(places)]
    names = [f"{place[0].name}:{number}" for number, place in enumerate(places)]
    found = pictures(names, readers, reading)
    if not found.whole.size:
        raise ValueError(
            f"Expected encoded images (PNG, JPEG) under '{images_key}' in '{path}'. Received other bytes. Store them as "
            "tf.io.encode_png makes them, or name the feature with --images-key."
        )
    report_left_out(path, len(names), found.unreadable, ())
    return StoredImages(
        pixels=found.pixels,
        labels=np.array(labels)[found.whole],
        source=f"TFRecord {path}",
        files=tuple(file_print(shard) for shard in shards),
        unreadable=found.unreadable,
        names=tuple(names[number] for number in found.whole),
        notes=found.notes,
    )


def records(path: Path) -> Iterator[tuple[int, int]]:
    """(start, length) of each record: eight bytes of length, four of a checksum, the record, four of a checksum."""
    require_regular_file(path)
    size, place = path.stat().st_size, 0
    with path.open("rb") as file:
        while place < size:
            file.seek(place)
            length = int.from_bytes(file.read(8), "little")
            if place + 16 + length > size:
                raise ValueError(
                    f"Expected whole records in '{path}'. Received one of {length:,} bytes at {place:,} of {size:,}. "
                    "Fetch the file again; it is cut off, or no TFRecord file."
                )
            if length == 0:
                raise ValueError(
                    f"Expected records that hold an image in '{path}'. Received an empty one at {place:,}. Fetch the file again; "
                    "it is damaged, or no TFRecord file."
                )
            if length > LIMITS.line_bytes * 16:
                raise too_large(f"a record of {path}", length, LIMITS.line_bytes * 16)
            yield place + 12, length
            place += 16 + length


def _shards(folder: Path, split: str | None) -> list[Path]:
    found = [entry for entry in sorted(folder.iterdir()) if entry.is_file() and _NAME.fullmatch(entry.name)]
    return [entry for entry in found if split is None or split.lower() in entry.name.lower()]


def _features(place: tuple[Path, int, int]) -> Any:
    """{name: feature} of a record."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    path, start, length = place
    with path.open("rb") as file:
        file.seek(start)
        raw = file.read(length)
    try:
        return tf.train.Example.FromString(raw).features.feature
    except Exception as error:  # protobuf's own error class differs between its versions
        raise ValueError(
            f"Expected a tf.train.Example in each record of '{path}'. Received another ({error})."
        ) from error


def _keys(features: Any, path: Path, reading: Reading) -> tuple[str, str]:
    known = ", ".join(sorted(features)) or "none"
    found = []
    for option, asked, usual in (
        ("--images-key", reading.images_key, IMAGE_KEYS),
        ("--labels-key", reading.labels_key, LABEL_KEYS),
    ):
        key = asked if asked is not None else next((key for key in usual if key in features), None)
        if key is None or key not in features:
            raise ValueError(
                f"Expected a feature of {', '.join(usual[:4])} in '{path}'. Received {known}. Name it with {option}."
            )
        found.append(key)
    return found[0], found[1]


def _label(features: Any, key: str, number: int, path: Path) -> int | str:
    feature = features.get(key)
    numbers = [] if feature is None else list(feature.int64_list.value)
    texts: Sequence[bytes] = [] if feature is None else list(feature.bytes_list.value)
    if len(numbers) == 1:
        return int(numbers[0])
    if len(texts) == 1:
        return texts[0].decode("utf-8", "replace")
    raise ValueError(
        f"Expected one label under '{key}' in record {number} of '{path}'. Received {len(numbers) + len(texts)}."
    )


def _reader(place: tuple[Path, int, int], key: str, number: int, path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        features = _features(place)
        feature = features.get(key)
        values = [] if feature is None else feature.bytes_list.value
        if len(values) != 1:
            raise ValueError(
                f"Expected one image under '{key}' in record {number} of '{path}'. Received {len(values)}."
            )
        return bytes(values[0])

    return read
