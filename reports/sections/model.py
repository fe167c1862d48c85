"""The model and its data: layers, the proof of the logits, where the images came from, what made the report."""

from __future__ import annotations

import importlib.metadata
import math
import platform
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from ...interpret import LayerInformation, ModelInformation
from ...interpret.layers.survey import SurveyStatistic
from ..drawing.wording import count, number, percent, shape
from ..evidence.model import ModelEvidence, gather_model
from ..evidence.seen import Seen, without_gradient
from ..html.components import EMPTY, command, figure, folded, joined, notice, table
from ..plots.architecture import architecture_diagram
from .section import About, Finding, Part

_MOST_DRAWN = 60  # layers; the drawing of more would weigh more than the rest of the section
_PACKAGES = ("featurelens", "tensorflow", "keras", "numpy", "opencv-python", "scipy", "matplotlib")


class ModelSection:
    """The section; see `ReportSection`."""

    view = "method"
    id, title, lead = "model", "Model and data", ""

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers, which has the model's answers too."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ModelEvidence:
        """The layers, and the proof of the logits."""
        return gather_model(seen)

    def findings(self, found: ModelEvidence, about: About) -> Iterator[Finding]:
        """How exactly the logits were found."""
        left_out = _left_out(found.information)
        if left_out:
            yield Finding(left_out, severity="caution", number=math.nan, anchor="proof", link="model", weight=0.6)
        yield proof_finding(found)

    def html(self, found: ModelEvidence, about: About) -> Part:
        """Tables of the layers, the training, the files and the versions."""
        information = found.information
        missing = [notice(said, kind="warning")] if (said := _left_out(information)) else []
        html = model_parts(found, about, _data(found, about), *missing)
        parts = [("layers-table", "Layers"), ("proof", f"Proof of the {_scores(information)}"), ("data", "Data")]
        return Part(joined(html), parts=parts)


def model_parts(found: ModelEvidence, about: About, data: Markup, *missing: Markup) -> list[Markup]:
    """The layers, what is missing and why, the proof, the training, the data, and how the report was made."""
    information = found.information
    warning = [notice(information.warning, kind="warning")] if information.warning else []
    return [_layers(information), *missing, *warning, _proof(found), *_training(about), data, _made(about)]


def proof_finding(found: ModelEvidence) -> Finding:
    """How exactly the logits were found."""
    return Finding(_proven(found), "fact", found.logit_error, "proof", "proof", 0.45)


def _scores(information: ModelInformation) -> str:
    return {"probability": "probabilities", "answer": "numbers"}.get(information.unit, "logits")


def _proven(found: ModelEvidence) -> str:
    """How exactly the scores were found, a sentence."""
    most = f"{number(found.logit_error)} at most"
    if found.information.unit == "probability":
        return (
            f"The maps explain the model’s own probabilities, for no logit lies behind them: what was traced differs from "
            f"its answer by {most}."
        )
    if found.information.unit == "answer":
        return f"The maps explain the model’s own numbers: what was traced differs from its answer by {most}."
    return (
        f"The maps explain the logits: {found.information.head}(logits) differs from the model’s own answer by {most}."
    )


def _left_out(information: ModelInformation) -> str:
    """What the page comes without, and why; '' where it is complete."""
    if information.cam_layer is None:
        return (
            "This page has no class activation maps, feature maps and channels, and no maps of the mistakes: no layer "
            "between image and answer has places. featurelens explain draws saliency and other maps at the input."
        )
    if without_gradient(information):
        return (
            "This page has no maps of typical images and mistakes: the model takes whole numbers, where saliency has no "
            "gradient. featurelens explain draws Grad-CAM and other maps that need none."
        )
    return ""


def receptive_field(layer: LayerInformation) -> str:
    """What one unit of a layer sees, '8 × 8, every 2' in pixels, or the whole picture."""
    field = layer.receptive_field
    if field is None:
        return "not known"
    if field.whole:
        return "the whole picture"
    size, stride = " × ".join(f"{axis.size:g}" for axis in field.axes), field.axes[0].stride
    return size if stride == 1 else f"{size}, every {stride:g}"


def first_centre(layer: LayerInformation) -> str:
    """Row and column of the pixel at the middle of what the first unit sees, '0.5, 0.5'; empty where it sees all."""
    field = layer.receptive_field
    return "" if field is None or field.whole else ", ".join(f"{axis.centre:g}" for axis in field.axes)


