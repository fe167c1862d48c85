"""What of a report is wanted: which sections, which classes, which methods; and the page without links to what is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..interpret.given import class_numbers
from ..interpret.methods.catalogue import METHODS, KnownMethod, method_called
from ..interpret.stream.image_choice import sample_numbers
from ..models.datasets.dataset import Dataset
from ..models.known_names import unknown_name
from .html.own_words import OwnWords, logo_address, note_html
from .sections.causes import CausesSection
from .sections.classes.feature_maps import FeatureMapsSection
from .sections.data import DataSection
from .sections.layers import LayersSection
from .sections.mistakes import MistakesSection
from .sections.model import ModelSection
from .sections.performance import PerformanceSection
from .sections.screening.many_passes import ManyPassesSection
from .sections.screening.reasons import ReasonsSection
from .sections.screening.review import ReviewSection
from .sections.screening.shortcuts import ShortcutsSection
from .sections.screening.soundness import SoundnessSection
from .sections.screening.suspects import ScreeningSection
from .sections.screening.which_layer import WhichLayerSection
from .sections.section import ReportSection
from .sections.trust import TrustSection

DEFAULT_PATH = "featurelens-report.html"
PAGE_SECTIONS: tuple[ReportSection[Any], ...] = (  # of the page, from top to bottom, below the findings
    ModelSection(),
    DataSection(),
    PerformanceSection(),
    ScreeningSection(),
    FeatureMapsSection(),
    LayersSection(),
    SoundnessSection(),
    TrustSection(),
    WhichLayerSection(),
    ShortcutsSection(),
    MistakesSection(),
    ReasonsSection(),
    ManyPassesSection(),
    CausesSection(),
    ReviewSection(),
)

_LINK = re.compile(r'<a [^>]*href="#([^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
_ID = re.compile(r' id="([^"]+)"')
_ROUTE = re.compile(r"/(\w+)")
_OWNERS = {
    "confusion": "confusions",
    "class": "classes",
    "layer": "layers",
    "image": "images",
}  # as the page's program has them


def chosen_sections(ids: Sequence[str] | None, *, needs_performance: bool = False) -> tuple[ReportSection[Any], ...]:
    """The sections of these ids in the order of the page; None: all.

    Args:
        ids: Such as ['performance', 'mistakes'].
        needs_performance: The performance is computed too, since something beside the page is made of it.

    Raises:
        ValueError: There is no such section, or none is named.
    """
    if ids is None:
        return PAGE_SECTIONS
    known = [section.id for section in PAGE_SECTIONS]
    wanted = [ids] if isinstance(ids, str) else list(ids)
    for name in wanted:
        if name not in known:
            raise unknown_name("section", str(name), known, "Pass some of them, or leave sections= out.")
    if not wanted:
        raise ValueError(
            f"Expected sections out of {', '.join(known)}. Received none. Name one, or leave sections= out."
        )
    computed = {*wanted, PerformanceSection.id} if needs_performance else set(wanted)
    return tuple(section for section in PAGE_SECTIONS if section.id in computed)


def only_classes(dataset: Dataset, classes: Sequence[str | int] | str | int | None) -> Dataset:
    """The images whose true class is one of these; None: all.

    Raises:
        ValueError: A class is unknown, or has no image.
    """
    if classes is None:
        return dataset
    wanted = [classes] if isinstance(classes, (str, int)) else list(classes)
    numbers = [int(class_numbers(each, dataset.class_names, None)) for each in wanted]
    chosen = np.flatnonzero(np.isin(dataset.labels, numbers))
    if not chosen.size:
        raise ValueError(
            f"Expected images of the classes {', '.join(map(str, wanted))}. Received none in '{dataset.source}'. Name classes "
            f"that occur: {', '.join(dataset.class_names[label] for label in np.unique(dataset.labels)[:12])}."
        )
    return dataset.take(chosen)


def sampled(dataset: Dataset, most: int | None, seed: int) -> Dataset:
    """At most so many images, drawn with a seed, with a note of it; None: all.

    Raises:
        ValueError: `most` is below 1.
    """
    chosen = sampled_rows(len(dataset), most, seed)
    if chosen is None:
        return dataset
    return dataset.take(chosen).noting(f"A sample of {most:,} of {len(dataset):,} images, drawn with seed {seed}.")


def sampled_rows(total: int, most: int | None, seed: int) -> np.ndarray | None:
    """The numbers of the images of `sampled`, int64[n]; None: all."""
    if most is None or total <= most:
        return None
    if most < 1:
        raise ValueError(f"Expected max_images of at least 1. Received {most}. Leave it out for all images.")
    return np.sort(sample_numbers(total, most, seed))


def own_words(title: str | None, logo: str | Path | None, note: str | Path | None) -> OwnWords:
    """What a person adds to the page, read and made harmless."""
    return OwnWords(
        title,
        "" if logo is None else logo_address(Path(logo).expanduser()),
        Markup("") if note is None else note_html(Path(note).expanduser()),
    )


def known_method(name: str) -> KnownMethod:
    """The method of this name or slug.

    Raises:
        ValueError: There is none.
    """
    known = method_called(name)
    if known is None:
        raise unknown_name("method", name, [each.slug for each in METHODS], "Pass one of them, or a KnownMethod.")
    return known


def without_dead_links(page: str) -> str:
    """A page whose links lead to what is on it, or to a view (`#/...`): the words of the others stay.

    Example:
        >>> without_dead_links('<p id="a"></p><a href="#a">A</a> <a href="#b">B</a>')
        '<p id="a"></p><a href="#a">A</a> B'
        >>> without_dead_links('<section id="/layers"></section><a href="#/layer/conv2">C</a> <a href="#/images?flag=x">D</a>')
        '<section id="/layers"></section><a href="#/layer/conv2">C</a> D'
    """
    there = set(_ID.findall(page))
    return _LINK.sub(lambda link: link[0] if link[1] in there or _view_of(link[1]) in there else link[2], page)


def _view_of(target: str) -> str:
    """The id of the tab that an address such as '/confusion/0-6?sort=surest' opens; empty where it is no such address."""
    found = _ROUTE.match(target)
    return f"/{_OWNERS.get(found[1], found[1])}" if found else ""
