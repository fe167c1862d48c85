"""The verdict on a model: its layers, its head, and whether the logits that were found are the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..given import takes_given
from ..graph.head import LINEAR, Head
from ..graph.state.precision import precision_words
from ..tracing.axes import Axes
from ..tracing.batched_graph import Computed, LayerProgram
from ..tracing.inputs import Arrays, InputForm
from ..tracing.layer_choice import (
    calls_beside,
    default_layer,
    has_places,
    is_convolution,
    is_nested_model,
    is_of_series,
    is_spatial,
    ways_of,
)
from ..tracing.layer_hooks import TappedLayer
from ..tracing.proof import PROOF_IMAGES, Proof
from ..tracing.sharing import offer, shared_program
from ..tracing.traced_model import Taps, TracedModel
from .connections import layer_inputs
from .placement import misplaced, moved
from .receptive_field import PlacesField, ReceptiveField
from .receptive_field_rules import Fields, receptive_fields

NO_HEAD = "none"  # of a model that answers no score per class: a backbone, an autoencoder, a detector
NO_GRADIENT = "maps of gradients at the input"  # what is refused of a picture of whole numbers
_SIZE_WHERE_OPEN = 64  # pixels along an axis that the model leaves open, for the images of the proof


@dataclass(frozen=True, eq=False)
class LayerInformation(Record):
    """One layer as it is called."""

    name: str  # as other functions take it; 'lstm:out1' for the second of a layer's outputs
    kind: str  # class of the layer, such as 'Conv2D'
    output_shape: tuple[int | None, ...]  # places, then channels, without the batch axis; None for a size left open
    parameters: int  # weights of the layer, those of layers inside it included
    spatial: bool  # whether it has a map of places, shape (H, W, C), that Grad-CAM can be taken at
    convolution: bool  # whether it is a convolution of any kind
    receptive_field: ReceptiveField | PlacesField | None  # what one unit can see; None where an operation is not known
    inputs: tuple[str, ...] = ()  # names of the layers that it reads, INPUT for the image; empty: not known
    mapped: bool = (
        False  # whether a class activation map can be taken at it: of a picture, a series, a volume or a film
    )


@dataclass(frozen=True, eq=False)
class ModelInformation(Record):
    """What `inspect_model` found out."""

    name: str
    layers: tuple[LayerInformation, ...]  # in order of execution; nested models by their layers
    head: str  # 'softmax', 'sigmoid', 'linear', 'probability' (no logit lies behind the answer), or 'none'
    classes: int  # K; 0 for a model that answers no score per class
    logit_error: float  # largest |head(logits) - model(x)| seen
    images: int  # how many images the proof was made on
    input_shape: tuple[int | None, ...]  # of the image, without the batch axis
    parameters: int
    warning: str | None  # what a reader should know before trusting the maps
    task: str = "classes"  # 'classes', 'independent labels', 'binary', 'regression', or 'binary or regression'
    axes: str = "(B, H, W, C)"  # of the image: which are places, which is the channel
    cam_layer: str | None = None  # where class activation maps look by default; None where no layer has places
    refused: tuple[str, ...] = ()  # which methods do not take the model, and why
    unit: str = "logit"  # of the scores that maps explain: 'logit', 'probability' or 'answer'

    def layer(self, name: str) -> LayerInformation:
        """The layer called `name`.

        Raises:
            ValueError: There is none.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"The model has no layer {name!r}. Use one of: {', '.join(known.name for known in self.layers)}."
        )


