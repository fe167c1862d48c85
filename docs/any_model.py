"""Networks of keras.applications held against GradientTape through Keras itself, measured for the guide.

    python docs/any_model.py                  # all of them: some minutes of CPU
    python docs/any_model.py ResNet50V2       # one or several, into the table that is there

Weights are drawn from seed 0, batch normalisation's from around those of a trained network; four smooth pictures of 96 x 96 are
asked about one class each. Each figure is the largest difference, as a share of the largest value. It writes
`docs/measured/any-model.md`, which the guide includes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TARGET = Path(__file__).parent / "measured" / "any-model.md"
SIDE, CLASSES, PICTURES = 96, 4, 4
WHITE = {  # what a white pixel is; 255 where the range is brought to the weights' own inside of the network
    "MobileNetV3Small": 255,
    "VGG16": 1,
    "MobileNet": 1,
    "Xception": 1,
    "ResNet50V2": 1,
    "EfficientNetV2B0": 255,
    "DenseNet121": 1,
    "InceptionV3": 1,
    "ConvNeXtTiny": 255,
    "NASNetMobile": 1,
}
HEAD = (
    "| network | layers | Grad-CAM looks at | logits | Grad-CAM | saliency | input × gradient |",
    "|---|---:|---|---:|---:|---:|---:|",
)


def built(name: str) -> tuple[Any, Any]:
    """The network, and the same one that answers logits."""
    import keras

    keras.utils.set_random_seed(0)
    make: Callable[..., Any] = getattr(keras.applications, name)
    settings = {"weights": None, "input_shape": (SIDE, SIDE, 3), "classes": CLASSES}
    model, logits = make(**settings), make(**settings, classifier_activation=None)
    draw = np.random.default_rng(0)
    for weight in model.weights:
        kind, shape = weight.path.rsplit("/", 1)[-1], tuple(weight.shape)
        if kind == "moving_variance":
            weight.assign(draw.uniform(0.5, 1.5, shape))
        elif kind == "gamma":  # ConvNeXt's scales of a branch, 1e-6 before a training, too
            weight.assign(draw.uniform(0.7, 1.3, shape))
        elif kind in ("moving_mean", "beta", "bias"):
            weight.assign(draw.normal(0, 0.05, shape))
    logits.set_weights(model.get_weights())
    return model, logits


def pictures(white: float) -> np.ndarray:
    """float32[B,H,W,3]: noise of 6 x 6 places, enlarged."""
    import tensorflow as tf

    small = np.random.default_rng(1).random((PICTURES, 6, 6, 3), np.float32)
    return tf.image.resize(small, (SIDE, SIDE)).numpy() * np.float32(white)


def row(name: str) -> str:
    """One line of the table."""
    import keras
    import tensorflow as tf

    from featurelens.interpret import Explainer, InputXGradient

    (model, bare), given, classes = built(name), pictures(WHITE[name]), np.arange(PICTURES) % CLASSES
    explainer = Explainer(model, layers=[])
    found, products = explainer(given, classes), InputXGradient(model)(given, classes)
    layer = explainer.cam_layer
    place = model.layers.index(model.get_layer(layer))  # layers without names of their own are counted on
    inside = keras.Model(bare.inputs, [bare.layers[place].output, bare.output])
    with tf.GradientTape() as tape:
        tape.watch(image := tf.constant(given))
        maps, logits = inside(image, training=False)
        score = tf.gather(logits, classes, batch_dims=1)
    at_maps, at_image = (each.numpy() for each in tape.gradient(score, [maps, image]))
    cam = np.maximum(np.einsum("bhwc,bc->bhw", maps.numpy(), at_maps.mean(axis=(1, 2))), 0)
    apart = (
        _apart(found.logits, logits.numpy()),
        _apart(found.grad_cam, cam),
        _apart(found.saliency, np.abs(at_image).max(axis=-1)),
        _apart(products, (given * at_image).sum(axis=-1)),
    )
    return f"| {name} | {len(model.layers)} | `{layer}` | {' | '.join(apart)} |"


def _apart(found: np.ndarray, expected: np.ndarray) -> str:
    return f"{np.abs(found - expected).max() / np.abs(expected).max():.1e}"


def main(chosen: list[str]) -> None:
    """Measure, and write the table anew after each network."""
    known = {}
    if TARGET.is_file():
        lines = TARGET.read_text("utf-8").splitlines()[len(HEAD) :]
        known = {line.split("|")[1].strip(): line for line in lines}
    for name in chosen or WHITE:
        known[name] = row(name)
        rows = [known[each] for each in WHITE if each in known]
        TARGET.write_text("\n".join([*HEAD, *rows]) + "\n", "utf-8")
        sys.stdout.write(f"{known[name]}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
