"""The data on the page: how many, of which values, what each class looks like, and where the classes meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import DataStatistic, Exploration
from ..drawing.wording import count, listed, percent, shape
from ..evidence.data import DataEvidence, gather_data
from ..evidence.seen import Seen
from ..html.components import figure, folded, joined, notice, table
from ..plots.data import class_distribution, pixel_histogram
from .data_pictures import (
    ClassPictures,
    class_pictures,
    duplicate_pictures,
    fewer_examples,
    nearest_pictures,
    sample_pictures,
)
from .section import About, Finding, Part

_READING_VALUES = (
    "Each bar is the share of pixel values in one step from black to white. The axis is logarithmic: from one line to "
    "the next is a factor of ten, so that rare values can be seen beside a plain background."
)
NOT_COMPARED = Markup(
    "<p>These are the images of one split. How many another split has of each class, and whether it holds some of the same "
    "images, <code>featurelens explore --data TEST --training-data TRAINING</code> tells; for Fashion-MNIST "
    "<code>featurelens explore --download</code> fetches the training images.</p>"
)


_LEAD = "What is in the data, before any model sees it?"


class DataSection:
    """The section; see `ReportSection`."""

    view = "data"
    id, title, lead = "exploration", "The data", _LEAD

    def needs(self, seen: Seen) -> tuple[DataStatistic]:
        """The description of the images, which the model is not asked for."""
        return (seen.describing(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> DataEvidence:
        """What is in the images, and what the card tells of the training's."""
        return gather_data(seen)

    def findings(self, found: DataEvidence, about: About) -> Iterator[Finding]:
        """That the pixels are in another range than the model takes, where they seem to be: before all others."""
        if found.range_remark is not None:
            yield Finding(
                f"Read this first: {found.range_remark}",
                severity="problem",
                number=float("nan"),
                anchor=self.id,
                link="pixel values",
                weight=1.5,
            )

    def html(self, found: DataEvidence, about: About) -> Part:
        """The split that the report is about."""
        return split_part(
            about.dataset,
            fewer_examples(found.exploration, about.drawn),
            name=self.id,
            other_splits=_also_in_training(found.also_in_training),
            trained_on=found.trained_on,
        )


def _also_in_training(shared: int | None) -> Markup:
    """How many of the images the model was trained on, or how to find out."""
    if shared is None:
        return NOT_COMPARED
    told = f"{count(shared, 'image')} of these" if shared else "None of these images"
    return Markup("<p>{} {} in the training split too.</p>").format(told, "are" if shared > 1 else "is")


def split_part(
    dataset: Dataset,
    explored: Exploration,
    *,
    name: str = "data",
    other_splits: Markup = NOT_COMPARED,
    trained_on: np.ndarray | None = None,
) -> Part:
    """One split as HTML, in a report and on a page about data alone.

    Args:
        dataset: the images.
        explored: what `explore` found in them.
        name: the section's id, and the beginning of its parts' ids and its sprites' names; once in a page.
        other_splits: what to say, below the equal images, of those that other splits share.
        trained_on: int[K], how many images of each class the model was trained on; None where that is not known.
    """
    drawn = class_pictures(dataset, explored, f"{name}-")
    samples, sample_sprites = sample_pictures(dataset, explored, drawn.shown, f"{name}-")
    duplicates, duplicate_sprites = duplicate_pictures(dataset, explored, f"{name}-")
    nearest, nearest_sprites = nearest_pictures(dataset, explored, f"{name}-")
    parts = {
        "classes": ("Classes", _classes(dataset.class_names, explored.counts, trained_on)),
        "values": ("Pixel values", _values(explored)),
        "means": ("Mean and deviation", _means(dataset, drawn)),
        "samples": ("Examples", samples),
        "duplicates": ("Equal images", joined([duplicates, other_splits])),
        "nearest": ("Nearest to another class", joined([_neighbours(dataset, explored), nearest])),
    }
    headed = [Markup('<h3 id="{}-{}">{}</h3>{}').format(name, part, *content) for part, content in parts.items()]
    return Part(
        html=joined([_dimensions(dataset, explored), *headed]),
        sprites=[*drawn.sprites, *sample_sprites, *duplicate_sprites, *nearest_sprites],
        parts=[(f"{name}-{part}", heading) for part, (heading, _) in parts.items()],
        lead=_LEAD,
    )


