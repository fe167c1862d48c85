"""What else answers such requests, each a server of its own: `python -m ...measuring.contenders NAME PORT`.

`litserve`: LitServe with batches of 64. `function`: FastAPI with a tf.function per request. `predict`: FastAPI with
`model.predict` per request, for an explanation with a GradientTape around the model. All take a PNG and answer JSON,
HiResCAM of conv2 for an explanation; none says how far to trust it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from featurelens.scripts.serving.measuring.bare_model import functions, pixels, started, told


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
        answer.__annotations__["request"] = Request  # which FastAPI would look for in the module
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