def _layers(information: ModelInformation) -> Markup:
    rows = [
        (layer.name, layer.kind, shape(layer.output_shape), f"{layer.parameters:,}", receptive_field(layer))
        for layer in information.layers
    ]
    return (
        Markup('<h3 id="layers-table">Layers</h3>')
        + table(
            ["Layer", "Kind", "Output shape", "Parameters", "One unit sees (pixels)"],
            rows,
            caption=f"{information.name}: {count(len(rows), 'layer')} in order of execution, "
            f"{information.parameters:,} parameters, input {shape(information.input_shape)}",
            numeric=[3],
        )
        + _diagram(information)
    )


def _diagram(information: ModelInformation) -> Markup:
    if len(information.layers) > _MOST_DRAWN:
        return EMPTY
    caption = (
        "In order of execution; the arrows say which layers each one reads. The box on the right of a block is its output: "
        "higher for a larger map, wider for more channels, both on a logarithmic scale."
    )
    return folded("The same as a drawing", figure(architecture_diagram(information).svg(), caption))


def _proof(found: ModelEvidence) -> Markup:
    information = found.information
    behind = {
        "softmax": ("a logit, the score before the softmax", "softmax(logits)"),
        "log_softmax": ("a logit, the score before the softmax", "log_softmax(logits)"),
        "sigmoid": ("a logit, the score before the sigmoid", "sigmoid(logits)"),
        "linear": ("a logit, the score before the softmax or sigmoid", "identity(logits)"),
    }
    explained, claim = behind.get(
        information.head, ("the model’s own probability, as no logit lies behind it", "the score")
    )
    if information.unit == "answer":
        explained, claim = "a number that the model answers, in its own unit", "what was traced"
    folded = (
        f" In the pass over all images {count(found.folded, 'batch normalisation')} were folded into the convolution before "
        f"them, which the difference includes; maps that are drawn come from the model as it is."
        if found.folded
        else ""
    )
    return Markup(
        '<h3 id="proof">Proof of the {}</h3><p>Every map explains {}. The scores were found in the traced graph of the '
        "model and put to the test: on {} of these images {} was compared with what the model itself answers. The largest "
        "difference was <strong>{}</strong>.{}</p>"
    ).format(_scores(information), explained, information.images, claim, number(found.logit_error), folded)


def _training(about: About) -> list[Markup]:
    card = about.card
    if card is None:
        return []
    rows = [(name, _plain(value)) for name, value in card.recipe.items() if value not in (None, "", [], ())]
    rows += [(f"{split} accuracy", percent(result["accuracy"], 2)) for split, result in card.results.items()]
    rows.append(("made with", ", ".join(f"{name} {version}" for name, version in card.versions.items())))
    return [Markup("<h3>Training</h3>"), table(["What", "Value"], rows, caption="As the model card tells it")]


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _data(found: ModelEvidence, about: About) -> Markup:
    dataset = about.dataset
    low, high = dataset.value_range
    parts = [
        Markup(
            '<h3 id="data">Data</h3><p>{} of {} from {}; {}pixel values {:g} to {:g} (seen: {:g} to {:g}).</p>'
        ).format(
            count(len(dataset), "image"),
            shape(dataset.images.shape[1:]),
            dataset.source,
            "" if dataset.truth is not None else f"{count(len(dataset.class_names), 'class', 'classes')}; ",
            low,
            high,
            found.lowest,
            found.highest,
        )
    ]
    if dataset.files:
        parts.append(table(["File", "SHA-256"], dataset.files, caption="The files as they were read"))
    if dataset.unreadable:
        parts.append(
            notice(
                f"{count(len(dataset.unreadable), 'file')} could not be read and are not part of this report: "
                f"{', '.join(dataset.unreadable[:20])}.",
                kind="warning",
            )
        )
    return joined(parts)


def _made(about: About) -> Markup:
    versions = [("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            versions.append((package, importlib.metadata.version(package)))
        except importlib.metadata.PackageNotFoundError:
            continue
    made = [Markup("<h3>How this report was made</h3><p>Images are sampled with seed {}.</p>").format(about.seed)]
    if about.command:
        made.append(command(about.command))
    return joined([*made, table(["Package", "Version"], versions, caption="Versions")])
