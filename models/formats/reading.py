"""How data are to be read, where their files leave it open: one record for all formats."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..datasets.labels import LabelMap, read_label_map
from ..datasets.resizing import InputShape, Resizing
from ..truth.record import LABELS, REGRESSION
from .preprocessing import Preprocessing, preprocessing

STORED = "stored"
SCALES: dict[str, tuple[float, float] | None] = {  # None: the values as they are stored
    "0-1": (0.0, 1.0),
    "0-255": (0.0, 255.0),
    "-1-1": (-1.0, 1.0),
    STORED: None,
}


@dataclass(frozen=True)
class Reading:
    """What a person says of their data, as typed; None: found by itself, or as usual."""

    scale: str | None = None  # one of SCALES
    preprocess: str | None = None  # a preset, 'mean=...,std=...' or 'module:function'; replaces the scale
    allow_code: bool = False  # import a function that `preprocess` names
    interpolation: str | None = None  # one of INTERPOLATIONS; None: bilinear
    fit: str | None = None  # one of FITS; None: stretch
    depth: int | None = None  # bits of a pixel value, where a file stores them in more
    exif: bool = False  # turn pictures as their EXIF says
    label_map: str | None = None  # see `read_label_map`
    label_from: str | None = None  # pattern of a file's name, its first group is the class
    label_column: str | None = None  # of a table
    file_column: str | None = None  # of a table
    split: str | None = None  # of data that hold several
    images_key: str | None = None  # name of the array of images
    labels_key: str | None = None  # name of the array of labels
    task: str | None = None  # what the labels are: None: classes, 'regression': numbers, 'labels': several for an image
    unit: str = ""  # of a regression's numbers, for people
    shape: InputShape | None = None  # (H, W, C) that pictures are brought to as they are decoded; set by `for_model`

    def checked(self) -> Reading:
        """The same record; a ValueError says which word is wrong, before anything is opened."""
        if self.scale is not None and self.scale not in SCALES:
            raise ValueError(
                f"Expected a scale out of {', '.join(SCALES)}. Received '{self.scale}'. Pass the range that the model wants."
            )
        if self.scale is not None and self.preprocess is not None:
            raise ValueError(
                f"Expected --scale or --preprocess, which makes a range of its own. Received '{self.scale}' and "
                f"'{self.preprocess}'. Pass one of them."
            )
        if self.depth is not None and not 1 <= self.depth <= 32:
            raise ValueError(
                f"Expected --depth in bits from 1 to 32, such as 12. Received {self.depth}. Pass the bits of a value."
            )
        if self.unit and self.task != REGRESSION:
            raise ValueError(
                f"Expected a unit with the numbers of a regression, task='{REGRESSION}'. Received '{self.unit}' and another "
                f"task. Leave unit= out."
            )
        if self.label_map is not None and self.task in (REGRESSION, LABELS):
            raise ValueError(
                f"Expected labels as they are stored for the task {self.task!r}. Received --label-map '{self.label_map}', which "
                f"makes classes of them. Leave --label-map out."
            )
        self.preprocessing()
        self.resizing()
        self.labels()
        return self

    def for_model(self, shape: InputShape | None, *, resize: bool) -> Wanted:
        """This reading for a model that takes `shape`, to which pictures are brought as they are decoded."""
        return Wanted(replace(self, shape=shape), shape, resize)

    def preprocessing(self) -> Preprocessing | None:
        """What is done to the pixels; None: only their range is changed."""
        return None if self.preprocess is None else preprocessing(self.preprocess, allow_code=self.allow_code)

    def resizing(self) -> Resizing:
        """How pictures come to another size."""
        return Resizing(self.interpolation or "bilinear", self.fit or "stretch")

    def labels(self) -> LabelMap:
        """What is made of the labels."""
        return read_label_map(self.label_map)


@dataclass(frozen=True)
class Wanted:
    """What one reading has to bring about."""

    reading: Reading = Reading()
    shape: InputShape | None = None  # (H, W, C), None for any; None: as stored
    resize: bool = False  # match size and channels to `shape`; otherwise images that differ are refused
