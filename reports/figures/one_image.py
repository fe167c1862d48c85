"""One image's whole story in one call: what the model answers, where it looks by several methods, and what to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ... import Record, ask
from ...interpret.given import Given, Layer, are_paths, class_numbers, given_images, layer_name
from ...interpret.layers.signal_input import signal_axes
from ...interpret.methods.catalogue import METHODS, KnownMethod, method_called
from ...interpret.own_scores import Score, scored
from ...interpret.tracing.axes import Axes
from ...interpret.tracing.inputs import missing_from_model
from ...kinds import checks_kinds
from ...models.datasets.dataset import range_of_values
from ...models.formats.places.signal_files import open_signals
from ..drawing.signal_form import SignalForm
from ..explanation import MethodChoice, Picture, explained_image
from ..plots.explanation import ExplainedImage
from ..plots.plot import Plot
from ..plots.signals import story_figure
from .reasons import reasons_of

USUAL = ("grad-cam", "saliency", "integrated-gradients")
_UNLABELLED = ("unknown",)  # the class of pictures that come without one


@dataclass(frozen=True, eq=False)
class ImageStory(Record):
    """One image explained: the last line of a cell shows it as the card of the page, `save` writes it, `maps` are the numbers."""

    shown: ExplainedImage
    remarks: tuple[str, ...]  # what a reader should know before
    reasons: tuple[
        str, ...
    ] = ()  # what lies behind the answer: the smallest change that flips it, the channels that lead

    @property
    def maps(self) -> dict[str, np.ndarray]:
        """{method: float32[h,w]}, or [l] of a series and [d,h,w] of a volume; raw, at each method's own resolution."""
        return {panel.title: panel.values for panel in self.shown.panels}

    @property
    def plot(self) -> Plot:
        """The picture; its `figure` is matplotlib's."""
        return story_figure(self.shown)

    def save(self, path: str | Path) -> Path:
        """Write it as .png or .svg, by the name's ending; an older file is replaced. Returns the path."""
        target = Path(path)
        if target.suffix.lower() not in (".png", ".svg"):
            raise ValueError(f"Expected a name ending in .png or .svg. Received '{target}'. Change the ending.")
        target.write_bytes(self.plot.svg().encode() if target.suffix.lower() == ".svg" else self.plot.png())
        return target


@checks_kinds
def explain(
    model: Any,
    image: Any,
    classes: int | str | None = None,
    versus: int | str | None = None,
    *,
    methods: Sequence[str | KnownMethod] = USUAL,
    layer: Layer | None = None,
    class_names: Sequence[str] | None = None,
    score: Score | None = None,
) -> ImageStory:
    """Explain one image by several methods: the picture, their maps with limits and unit, and the likeliest classes.

    Args:
        model: A Keras model of one image input; of a series [L,C] or a volume [D,H,W,C] likewise.
        image: float[H,W,C], a batch or a `Dataset` of one, or the path of a picture, which is fitted to the model; for a model of
            series or volumes an array in its form, `Signals` of one, or a path that `open_signals` reads.
        classes: The class to explain, by number or name; None: the predicted one.
        versus: Why that class rather than this one.
        methods: Their names, such as 'grad-cam', or records of your own; the first one must take the model.
        layer: Where class activation maps look: name, index or layer; None: the last convolution.
        class_names: In the order of the model's outputs; None: those of the `Dataset` or the model's card.
        score: Explain this rather than a class: 'conv2:31' or a function of the logits, see `scored`.

    Returns:
        What a notebook shows as the card of the page, with the numbers in `.maps`.

    Raises:
        ValueError: There are several images, a class or method is unknown, or the model refuses the first method.

    Example:
        >>> from featurelens.models import load_model, open_dataset
        >>> model = load_model("zero_padded_dropout")
        >>> story = explain(model, open_dataset("fashion_mnist", model=model)[23], versus="Shirt", methods=["grad-cam"])
        >>> {name: each.shape for name, each in story.maps.items()}
        {'Grad-CAM': (14, 14)}
    """
    axes = signal_axes(model)
    given, picture = _picture(image, model) if axes is None else _signal(image, model, axes)
    if score is not None:
        model, class_names = scored(model, score), ()
    names = given.class_names if class_names is None else tuple(class_names)
    names = ask("class names", model) if names is None else names
    chosen = tuple(each if isinstance(each, KnownMethod) else _method(each) for each in methods)
    asked = [None if each is None else str(class_numbers(each, names, model)) for each in (classes, versus)]
    at = None if layer is None else layer_name(model, layer)
    picture = replace(picture, class_names=names or None)
    choice = MethodChoice(chosen, frozenset(known.name for known in chosen[:1]))
    shown, remarks = explained_image(model, picture, choice, asked[0], asked[1], at)
    own = axes is None and score is None
    return ImageStory(shown, remarks, reasons_of(model, picture.pixels, shown) if own else ())


def _picture(image: Any, model: Any) -> tuple[Given, Picture]:
    """The one image, as given and as it is explained."""
    source = ask("dataset", image, model) if are_paths(image) else image
    given = given_images(source, model)
    if isinstance(given.images, dict):
        raise ValueError(
            f"Expected one image. Received a dict of {', '.join(map(str, given.images))}. Pass one, as in data[23]; a model of "
            f"several inputs is explained by GradCAM(model)(inputs)."
        )
    pixels = np.asarray(given.images, np.float32)
    batch = pixels[np.newaxis] if pixels.ndim == 3 else pixels
    if len(batch) != 1 or batch.ndim != 4:
        raise ValueError(
            f"Expected one image float[H,W,C]. Received shape {list(pixels.shape)}. Pass one of them, as in data[23]."
        )
    if given.class_names == _UNLABELLED:
        given = Given(given.images)
    true = None if given.labels is None or given.class_names is None else int(given.labels[0])
    shown = np.asarray(source.shown)[0] if hasattr(source, "shown") else None
    return given, Picture(batch[0], getattr(source, "shown_range", None) or range_of_values(batch), None, true, shown)


def _signal(image: Any, model: Any, axes: Axes) -> tuple[Given, Picture]:
    """The one series or volume, as given and as it is explained."""
    source = open_signals(image, model=model) if are_paths(image) else image
    given = given_images(source, model)
    values = np.asarray(given.images, np.float32)
    batch = values[np.newaxis] if values.ndim == axes.rank - 1 else values
    if len(batch) != 1 or batch.ndim != axes.rank:
        raise ValueError(
            f"Expected one series or volume, of the axes {axes.words}. Received shape {list(values.shape)}. Pass one of them, as "
            f"in values[23]; open_signals(source, model=model) brings files into the model's form."
        )
    form = SignalForm(axes.channel is not None, getattr(source, "steps", ()), getattr(source, "unit", ""))
    true = None if given.labels is None or not given.class_names else int(given.labels[0])
    return replace(given, class_names=given.class_names or None), Picture(batch[0], true=true, signal=form)


def _method(name: str) -> KnownMethod:
    known = method_called(name)
    if known is None:
        message = missing_from_model("method", name, [each.slug for each in METHODS])
        raise ValueError(message.replace("The model has", "There is", 1))
    return known
