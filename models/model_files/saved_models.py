"""A TensorFlow SavedModel folder as a Keras model, through `keras.layers.TFSMLayer`.

The result is one opaque layer: it predicts and has gradients with respect to its input, so input methods
(saliency, integrated gradients, occlusion) work; there are no inner layers to look into, so maps of
activations and Grad-CAM are not possible.
"""

from pathlib import Path
from typing import Any

from ..keras_backend import keras_on_tensorflow
from .keras_2 import loaded_saved_model

ENDPOINTS = ("serving_default", "serve")


def saved_model(path: Path) -> Any:
    """Wrap the folder's prediction function.

    Args:
        path: folder with saved_model.pb; its graph is run as it is, so it must come from someone trusted.

    Returns:
        a functional `keras.Model` with the signature's one input and its output; of several outputs all, by their names.

    Raises:
        ValueError: where the folder cannot be loaded, or no signature has one input.
    """
    keras = keras_on_tensorflow()
    signatures = loaded_saved_model(path).signatures
    endpoint = next((name for name in ENDPOINTS if name in signatures), None)
    if endpoint is None:
        raise ValueError(
            f"Expected a signature {' or '.join(ENDPOINTS)} in '{path}'. Received {sorted(signatures)}. "
            "Export the model with `model.export(folder)`."
        )
    inputs = signatures[endpoint].structured_input_signature[1]
    outputs = signatures[endpoint].structured_outputs
    if len(inputs) != 1:
        raise ValueError(
            f"Expected one input in '{path}'. Received inputs {sorted(inputs)}. Export a model that takes one image tensor."
        )
    spec = next(iter(inputs.values()))
    image = keras.Input(tuple(spec.shape[1:]), dtype=spec.dtype.name, name="input")
    predicted = keras.layers.TFSMLayer(str(path), call_endpoint=endpoint, name="saved_model")(image)
    answer = next(iter(predicted.values())) if len(outputs) == 1 else dict(predicted)
    return keras.Model(image, answer, name=path.name or "saved_model")
