"""A TensorFlow SavedModel folder as a Keras model, through `keras.layers.TFSMLayer`.

The result is one opaque layer: it predicts and has gradients with respect to its input, so input methods
(saliency, integrated gradients, occlusion) work; there are no inner layers to look into, so maps of
activations and Grad-CAM are not possible.
"""

from pathlib import Path
from typing import Any

ENDPOINTS = ("serving_default", "serve")


def saved_model(path: Path) -> Any:
    """Wrap the folder's prediction function.

    Args:
        path: folder with saved_model.pb; its graph is run as it is, so it must come from someone trusted.

    Returns:
        a functional `keras.Model` with the signature's one input and one output.

    Raises:
        ValueError: where no signature has one input and one output.
    """
    import keras
    import tensorflow as tf

    signatures = tf.saved_model.load(str(path)).signatures  # pyright: ignore[reportAttributeAccessIssue]
    endpoint = next((name for name in ENDPOINTS if name in signatures), None)
    if endpoint is None:
        raise ValueError(
            f"Expected a signature {' or '.join(ENDPOINTS)} in '{path}', received {sorted(signatures)}. "
            "Export the model with `model.export(folder)`."
        )
    inputs = signatures[endpoint].structured_input_signature[1]
    outputs = signatures[endpoint].structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"Expected one input and one output in '{path}', received inputs {sorted(inputs)} and outputs "
            f"{sorted(outputs)}. Export a model that takes one image tensor and returns one."
        )
    spec = next(iter(inputs.values()))
    image = keras.Input(tuple(spec.shape[1:]), dtype=spec.dtype.name, name="input")
    predicted = keras.layers.TFSMLayer(str(path), call_endpoint=endpoint, name="saved_model")(image)
    return keras.Model(image, next(iter(predicted.values())), name=path.name or "saved_model")
