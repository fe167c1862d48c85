"""What the page's program knows of the images: every answer in a few bytes, and pictures of those that something speaks of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.stream.image_choice import sample_numbers
from ...models.evaluation.metrics import Evaluation
from ..drawing.colors import color_table
from ..drawing.pictures import pictures_at
from ..evidence.mistakes import SIDE, Mistakes
from ..evidence.performance import PerformanceEvidence
from ..html.payload import packed, sheet, smallest_type
from .mistake_pictures import ORDER
from .section import About, Part

IMAGES = Markup(
    '<h1 class="vt">Images</h1><div id="images-grid"></div><noscript><p>The grid of all explained mistakes, and of the '
    "correctly classified images that were sampled, is drawn by the page’s program, which your browser does not run. The "
    "first images of the largest confusions stand under Confusions.</p></noscript>"
)
_SAMPLED = (
    200  # correctly classified images whose pictures the page holds; where mistakes have no maps, as many of these
)
_BINS = 40
_MOST_MARGINS = 20  # confusions with a histogram
_STOPS = 17


def page_payload(evidence: Mapping[str, Any], parts: Sequence[Part], about: About) -> dict[str, Any]:
    """All that the program draws from: what the sections hand over, and the images."""
    payload: dict[str, Any] = {"version": 1, "names": list(about.class_names), "unit": about.information.unit}
    for part in parts:
        for key, value in part.payload.items():
            payload[key] = [*payload[key], *value] if isinstance(payload.get(key), list) else value
    if "maps" in payload:
        payload["maps"].sort(key=lambda kind: ORDER.index(kind["level"]))  # what passed is drawn first
    payload["flags"] = [{**flag, "ids": packed(np.array(flag["ids"], np.uint32))} for flag in payload.get("flags", [])]
    found: PerformanceEvidence | None = evidence.get("performance")
    mistakes: Mistakes | None = evidence.get("mistakes")
    if found is None or (mistakes is None and about.information.cam_layer is not None):
        return payload
    payload["images"] = _answers(found.evaluation)
    payload["weights"], payload["pixels"] = about.weights, about.pixels  # a review is of these
    payload["scales"] = {name: _ramp(name) for name in ("signed", "evidence", "saliency", "grey")}
    payload["size"] = list(about.dataset.images.shape[1:3])
    payload.setdefault(
        "confusions", [{"t": each.true, "p": each.predicted, "n": each.count} for each in found.confusions]
    )
    _add_margins(payload["confusions"], found.evaluation)
    unexplained = _sampled(found.evaluation, False, about) if mistakes is None else []
    spoken_of = {number for part in parts for number in part.pictures}
    numbers = np.array(sorted(spoken_of | {*_sampled(found.evaluation, True, about), *unexplained}))
    payload["atlas"] = {
        "ids": packed(numbers.astype(np.uint32)),
        "sheet": sheet(_grey(pictures_at(about.dataset.shown, numbers, about.dataset.shown_range, SIDE))),
    }
    payload["called"] = {str(n): about.dataset.called(n) for n in numbers.tolist() if about.dataset.called(n) != str(n)}
    return payload


def flag_of(name: str, title: str, numbers: np.ndarray, note: str = "") -> dict[str, Any]:
    """A list that the images can be filtered by.

    Args:
        name: Its id: letters, as in the address `#/images?flag=empty`.
        title: In words, as it stands among the other lists and on the card.
        numbers: int64[...], of its images, whose pictures the page shall hold.
        note: A sentence above the list; empty for none.
    """
    return {"id": name, "title": title, "ids": [int(number) for number in numbers], "note": note}


def _answers(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "n": len(evaluation.labels),
        "true": packed(smallest_type(evaluation.labels)),
        "predicted": packed(smallest_type(evaluation.predictions)),
        "sure": packed(np.rint(255 * evaluation.probabilities.max(axis=1)).astype(np.uint8)),
    }


def _sampled(evaluation: Evaluation, right: bool, about: About) -> list[int]:
    """A sample of the correctly, or of the incorrectly, classified images."""
    some = np.flatnonzero((evaluation.predictions == evaluation.labels) == right)
    most = min(int(_SAMPLED * about.drawn), len(some))
    return some[sample_numbers(len(some), most, about.seed)].tolist() if most else []


def _grey(shown: np.ndarray) -> np.ndarray:
    """One channel where all three are alike, which takes less room."""
    return shown[..., 0] if (shown == shown[..., :1]).all() else shown


def _ramp(scale: Any) -> list[list[int]]:
    first = 1 if scale == "signed" else 0
    return color_table(scale)[np.linspace(first, 255, _STOPS).round().astype(int)].tolist()


def _add_margins(confusions: list[dict[str, Any]], evaluation: Evaluation) -> None:
    """To each large confusion the histogram of the two classes' difference of logits, over all images of both."""
    logs = np.log(np.maximum(evaluation.probabilities.astype(np.float64), 1e-30))
    for each in confusions[:_MOST_MARGINS]:
        margin = logs[:, each["p"]] - logs[:, each["t"]]
        sides = [margin[evaluation.labels == label] for label in (each["t"], each["p"])]
        both = np.concatenate(sides)
        low, high = (float(np.quantile(both, share)) for share in (0.005, 0.995))
        low, high, count = _around_zero(low, high)
        bins = [np.histogram(np.clip(side, low, high), count, (low, high))[0].tolist() for side in sides]
        each["margins"] = {"low": low, "high": high, "true": bins[0], "predicted": bins[1]}


def _around_zero(low: float, high: float) -> tuple[float, float, int]:
    """Ends a little wider, and how many bins between them, so that 0 lies between two bins: none holds both sides."""
    low, high = min(low, 0.0), max(high, 1e-3)
    width = (high - low) / _BINS
    below, above = max(1, math.ceil(-low / width)), math.ceil(high / width)
    return -below * width, above * width, below + above
