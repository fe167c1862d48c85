"""What else answers such requests, each a server of its own: `python -m ...measuring.contenders NAME PORT`.

`litserve`: LitServe with batches of 64. `function`: FastAPI with a tf.function per request. `predict`: FastAPI with
`model.predict` per request, for an explanation with a GradientTape around the model. All take a PNG and answer JSON,
HiResCAM of conv2 for an explanation; none says how far to trust it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def started(threads: int = 1) -> tuple[Any, Any]:
    """TensorFlow, and the shipped model with its convolution and its logits as outputs."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    import keras

    from featurelens.models import load_model

    model = load_model("zero_padded_dropout")
    inputs = value = keras.Input(model.input_shape[1:])
    conv = None
    for layer in model.layers[:-1]:
        value = layer(value)
        conv = value if layer.name == "conv2" else conv
    head = keras.layers.Dense(10)
    logits = head(value)
    head.set_weights(model.layers[-1].get_weights())
    return tf, keras.Model(inputs, [conv, logits])


def functions(tf: Any, both: Any) -> tuple[Any, Any]:
    """Predict and explain of a batch, each a tf.function."""
    shape = tf.TensorSpec((None, 28, 28, 1), tf.float32)

    @tf.function(input_signature=[shape])
    def predict(images: Any) -> Any:
        return both(images, training=False)[1]

    @tf.function(input_signature=[shape])
    def explain(images: Any) -> Any:
        with tf.GradientTape() as tape:
            conv, logits = both(images, training=False)
            score = tf.reduce_max(logits, axis=1)
        return logits, tf.reduce_sum(conv * tape.gradient(score, conv), axis=-1)

    return predict, explain


def pixels(raw: bytes) -> np.ndarray:
    """From a PNG to the model\'s input."""
    import cv2

    found = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert found is not None  # of the benchmark's own picture
    return (found.astype(np.float32) / 255)[..., np.newaxis]


def told(logits: np.ndarray, maps: np.ndarray | None = None) -> dict[str, Any]:
    """The answer."""
    told = {"class": int(logits.argmax()), "logits": logits.tolist()}
    return told if maps is None else {**told, "map": maps.tolist()}


def fastapi_app(kind: str) -> Any:
    """FastAPI with one run of the model per request."""
    from fastapi import FastAPI, Request

    tf, both = started()
    predict, explain = functions(tf, both)
    app = FastAPI()

    async def answer_predict(request: Request) -> dict[str, Any]:
        images = pixels(await request.body())[np.newaxis]
        logits = both.predict(images, verbose=0)[1] if kind == "predict" else predict(tf.constant(images)).numpy()
        return told(logits[0])

    async def answer_explain(request: Request) -> dict[str, Any]:
        images = pixels(await request.body())[np.newaxis]
        if kind == "predict":
            both.predict(images, verbose=0)
        logits, maps = explain(tf.constant(images))
        return told(logits.numpy()[0], maps.numpy()[0])

    for answer in (answer_predict, answer_explain):
        answer.__annotations__["request"] = (
            Request  # a name of this function, which FastAPI would look for in the module
        )
        app.post(f"/{answer.__name__.removeprefix('answer_')}")(answer)
    app.get("/health")(lambda: {"ready": True})
    return app


def main() -> None:
    """Listen until ended."""
    name, port = sys.argv[1], int(sys.argv[2])
    if name == "litserve":
        from featurelens.scripts.serving.measuring.batching_contender import litserve_server

        litserve_server().run(
            host="127.0.0.1", port=port, generate_client_file=False, log_level="error", num_api_servers=1
        )
        return
    import uvicorn

    uvicorn.run(fastapi_app(name), host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
