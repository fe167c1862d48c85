"""What a notebook's cell shows of a record or a method, by its type; of any other record, its fields.

A record knows nothing of this: its `_repr_html_` asks the package's top, which comes here.
"""

from __future__ import annotations

import base64
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.dissection.visualization import FeatureImages
from ...interpret.layers.inspection import ModelInformation
from ...interpret.layers.survey import Survey
from ...interpret.stream.explainer import Explanation
from ...interpret.trust.record import Trust
from ...models.datasets.dataset import Dataset
from ...models.evaluation.metrics import Evaluation
from ...models.truth.record import Numbers
from ..drawing.colors import ColorScale, colorize, limits_of
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, percent
from ..figures.one_image import ImageStory
from ..plots.layers import layer_measures
from ..plots.performance import MOST_NUMBERS, confusion_matrix, most_confused
from ..plots.signals import story_figure
from .pieces import frame, picture, plot, row, spelled, table, text
from .slices import slices_html
from .story import story_html

MOST_BYTES = 200_000  # of a cell
_PICTURES = (10, 5, 0)  # so many at most; fewer where the cell would grow too large
_FEW = 12  # numbers that are spelled out


def html_of(shown: Any) -> str:
    """What a notebook shows of a record, or of a method, an extractor, an explainer: HTML of at most 200 KB."""
    kind = next((known for known in type(shown).__mro__ if known in _CELLS), None)
    draw = _CELLS[kind] if kind is not None else (_record if is_dataclass(shown) else _method)
    for most in _PICTURES:
        html = str(draw(shown, most))
        if len(html.encode()) <= MOST_BYTES:
            return html
    return str(frame(type(shown).__name__, "Too much to be shown in a cell.", text(repr(shown))))


def _dataset(data: Dataset, most: int) -> Markup:
    height, width, channels = data.images.shape[1:]
    counts = np.bincount(data.labels, minlength=len(data.class_names))
    low, high = data.value_range
    if data.truth is not None:
        return _of_truth(data, most)
    lead = (
        f"{count(len(data), 'image')} of {height} x {width} x {channels}, values from {low:g} to {high:g}, "
        f"{count(len(data.class_names), 'class', 'classes')}"
    )
    first = [int(np.flatnonzero(data.labels == label)[0]) for label in np.flatnonzero(counts)[:most]]
    drawn = pictures(np.asarray(data.shown[first]), data.shown_range) if first else []
    named = [f"{data.class_names[data.labels[number]]}: {counts[data.labels[number]]:,}" for number in first]
    shown = row([picture(pixels, words) for pixels, words in zip(drawn, named, strict=True)])
    rest = np.flatnonzero(counts)[len(first) :]
    more = text(f"and {count(len(rest), 'class', 'classes')} more") if len(rest) else Markup("")
    return frame(f"Dataset: {data.source}", lead, shown, more, *map(text, data.preparation.notes[:4]))


def _of_truth(data: Dataset, most: int) -> Markup:
    """Images with numbers, or with any of several labels: the first ones with theirs."""
    truth, (low, high) = data.truth, data.value_range
    assert truth is not None  # by _dataset
    if isinstance(truth, Numbers):
        told = [
            ", ".join(f"{name} {value:.4g}" for name, value in zip(truth.names, each, strict=True))
            for each in truth.values[:most]
        ]
        kind = f"{count(len(truth.names), 'number')} each: {', '.join(truth.names[:6])}"
    else:
        told = [
            ", ".join(name for name, on in zip(truth.names, each, strict=True) if on) or "no label"
            for each in truth.on[:most]
        ]
        kind = f"any of {count(len(truth.names), 'label')}: {', '.join(truth.names[:6])}"
    drawn = pictures(np.asarray(data.shown[: len(told)]), data.shown_range) if told else []
    size = " x ".join(map(str, data.images.shape[1:]))
    lead = f"{count(len(data), 'image')} of {size}, values from {low:g} to {high:g}, {kind}"
    shown = row([picture(pixels, words) for pixels, words in zip(drawn, told, strict=True)])
    return frame(f"Dataset: {data.source}", lead, shown, *map(text, data.preparation.notes[:4]))