@takes_given
def inspect_model(
    model: Any, images: Arrays | None = None, *, output: str | None = None, wrt: str | None = None
) -> ModelInformation:
    """Layers, head and receptive fields of a model, with the proof of its logits.

    Args:
        model: A Keras model.
        images: Images to prove the logits on, up to 4 of them; None for seeded random ones in [0, 1].
        output: Which output to look at, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Returns:
        The verdict; its layers are in order of execution.

    Raises:
        ValueError: The logits do not give the model's answer; the model does not declare its inputs and no images were
            given; or the images do not fit.

    Example:
        >>> inspect_model(model).layer("conv2").output_shape
        (14, 14, 64)
    """
    traced = TracedModel(model, output=output, wrt=wrt)

    def look(taps: Taps, scores: Any) -> Computed:
        has_fields = (
            taps.axes.channel == taps.axes.rank - 1 and 3 <= taps.axes.rank <= 5
        )  # [B,H,W,C], [B,L,C], [B,D,H,W,C]
        fields = receptive_fields(taps.image) if has_fields else {}
        layers = [tap for tap in taps.layers if not is_nested_model(tap)]
        inputs = layer_inputs(taps.image, layers)
        found = tuple(_information(taps, tap, fields, read) for tap, read in zip(layers, inputs, strict=True))
        facts = {"layers": found, "input_shape": tuple(taps.image.shape)[1:], "cam_layer": default_layer(taps)}
        facts["other_calls"] = calls_beside(taps, facts["cam_layer"])
        facts["moved"] = moved(facts["cam_layer"] or "", layers, taps.image, taps.axes)
        facts["whole"], facts["joined_at"] = ways_of(taps, facts["cam_layer"])
        return Computed(
            {} if scores is None else {"scores": scores},
            {**facts, "axes": taps.axes, "has_gradient": taps.image.dtype.is_floating},
        )

    program = shared_program("inspection", traced, lambda: LayerProgram(traced, look))
    given = _random_images(traced) if images is None else images
    proof, head, facts = program.proved(given), program.head, program.facts
    if head is not None:
        offer(program)
    return ModelInformation(
        name=traced.name,
        layers=facts["layers"],
        head=NO_HEAD if head is None else head.kind,
        classes=0 if head is None else head.classes,
        logit_error=proof.error,
        images=proof.images,
        input_shape=facts["input_shape"],
        parameters=int(model.count_params()),
        warning=_joined(_closed(model, facts["layers"]), _remark(head, proof, traced), *_of_places(facts)),
        task="no classes" if head is None else head.task,
        axes=facts["axes"].words,
        cam_layer=facts["cam_layer"],
        refused=_refused(head, facts["axes"], facts["cam_layer"] is not None, facts["has_gradient"]),
        unit="" if head is None else head.unit,
    )


def _joined(*said: str | None) -> str | None:
    return " ".join(each for each in said if each) or None


def _of_places(facts: dict[str, Any]) -> tuple[str | None, ...]:
    """What is to be said of the places of the default layer."""
    return _one_of_several(facts) or _a_part(facts), facts["moved"] or _beside(facts)


def _one_of_several(facts: dict[str, Any]) -> str | None:
    """That the default layer is one call of several that run beside each other; None where it is not."""
    if not facts["other_calls"]:
        return None
    return (
        f"Branches share the layer of {facts['cam_layer']}: class activation maps look at this call alone. Name another to see "
        f"that: {', '.join(facts['other_calls'])}."
    )


def _a_part(facts: dict[str, Any]) -> str | None:
    """That the default layer does not see all that the answer follows from, and where it comes together."""
    if facts["whole"]:
        return None
    joined = facts["joined_at"]
    there = f"{joined} has them all: layer={joined!r}" if joined else "no layer behind it that has places has them all"
    return (
        f"Other ways lead from the image to the answer beside {facts['cam_layer']} (branches, a shortcut, a concatenation): "
        f"class activation maps there show what goes through it alone; {there}."
    )


def _beside(facts: dict[str, Any]) -> str | None:
    """That the maps are drawn elsewhere than they lie; None where they are not."""
    layer = next((each for each in facts["layers"] if each.name == facts["cam_layer"]), None)
    if layer is None or facts["axes"].channel is None:
        return None
    return misplaced(layer.name, layer.receptive_field, layer.output_shape[:-1], facts["input_shape"][:-1])


