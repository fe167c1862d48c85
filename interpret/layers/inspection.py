"""The verdict on a model: its layers, its head, and whether the logits that were found are the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph.head import LINEAR, Head
from ..tracing.batched_graph import Computed, Program
from ..tracing.inputs import Arrays, InputForm
from ..tracing.layer_choice import default_layer, is_convolution, is_nested_model, is_spatial
from ..tracing.proof import PROOF_IMAGES, Proof
from ..tracing.traced_model import TappedLayer, Taps, TracedModel
from .connections import layer_inputs
from .receptive_field import ReceptiveField
from .receptive_field_rules import receptive_fields

_SIZE_WHERE_OPEN = 64  # pixels along an axis that the model leaves open, for the images of the proof


@dataclass(frozen=True, eq=False)
class LayerInformation:
    """One layer as it is called."""

    name: str  # as other functions take it
    kind: str  # class of the layer, such as 'Conv2D'
    output_shape: tuple[int | None, ...]  # without the batch axis; None where the model leaves a size open
    parameters: int  # weights of the layer, those of layers inside it included
    spatial: bool  # whether it has a map of places, shape (H, W, C), that Grad-CAM can be taken at
    convolution: bool  # whether it is a two-dimensional convolution of any kind
    receptive_field: ReceptiveField | None  # what one unit can see; None where an operation is not known
    inputs: tuple[str, ...] = ()  # names of the layers that it reads, INPUT for the image; empty: not known


@dataclass(frozen=True, eq=False)
class ModelInformation:
    """What `inspect_model` found out."""

    name: str
    layers: tuple[LayerInformation, ...]  # in order of execution; nested models by their layers
    head: str  # 'softmax', 'sigmoid', 'linear', or 'probability' (no logit lies behind the answer)
    classes: int  # K
    logit_error: float  # largest |head(logits) - model(x)| seen
    images: int  # how many images the proof was made on
    input_shape: tuple[int | None, ...]  # of the image, without the batch axis
    parameters: int
    warning: str | None  # what a reader should know before trusting the maps
    task: str = "classes"  # 'classes', 'independent labels', 'binary', 'regression', or 'binary or regression'
    cam_layer: str | None = (
        None  # where class activation maps look unless told; None where no layer has a map of places
    )
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
    """
    traced = TracedModel(model, output=output, wrt=wrt)

    def look(taps: Taps, _: Any) -> Computed:
        fields = receptive_fields(taps.image)
        layers = [tap for tap in taps.layers if not is_nested_model(tap)]
        inputs = layer_inputs(taps.image, layers)
        found = tuple(_information(tap, fields, read) for tap, read in zip(layers, inputs, strict=True))
        shape, cam_layer = tuple(taps.image.shape)[1:], default_layer(taps)
        return Computed({}, {"layers": found, "input_shape": shape, "cam_layer": cam_layer})

    program = Program(traced, look)
    given = _random_images(traced) if images is None else images
    proof, found = program.proved(given), program.facts["layers"]
    return ModelInformation(
        name=traced.name,
        layers=found,
        head=program.head.kind,
        classes=program.head.classes,
        logit_error=proof.error,
        images=proof.images,
        input_shape=program.facts["input_shape"],
        parameters=int(model.count_params()),
        warning=_closed(model, found) or program.head.remark or _looks_like_probabilities(program.head, proof),
        task=program.head.task,
        cam_layer=program.facts["cam_layer"],
        unit=program.head.unit,
    )


def _information(tap: TappedLayer, fields: dict[int, ReceptiveField], read: tuple[str, ...]) -> LayerInformation:
    return LayerInformation(
        name=tap.name,
        kind=type(tap.layer).__name__,
        output_shape=tuple(tap.tensor.shape)[1:],
        parameters=int(tap.layer.count_params()) if tap.layer.built else 0,
        spatial=is_spatial(tap),
        convolution=is_convolution(tap),
        receptive_field=fields.get(id(tap.tensor)),
        inputs=read,
    )


def _random_images(traced: TracedModel) -> Any:
    form = traced.form
    if form is None:
        raise ValueError(
            f"Expected images, since model {traced.name!r} does not declare its input shape. Received none. "
            f"Give a few: inspect_model(model, images)."
        )
    generator = np.random.default_rng(0)
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


def _looks_like_probabilities(head: Head, proof: Proof) -> str | None:
    """A sum that nothing bounds, taken as logits, whose answers to these images would pass for probabilities."""
    if head.kind != LINEAR or not proof.seen_within_0_and_1:
        return None
    return (
        f"The model answers only within 0..1 on the {proof.images} images of the proof, by a sum that nothing bounds: its "
        f"answers are taken as logits. Should they be probabilities, end the model in a softmax or a sigmoid."
    )