def _evaluation(found: Evaluation, _: int) -> Markup:
    wrong = int((found.predictions != found.labels).sum())
    lead = (
        f"accuracy {percent(found.accuracy, 2)} of {count(len(found.labels), 'image')}, {wrong:,} incorrect; loss "
        f"{found.loss:.4g}; calibration error {found.calibration.expected_error:.3f}"
    )
    columns = ("class", "precision", "recall", "F1", "average precision", "images")
    figures = (found.precision, found.recall, found.f1, found.average_precision, found.support)
    rows = [(name, *(column[label] for column in figures)) for label, name in enumerate(found.class_names)]
    chosen = most_confused(found.confusion, MOST_NUMBERS)
    drawn = confusion_matrix(found.confusion, found.class_names, chosen=chosen)
    return frame("Evaluation", lead, plot(drawn), table(columns, rows, most=30))


def _model(found: ModelInformation, _: int) -> Markup:
    lead = (
        f"{found.parameters:,} parameters, input {spelled_shape(found.input_shape)}, {found.classes} classes, head {found.head}; "
        f"the logits are proven to {found.logit_error:.1g} on {count(found.images, 'image')}"
    )
    rows = [
        (layer.name, layer.kind, spelled_shape(layer.output_shape), layer.parameters, _field(layer.receptive_field))
        for layer in found.layers
    ]
    notes = [text(each) for each in (found.warning, *found.refused) if each]
    return frame(
        f"Model: {found.name}", lead, table(("layer", "kind", "output", "parameters", "receptive field"), rows), *notes
    )


def spelled_shape(shape: tuple[int | None, ...]) -> str:
    """A shape such as '28 x 28 x 32'."""
    return " x ".join("any" if size is None else str(size) for size in shape)


def _field(field: Any) -> str:
    if field is None or field.whole:
        return "–" if field is None else "the whole image"
    return " x ".join(f"{axis.size:g}" for axis in field.axes)


def _trust(found: Trust, _: int) -> Markup:
    columns = ("method", "verdict", "why")
    rows = [(name, verdict.level, verdict.words) for name, verdict in found.verdicts.items()]
    refused = [text(f"{name} does not take this model: {why}") for name, why in found.refused.items()]
    return frame("Trust", f"measured on {count(found.total, 'image')}", table(columns, rows), *refused)


def _survey(found: Survey, _: int) -> Markup:
    rows = found.rows()
    accuracies = [float("nan") if each["probe accuracy"] is None else each["probe accuracy"] for each in rows]
    drawn = layer_measures(
        [each["layer"] for each in rows], {"probe": accuracies}, title="Probe accuracy at each layer"
    )
    names = tuple(rows[0])
    return frame("Survey", "", plot(drawn), table(names, [tuple(each.values()) for each in rows]))


def _explanation(found: Explanation, most: int) -> Markup:
    named = [
        f"image {k}: class {label}, {percent(float(found.probabilities[k, label]))}"
        for k, label in enumerate(found.classes)
    ]
    parts = []
    scales: tuple[tuple[str, np.ndarray, ColorScale], ...] = (
        ("Grad-CAM", found.grad_cam, "evidence"),
        ("Saliency", found.saliency, "saliency"),
    )
    for title, maps, scale in scales:
        if maps.ndim == 3 and most:
            some = enlarge(maps[:most], (84, 84))
            limits = [limits_of(each, scale) for each in maps[:most]]
            drawn = [colorize(each, scale, limit) for each, limit in zip(some, limits, strict=True)]
            words = [f"{name}; {low:.3g} to {high:.3g}" for name, (low, high) in zip(named, limits, strict=False)]
            parts += [text(title), row([picture(each, said) for each, said in zip(drawn, words, strict=True)])]
    rows = [(name, spelled_shape(values.shape[1:]), float(values.max())) for name, values in found.activations.items()]
    shown = table(("layer", "activations", "largest"), rows) if rows else Markup("")
    return frame("Explanation", f"{count(len(found.classes), 'image')}; maps in units of the logit", *parts, shown)