def _information(taps: Taps, tap: TappedLayer, fields: Fields, read: tuple[str, ...]) -> LayerInformation:
    return LayerInformation(
        name=tap.name,
        kind=type(tap.layer).__name__,
        output_shape=_shape(tap),
        parameters=int(tap.layer.count_params()) if tap.layer.built and not tap.output else 0,
        spatial=is_spatial(tap),
        convolution=is_convolution(tap),
        receptive_field=fields.get(id(tap.tensor)),
        inputs=read,
        mapped=has_places(tap) or is_of_series(taps, tap),
    )


def _shape(tap: TappedLayer) -> tuple[int | None, ...]:
    sizes = tuple(tap.tensor.shape)
    if tap.axes is None or tap.axes.channel is None:
        return sizes[1:]
    return (*(sizes[axis] for axis in tap.axes.places), sizes[tap.axes.channel])


def _random_images(traced: TracedModel) -> Any:
    form = traced.form
    if form is None:
        raise ValueError(
            f"Expected images, since model {traced.name!r} does not declare its input shape. Received none. "
            f"Give a few: inspect_model(model, images), on the command line --data."
        )
    generator = np.random.default_rng(0)
    words = [name for name, dtype in zip(form.names, form.dtypes, strict=True) if dtype == "string"]
    if words:
        raise ValueError(
            f"Expected an example to run the model on, since its input {words[0]!r} takes words. Received none. Give a few: "
            f"inspect_model(model, np.array([['some'], ['words']]))."
        )
    arrays = [_random_array(generator, form, index) for index in range(len(form.names))]
    return form.pack(arrays)


def _random_array(generator: np.random.Generator, form: InputForm, index: int) -> np.ndarray:
    shape = tuple(_SIZE_WHERE_OPEN if size is None else size for size in form.shapes[index])
    values = generator.random((PROOF_IMAGES, *shape), dtype=np.float32)
    return values if "float" in form.dtypes[index] else np.rint(values)


def _closed(model: Any, layers: Sequence[LayerInformation]) -> str | None:
    """A SavedModel runs as one operation, whose layers are gone."""
    names = [layer.name for layer in layers if layer.kind == "TFSMLayer"]
    if not names and type(model).__name__ != "TFSMLayer":
        return None
    return (
        f"Layer {(names or [model.name])[0]!r} is a SavedModel: the layers inside of it cannot be seen. Maps at the "
        f"input, such as Saliency, are exact; for Grad-CAM and activations inside of it, load the .keras file."
    )


def _refused(head: Head | None, axes: Axes, has_places: bool, has_gradient: bool) -> tuple[str, ...]:
    """The methods that do not take the model, each with the reason."""
    if head is None:
        return ("every map of a class (the answer is not one score per class)",)
    found = []
    if not has_places:
        found.append("class activation maps (no layer between image and answer has places)")
    if not has_gradient:
        found.append(f"{NO_GRADIENT} (it has whole numbers or words)")
    if not axes.is_picture:  # series and volumes can be varied, pictures that are scaled to a map cannot
        varied = "Score-CAM" if axes.has_channel_last and has_gradient else "Occlusion, RISE and Score-CAM"
        found.append(f"{varied} (the input is {axes.words}, not a picture (B, H, W, C))")
    return tuple(found)


def _remark(head: Head | None, proof: Proof, traced: TracedModel) -> str | None:
    if head is not None:
        return _joined(head.remark, _looks_like_probabilities(head, proof))
    said = precision_words(traced.half_types, traced.left_half, proof.error)
    return (f"{said} " if said else "") + (
        "The model does not answer one score per class"
        + ("" if traced.output is not None else ", or has several outputs and output= names none")
        + ": its layers, channels and feature images can be looked at; maps and probabilities of a class cannot."
    )


def _looks_like_probabilities(head: Head, proof: Proof) -> str | None:
    """A sum that nothing bounds, taken as logits, whose answers to these images would pass for probabilities."""
    if head.kind != LINEAR or not head.has_probabilities or not proof.seen_within_0_and_1:
        return None
    return (
        f"The model answers only within 0..1 on the {proof.images} images of the proof, by a sum that nothing bounds: its "
        f"answers are taken as logits. Should they be probabilities, end the model in a softmax or a sigmoid."
    )
