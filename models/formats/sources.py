"""From what a person writes after --data to a Dataset that fits the model."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from ..datasets.class_names import match_class_names
from ..datasets.dataset import Dataset
from ..datasets.model_fit import InputShape, require_fit, resized_to_fit
from .fashion_mnist import fashion_mnist
from .known_formats import call, format_of, format_of_pair, kinds

SCALES = {"0-1": (0.0, 1.0), "0-255": (0.0, 255.0), "-1-1": (-1.0, 1.0)}
NAMED = {"fashion_mnist": "test", "fashion_mnist:test": "test", "fashion_mnist:train": "train"}  # name -> split


def open_dataset(
    source: str | Path,
    *,
    model_input: InputShape | None = None,
    scale: str | None = None,
    resize: bool = False,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Read labelled images from a name, a folder or files, and make them fit a model.

    Args:
        source: 'fashion_mnist', 'fashion_mnist:train', a folder (of class folders, or with one IDX pair), a `.npz`,
            `.csv`, `.csv.gz`, `images.npy` with `labels.npy` beside it, an IDX file, or a pair 'IMAGES,LABELS'.
            A folder of one of the two names is reached as './fashion_mnist'.
        model_input: (H, W, C) that the model takes, None where it takes any; None: nothing is matched.
        scale: the range that the model wants, '0-1' (also None), '0-255' or '-1-1'.
        resize: match size and channels to `model_input`; otherwise images that differ are refused.
        class_names: in the order of the model's outputs (see `match_class_names`); None: those of the data.

    Returns:
        The data, images in the range of `scale`.
    """
    check_scale(scale)
    dataset = _read(str(source), model_input if resize else None)
    if class_names is not None:
        dataset = match_class_names(dataset, class_names)
    if model_input is not None:
        dataset = resized_to_fit(dataset, model_input) if resize else require_fit(dataset, model_input)
    return dataset.scaled(*SCALES[scale or "0-1"])


def class_names_of(source: str | Path) -> tuple[str, ...]:
    """The class names of data; where folders bear them, no image is opened, so that it does not matter which fit a model."""
    known = None if str(source) in NAMED else format_of(Path(source))
    if known is not None and known.class_names is not None:
        return call(known.class_names, Path(source))
    return open_dataset(source).class_names


def files_of(source: str) -> list[Path]:
    """Every file that data are read from; none for a name of `NAMED`, or where nothing is there."""
    path = Path(source)
    if source in NAMED or not source:
        return []
    known = format_of(path) if path.exists() else None
    if known is not None and known.files is not None:
        return list(call(known.files, path))
    if path.is_dir():
        return list(path.rglob("*"))
    return [path] if path.exists() else [Path(part.strip()) for part in source.split(",")]


def check_scale(scale: str | None) -> None:
    """Refuse the name of a pixel range that does not exist."""
    if scale is not None and scale not in SCALES:
        raise ValueError(
            f"Expected a scale out of {', '.join(SCALES)}, got '{scale}'. Pass the range that the model wants."
        )


def check_source(source: str) -> None:
    """Refuse what is neither a name nor there, or is of no kind that can be read; nothing is opened.

    Raises:
        ValueError: With the names and kinds that there are.
    """
    path = Path(source)
    if source in NAMED:
        return
    if path.exists():
        known = format_of(path)
        if known is None:
            raise ValueError(
                f"Expected data: {kinds()}; got the file '{path}' of another kind. Convert it to one of these."
            )
        known.require_packages()
        if known.class_names is not None:
            call(known.class_names, path)
        return
    if source.count(",") == 1:
        missing = [part for part in source.split(",") if not Path(part.strip()).is_file()]
        if missing:
            raise ValueError(
                f"Expected two files as IMAGES,LABELS, got '{source}', of which '{missing[0].strip()}' is not there. "
                "Correct the path."
            )
        return
    close = get_close_matches(source, NAMED, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise ValueError(
        f"Expected data: {' or '.join(NAMED)}, {kinds()}; got '{source}', which is neither a name nor there.{hint} "
        "Correct the name or the path."
    )


def _read(source: str, resize_to: InputShape | None) -> Dataset:
    check_source(source)
    path = Path(source)
    if source in NAMED:
        return fashion_mnist(NAMED[source])
    known = format_of(path)
    if known is None:
        images, labels = (Path(part.strip()) for part in source.split(","))
        return call(format_of_pair(images).read_pair or "", images, labels)
    if known.read_resized is not None and resize_to is not None:
        return call(known.read_resized, path, resize_to)
    return call(known.read, path)