def _story(found: ImageStory, most: int) -> Markup:
    if found.shown.signal is None:
        return story_html(found, {10: 224, 5: 112}.get(most, 56))
    return _signal_story(found, most)


def _signal_story(found: ImageStory, most: int) -> Markup:
    """A series or a volume: its figure, which has the axes that a card has no room for; the slices of a volume, too."""
    shown = found.shown
    best = int(np.nanargmax(shown.probabilities)) if np.isfinite(shown.probabilities).all() else None
    said = (
        "; ".join(shown.answers)
        if best is None
        else f"{shown.class_names[best]}, {percent(float(shown.probabilities[best]))}"
    )
    png = story_figure(shown).png(dpi=80 if most > 5 else 40)
    drawn = Markup('<img src="data:image/png;base64,{}" alt="{}" style="max-width:100%;background:#fff">').format(
        base64.b64encode(png).decode(), shown.description
    )
    form, slices = shown.signal, Markup("")
    if form is not None and len(form.sizes(shown.image)) == 3 and most:
        slices = slices_html(shown, form, 2 * most)
    return frame(f"Why {shown.target}", f"The model says {said}.", drawn, slices, *map(text, found.remarks))


def _feature_images(found: FeatureImages, most: int) -> Markup:
    black, white = float(found.images.min()), float(found.images.max())
    drawn = pictures(found.images[:most], (black, white if white > black else black + 1))
    named = [str(number) for number in np.asarray(found.channels)[:most]]
    shown = row([picture(each, f"channel {name}") for each, name in zip(drawn, named, strict=True)])
    return frame("Feature images", f"{count(len(found.images), 'image')}", shown)


def _record(found: Any, _: int) -> Markup:
    """The fields of a record."""
    rows = [(each.name, _brief(getattr(found, each.name))) for each in fields(found)]
    said = (inspect.getdoc(type(found)) or "").split("\n")[0]
    return frame(type(found).__name__, said, table(("field", "value"), rows))


def _brief(value: Any) -> Any:
    """A value in a table's cell."""
    if is_dataclass(value) and not isinstance(value, type):
        return "; ".join(f"{each.name}: {_brief(getattr(value, each.name))}" for each in fields(value))[:300]
    if isinstance(value, np.ndarray):
        if not value.size:
            return "none"
        if value.ndim == 1 and value.size <= _FEW:
            return ", ".join(spelled(each) for each in value.tolist())
        ends = f", {value.min():.4g} to {value.max():.4g}" if value.size and value.dtype.kind in "fiu" else ""
        return f"{value.dtype}{list(value.shape)}{ends}"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_brief(each)}" for name, each in list(value.items())[:_FEW])
    if isinstance(value, (tuple, list)):
        return ", ".join(str(_brief(each)) for each in value[:_FEW]) + (
            f", ... {len(value)} in all" if len(value) > _FEW else ""
        )
    said = value if isinstance(value, (int, float)) or value is None else str(value)
    return said if not isinstance(said, str) or len(said) <= 300 else f"{said[:300]}..."


def _method(method: Any, _: int) -> Markup:
    """What a method, an extractor or an explainer is, and how it is called."""
    said = (inspect.getdoc(type(method)) or "").split("\n")[0]
    model = getattr(method, "model", None)
    rows: list[tuple[str, Any]] = [] if model is None else [("model", getattr(model, "name", type(model).__name__))]
    rows += [
        (name, value)
        for name, value in vars(method).items()
        if not name.startswith("_") and isinstance(value, (str, int, float, tuple))
    ]
    rows.append(("call", f"method(images){_returns(method)}"))
    return frame(type(method).__name__, said, table(("", ""), rows))


def _returns(method: Any) -> str:
    answer = inspect.signature(type(method).__call__).return_annotation if callable(method) else ""
    return f" -> {answer}" if isinstance(answer, str) and answer else ""


_CELLS: dict[type, Callable[[Any, int], Markup]] = {
    Dataset: _dataset,
    Evaluation: _evaluation,
    ModelInformation: _model,
    Trust: _trust,
    Survey: _survey,
    Explanation: _explanation,
    FeatureImages: _feature_images,
    ImageStory: _story,
}
