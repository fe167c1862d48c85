"""From what a person writes after --data to a Dataset that fits the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..datasets.class_names import match_class_names
from ..datasets.dataset import Dataset
from ..datasets.labels import fitted_to_outputs
from ..datasets.lazy_images import in_bytes
from ..datasets.resizing import InputShape
from ..remote_files import is_remote, local_copy
from .containers.array_pixels import UnitPixels
from .containers.python_sources import is_python_source, stored_source
from .fashion_mnist import fashion_mnist
from .image_files import is_picture_name
from .known_formats import call, format_of, format_of_pair, kinds
from .places.signal_files import holds_signals
from .reading import Reading, Wanted
from .stored_images import StoredImages, dataset_of

NAMED = {"fashion_mnist": "test", "fashion_mnist:test": "test", "fashion_mnist:train": "train"}  # name -> split


def open_dataset(
    source: str | Path | Any,
    *,
    model_input: InputShape | None = None,
    scale: str | None = None,
    resize: bool = False,
    class_names: Sequence[str] | None = None,
    reading: Reading | None = None,
) -> Dataset:
    """Read labelled images from a name, a folder or files, and make them fit a model.

    Args:
        source: 'fashion_mnist', 'fashion_mnist:train', a folder (of class folders, or with one IDX pair), a file of one of
            the `FORMATS`, or a pair 'IMAGES,LABELS'. A folder of one of the two names is reached as './fashion_mnist'.
            Addresses such as s3://bucket/images or https://example.org/data.npz are copied to this machine first.
            From Python also a `tf.data.Dataset`, a Keras iterator or a generator of (images, labels).
        model_input: (H, W, C) that the model takes, None where it takes any; None: nothing is matched.
        scale: the range that the model wants, '0-1' (also None), '0-255' or '-1-1', or 'stored' for values as they are.
        resize: match size and channels to `model_input`; otherwise images that differ are refused.
        class_names: in the order of the model's outputs (see `match_class_names`); None: those of the data.
        reading: all else that the files leave open: preprocessing, interpolation, labels, keys; see `Reading`.

    Returns:
        The data, images in the range of `scale`; of many images, read when they are looked at.
    """
    reading = reading or Reading()
    reading = (reading if scale is None else replace(reading, scale=scale)).checked()
    wanted = reading.for_model(model_input, resize=resize)
    if is_python_source(source):
        dataset = dataset_of(stored_source(source, wanted.reading), wanted)
    else:
        dataset = _read(str(source), wanted)
    if class_names is not None:
        dataset = match_class_names(fitted_to_outputs(dataset, len(class_names)), class_names)
    return dataset


def class_names_of(source: str | Path) -> tuple[str, ...]:
    """The class names of data; where folders bear them, no image is opened, so that it does not matter which fit a model."""
    known = None if str(source) in NAMED else format_of(Path(source))
    if known is not None and known.class_names is not None:
        return call(known.class_names, Path(source))
    return open_dataset(source).class_names


def files_of(source: str) -> list[Path]:
    """Every file that data are read from; none for a name of `NAMED`, or where nothing is there."""
    path = Path(source)
    if source in NAMED or not source or is_remote(source):
        return []
    known = format_of(path) if path.exists() else None
    if known is not None and known.files is not None:
        known.require_packages()
        return list(call(known.files, path))
    if path.is_dir():
        return list(path.rglob("*"))
    return [path] if path.exists() else [Path(part.strip()) for part in source.split(",")]


def check_source(source: str, reading: Reading | None = None) -> None:
    """Refuse what is neither a name nor there, or is of no kind that can be read; nothing is opened.

    Raises:
        ValueError: With the names and kinds that there are.
    """
    path = Path(source)
    if source in NAMED or is_remote(source):  # what is elsewhere is looked at when it is fetched
        return
    if holds_signals(path):  # for a model of such; one of pictures refuses them when they are read
        return
    if path.exists():
        known = format_of(path)
        if known is None:
            raise ValueError(f"Expected data: {kinds()}. Received the file '{path}' of another kind. {_advice(path)}")
        known.require_packages()
        if known.class_names is not None and (reading is None or not (reading.label_from or reading.split)):
            call(known.class_names, path)  # folders bear the names
        return
    if source.count(",") == 1:
        missing = [part for part in source.split(",") if not Path(part.strip()).is_file()]
        if missing:
            raise ValueError(
                f"Expected two files as IMAGES,LABELS. Received '{source}', of which '{missing[0].strip()}' is not there. "
                "Correct the path."
            )
        return
    close = get_close_matches(source, NAMED, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ValueError(
        f"Expected data: {' or '.join(NAMED)}, {kinds()}. Received '{source}', which is neither a name nor there.{hint} "
        "Correct the name or the path."
    )


_ADVICE = {  # endings -> what to do with a file of this kind
    (".zip", ".tar", ".tgz", ".tar.gz", ".rar", ".7z", ".bz2", ".xz"): "Unpack it, and pass the folder.",
    (".keras", ".tflite", ".onnx"): "It is a model: give it in front, as in featurelens report MODEL --data IMAGES.",
    (".json", ".xml", ".yaml", ".yml"): "Write a table of files and labels, a CSV with the columns file and label.",
    (".dcm",): "Save its slices as PNG of 16 bits in a folder per class, and pass --depth with their bits.",
    (".pt", ".pth", ".npy.gz"): "Save its arrays with np.savez(path, images=..., labels=...).",
    (".mp4", ".avi", ".mov", ".mkv"): "Save its frames as pictures in a folder per class.",
    (".svg", ".pdf", ".psd", ".ai"): "Save it as PNG in a folder of its class.",
    (".arrow", ".feather"): "Save it as Parquet, as in dataset.to_parquet(path).",
}


def _advice(path: Path) -> str:
    """What to do with a file of a kind that is not read."""
    if is_picture_name(path.name):
        return (
            f"It is a single picture, whose class nothing tells: featurelens explain MODEL --image {path} and featurelens report "
            f"MODEL --data {path} explain it; to be measured, put it into a folder of its class."
        )
    if holds_signals(path):
        return (
            "Sounds and scans are for models of series and volumes, which featurelens report, trust, explain and evaluate take; "
            "for a model of pictures save spectrograms, or slices as PNG of 16 bits with --depth, in a folder per class."
        )
    known = (words for endings, words in _ADVICE.items() if path.name.lower().endswith(endings))
    return next(known, "Convert it to one of these.")


def _read(source: str, wanted: Wanted) -> Dataset:
    if is_remote(source):
        return replace(_read(local_copy(source), wanted), source=source)
    check_source(source, wanted.reading)
    path = Path(source)
    if source in NAMED:
        return dataset_of(stored_again(fashion_mnist(NAMED[source])), wanted)
    known = format_of(path)
    if holds_signals(path):
        raise ValueError(f"Expected pictures: {kinds()}. Received '{path}'. {_advice(path)}")
    with _told_of_damage(source):
        if known is None:
            images, labels = (Path(part.strip()) for part in source.split(","))
            return dataset_of(call(format_of_pair(images).stored_pair or "", images, labels, wanted.reading), wanted)
        if known.stored is not None:
            return dataset_of(call(known.stored, path, wanted.reading), wanted)
        return dataset_of(stored_again(call(known.read or "", path)), wanted)


@contextmanager
def _told_of_damage(source: str) -> Iterator[None]:
    """Name the data where a library stumbles over what no check had foreseen; `--verbose` shows where."""
    try:
        yield
    except (ImportError, UserWarning):
        raise
    except Exception as error:  # decoders raise whatever the first thing that fails raises
        if str(error).startswith("Expected"):
            raise
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise ValueError(
            f"Expected data that can be read in '{source}'. Received '{what}'. Check that the files are whole."
        ) from error


def stored_again(dataset: Dataset) -> StoredImages:
    """A data set in memory, in [0, 1], as what a format found, to be brought to another size, range or order."""
    whole = dataset if dataset.value_range == (0.0, 1.0) else dataset.scaled(0, 1)
    return StoredImages(
        UnitPixels(in_bytes(whole.images, whole.value_range)),
        whole.labels,
        whole.source,
        whole.class_names,
        whole.files,
        whole.unreadable,
        whole.names,
        whole.preparation.notes,
    )
