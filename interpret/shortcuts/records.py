"""The records of shortcuts: what is shared by which images, and whether a model relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ... import Record
from .pixels.contents import Kind

Reliance = Literal["relied on", "not used", "not tested"]


@dataclass(frozen=True, eq=False)
class Shortcut(Record):
    """Content that repeats at a fixed place, and what it does to the answers."""

    kind: Kind  # 'mark', 'frame', 'stamp', 'background' or 'level'
    reliance: (
        Reliance  # 'relied on': proven; 'not used': tested, without a proof; 'not tested': too few donors or passes
    )
    label: int  # the class that it is read as; where it is not relied on, the class that carries it most
    rows: tuple[int, int]  # first and last row of its pixels; (-1, -1) where the place is not fixed
    columns: tuple[int, int]  # likewise
    mask: np.ndarray  # bool[H,W], its pixels; all False where the place is not fixed
    carriers: np.ndarray  # int64[n], numbers of the images that carry it, rising; of all images given
    training_carriers: np.ndarray  # int64[m], of the training images; empty where none were given
    share: float  # 0..1, of the images of the class that carry it; of the training images, where only those do
    elsewhere: float  # 0..1, of the other classes' images
    separation: float  # D, see `separation`; NaN of what repeats exactly but does not stand apart
    images: int  # of the class, answered twice
    recall_with: float  # 0..1, with the content pasted in; NaN where it was not tested
    recall_without: float  # with the same part of pictures without it
    p: float  # of the difference, corrected over all that was tested
    others: int  # images of the other classes, answered twice
    called_with: float  # 0..1, share of them called the class with the content
    called_without: float  # without it
    others_p: float
    also_loses: tuple[int, ...]  # other classes whose recall the content lowers by at least 0.15, significantly

    @property
    def effect(self) -> float:
        """By how much the content raises the recall of its class; NaN where it was not tested."""
        return self.recall_with - self.recall_without


@dataclass(frozen=True, eq=False)
class Shortcuts(Record):
    """What was looked for, and found."""

    found: tuple[Shortcut, ...]  # those relied on first, by their effect
    looked_at: int  # images compared with each other
    training_looked_at: int  # training images among them
    budget: int  # passes, at most
    passes: int  # forward passes run
    seed: int

    @property
    def relied_on(self) -> tuple[Shortcut, ...]:
        """The proven ones."""
        return tuple(each for each in self.found if each.reliance == "relied on")