def _dimensions(dataset: Dataset, explored: Exploration) -> Markup:
    low, high = dataset.shown_range
    text = Markup(
        "<p>{} of {} (height × width × channels) in {}, from {}. Black is {:g}, white {:g}: {} of the pixel values are "
        "exactly black and {} exactly white.</p>"
    ).format(
        count(len(dataset), "image"),
        shape(dataset.images.shape[1:]),
        count(len(dataset.class_names), "class", "classes"),
        dataset.source,
        low,
        high,
        percent(explored.black_share),
        percent(explored.white_share),
    )
    return joined([text, how_read(dataset)])


def how_read(dataset: Dataset) -> Markup:
    """What was done to the pictures before the model got them, and what was recognised or assumed."""
    done = dataset.preparation
    told = []
    if done.interpolation is not None:
        loader = "load_img" if done.interpolation == "nearest" else "image_dataset_from_directory"
        fits = {"stretch": "the aspect ratio is not kept", "crop": "cut to the middle", "pad": "with black around"}
        told.append(f"Resized by {done.interpolation} interpolation, as Keras’s {loader} does it, {fits[done.fit]}.")
    if done.preprocessing is not None:
        low, high = dataset.value_range
        told.append(
            f"The model gets them preprocessed by “{done.preprocessing}”, in values from {low:.4g} to {high:.4g}; the pictures "
            f"here are as they were before."
        )
    told += done.notes
    return Markup("<p>{}</p>").format(" ".join(told)) if told else Markup("")


def _classes(names: Sequence[str], counts: np.ndarray, trained_on: np.ndarray | None) -> Markup:
    """How many images each class has: in these images and, where it is known, in those that the model was trained on."""
    empty = [name for name, amount in zip(names, counts, strict=True) if not amount]
    missing = [notice(f"Without any image: {listed(empty)}.", kind="warning")] if empty else []
    splits = {"these images": counts} if trained_on is None else {"training": trained_on, "these images": counts}
    if all(len(set(each.tolist())) == 1 for each in splits.values()):
        before = "" if trained_on is None else f"; in the training split, {int(trained_on[0]):,}"
        return joined([*missing, Markup("<p>Every class has {}{}.</p>").format(count(int(counts[0]), "image"), before)])
    least, most = int(counts.argmin()), int(counts.argmax())
    caption = f"From {count(int(counts[least]), 'image')} ({names[least]}) to {counts[most]:,} ({names[most]})."
    return joined([*missing, figure(class_distribution(splits, names).svg(), caption)])


def _values(explored: Exploration) -> Markup:
    drawn = pixel_histogram(explored.pixel_edges, explored.pixel_counts)
    caption = f"Over all pixels of all images: {int(explored.pixel_counts.sum()):,} values."
    return figure(drawn.svg(), caption, reading=_READING_VALUES)


def _means(dataset: Dataset, drawn: ClassPictures) -> Markup:
    left_out = len(dataset.class_names) - len(drawn.shown)
    cut = [notice(f"{count(left_out, 'class', 'classes')} with fewer images left out.")] if left_out else []
    return joined([*cut, drawn.html])


def _neighbours(dataset: Dataset, explored: Exploration) -> Markup:
    """How often the nearest image is of the same class; per class in a table."""
    found = explored.neighbours
    if not np.isfinite(found.other).any():
        return Markup("<p>There is only one class.</p>")
    compared = "" if len(found.compared) == len(dataset) else f" sampled from {len(dataset):,}"
    side = max(dataset.images.shape[1:3])
    size = "" if found.side == side else f", averaged down to {found.side} pixels a side"
    text = Markup(
        "<p>Distance here is Euclidean over all pixels, among {}{}{}. For {} of them the nearest other image is of the "
        "same class, which is the accuracy of answering with the label of the nearest image.</p>"
    ).format(count(len(found.compared), "image"), compared, size, percent(1 - float(np.mean(found.nearest_is_other))))
    return joined([text, folded("The same for each class", _neighbours_table(dataset, explored))])


def _neighbours_table(dataset: Dataset, explored: Exploration) -> Markup:
    found, names = explored.neighbours, dataset.class_names
    labels = dataset.labels[found.compared]
    rows = []
    for label in np.unique(labels):
        of_class = labels == label
        strays = np.bincount(found.other_class[of_class & found.nearest_is_other], minlength=len(names))
        most = [f"{names[other]} ({strays[other]:,})" for other in np.argsort(-strays, kind="stable")[:3]]
        shown = ", ".join(most[: int((strays > 0).sum())]) or "–"
        rows.append((names[label], f"{of_class.sum():,}", percent(1 - found.nearest_is_other[of_class].mean()), shown))
    return table(
        ["Class", "Images", "Nearest is of the class", "Else most often"],
        rows,
        caption="The nearest other image in pixel space",
        numeric=[1, 2],
    )
