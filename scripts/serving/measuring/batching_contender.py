"""LitServe, where it is installed: a server that batches, with the same model."""

from __future__ import annotations

import base64
import importlib
from typing import Any

import numpy as np

from featurelens.scripts.serving.measuring.bare_model import functions, pixels, started, told

_BATCH, _WAIT = 64, 0.002  # pictures, seconds
litserve: Any = importlib.import_module("litserve")  # only this benchmark needs it


class Served(litserve.LitAPI):
    """One of the two questions."""

    what = ""

    def setup(self, device: str) -> None:
        """Load the model in its process."""
        self._tf, both = started()
        self._run = functions(self._tf, both)[self.what == "explain"]

    def decode_request(self, request):  # type: ignore[no-untyped-def]  # LitServe reads annotations: without, it is the JSON
        """From a request to pixels."""
        return pixels(base64.b64decode(request["image"]))

    def predict(self, images: Any) -> Any:
        """A batch."""
        found = self._run(self._tf.constant(np.stack(images)))
        if self.what == "predict":
            return [told(logits) for logits in found.numpy()]
        return [told(*each) for each in zip(found[0].numpy(), found[1].numpy(), strict=True)]

    def unbatch(self, output: Any) -> Any:
        """Each answer."""
        return output

    def encode_response(self, output: Any) -> Any:
        """As it is."""
        return output


class Predict(Served):
    """Predictions."""

    what = "predict"


class Explain(Served):
    """Explanations."""

    what = "explain"


def litserve_server() -> Any:
    """The server of both."""
    apis = [kind(max_batch_size=_BATCH, batch_timeout=_WAIT, api_path=f"/{kind.what}") for kind in (Predict, Explain)]
    return litserve.LitServer(apis, accelerator="cpu", workers_per_device=1, timeout=60)
