"""The Open Inference Protocol, version 2, over HTTP, with its binary tensors: what KServe's and Triton's clients speak.

https://github.com/kserve/open-inference-protocol and Triton's extension for binary data. Inputs are FP32 in the range that
the model takes, or UINT8 from 0 to 255; outputs are `logits`, `probabilities` and, where asked for, `map`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from featurelens.scripts.serving.answers.pixels import BadPicture
from featurelens.scripts.serving.answers.programs import Answer
from featurelens.scripts.serving.answers.served_model import ServedModel
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.web.bodies import read_body
from featurelens.scripts.serving.web.exchanges import JSON, Exchange, Refusal, Response
from featurelens.scripts.serving.web.questions_asked import (
    Asked,
    Questions,
    model_called,
    refused,
    require_ready,
    require_room,
)
from featurelens.scripts.serving.web.sent_pictures import json_of

_HEADER = b"inference-header-content-length"
_INPUT = "image"
_DTYPES = {"FP32": np.dtype("<f4"), "UINT8": np.dtype("u1")}
_OUTPUTS = ("logits", "probabilities")


@dataclass(frozen=True)
class _Wanted:
    name: str
    binary: bool


class OpenInference:
    """The handlers of one service."""

    def __init__(self, service: Service, questions: Questions) -> None:
        self._service, self._questions = service, questions

    def server(self) -> Response:
        """What this is."""
        return _json({"name": "featurelens", "version": _version(), "extensions": ["binary_tensor_data"]})

    def live(self) -> Response:
        """Whether the process answers at all."""
        return Response(b"", 200 if not self._service.worker.death else 503)

    def ready(self, name: str | None = None) -> Response:
        """Whether questions are answered: after the warm-up and the proof of the logits, until it is told to stop."""
        if name is not None:
            model_called(self._service, name)
        return Response(b"", 200 if self._service.is_ready else 503)

    def model(self, name: str) -> Response:
        """What a model takes and gives."""
        served = model_called(self._service, name)
        shape = [-1, *(-1 if axis is None else axis for axis in served.reader.shape)]
        classes = len(served.class_names)
        outputs: list[dict[str, Any]] = [
            {"name": each, "datatype": "FP32", "shape": [-1, classes]} for each in _OUTPUTS
        ]
        outputs.append({"name": "map", "datatype": "FP32", "shape": [-1, -1, -1]})
        inputs = [{"name": _INPUT, "datatype": "FP32", "shape": shape}]
        return _json({"name": name, "versions": ["1"], "platform": "keras", "inputs": inputs, "outputs": outputs})

    async def infer(self, exchange: Exchange, name: str) -> Response:
        """Answer a request of the protocol."""
        deadline = time.monotonic() + self._service.settings.deadline
        require_ready(self._service)
        require_room(self._service, exchange)
        served = model_called(self._service, name)
        body = await read_body(exchange, self._service.settings)
        asked, binary = _split(body, exchange.header(_HEADER))
        images = _images(asked, binary, served, self._service.settings.pictures)
        wanted = _wanted(asked)
        pictures = []
        for image in images:
            try:
                pictures.append(served.reader.numbers(image))
            except BadPicture as error:
                raise Refusal(400, str(error)) from None
        usual = self._questions.asked(b"")
        question = Asked(served, usual.wish, served.trusted.method, served.layer)
        mapped = any(each.name == "map" for each in wanted)
        found = await self._questions.answers(exchange, question, pictures, deadline, mapped=mapped)
        for answer in found:
            if isinstance(answer, Exception):
                raise refused(answer)
        return _answer(name, asked.get("id"), wanted, found)  # type: ignore[arg-type]


def _split(body: bytes, length: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON of a request, and the bytes behind it."""
    if length and (not length.isdigit() or int(length) > len(body)):
        raise Refusal(
            400,
            "Expected Inference-Header-Content-Length within the body. Received another number. Send the JSON's length.",
        )
    size = int(length) if length else len(body)
    asked = json_of(body[:size])
    if not isinstance(asked, dict):
        raise Refusal(
            400, "Expected an object with inputs. Received other JSON. See /v2 of the Open Inference Protocol."
        )
    return asked, body[size:]


def _images(asked: dict[str, Any], binary: bytes, served: ServedModel, most: int) -> np.ndarray:
    """The pictures of the only input, [n,H,W,C], in its datatype."""
    inputs = asked.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise Refusal(
            400, f"Expected one input, '{_INPUT}'. Received another number of inputs. Send all pictures as one tensor."
        )
    given = inputs[0]
    dtype, shape = _dtype(given), _shape(given, served, most)
    size = _parameters(given).get("binary_data_size")
    array = _from_numbers(given.get("data"), dtype) if size is None else _from_bytes(binary, size, dtype)
    if array.size != int(np.prod([float(axis) for axis in shape])):
        raise Refusal(
            400, f"Expected as many numbers as the shape {shape} holds. Received {array.size:,}. Send all of them."
        )
    return array.reshape(shape)


def _dtype(given: dict[str, Any]) -> np.dtype[Any]:
    dtype = _DTYPES.get(str(given.get("datatype")))
    if dtype is None:
        raise Refusal(
            400, "Expected the datatype FP32 or UINT8. Received another one. Send the pixels as one of these."
        )
    return dtype


def _shape(given: dict[str, Any], served: ServedModel, most: int) -> list[int]:
    shape = given.get("shape")
    if not isinstance(shape, list) or not shape or not all(type(axis) is int and 0 < axis < 2**31 for axis in shape):
        raise Refusal(
            400,
            "Expected a shape of whole numbers above 0. Received something else. Send [n, height, width, channels].",
        )
    if len(shape) not in (3, 4) or shape[0] > most:
        raise Refusal(
            400, f"Expected 1 to {most} pictures, each {served.reader.words}. Received {shape}. Send [n, ...] of such."
        )
    return shape


def _from_bytes(binary: bytes, size: Any, dtype: np.dtype[Any]) -> np.ndarray:
    if type(size) is not int or size != len(binary) or size % dtype.itemsize:
        raise Refusal(
            400, f"Expected binary_data_size bytes behind the JSON. Received {len(binary):,}. Send exactly these."
        )
    return np.frombuffer(binary, dtype)


def _from_numbers(data: Any, dtype: np.dtype[Any]) -> np.ndarray:
    try:
        array = np.asarray(data, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        array = None
    if (
        array is None
        or array.ndim == 0
        or (dtype == np.uint8 and not ((array >= 0) & (array <= 255) & (array % 1 == 0)).all())
    ):
        raise Refusal(
            400, "Expected data as a list of numbers of the datatype. Received something else. Send the pixels there."
        )
    return array.astype(dtype)


def _parameters(given: Any) -> dict[str, Any]:
    found = given.get("parameters")
    return found if isinstance(found, dict) else {}


def _wanted(asked: dict[str, Any]) -> list[_Wanted]:
    binary = _parameters(asked).get("binary_data_output") is True
    outputs = asked.get("outputs")
    if outputs is None or outputs == []:
        return [_Wanted(name, binary) for name in _OUTPUTS]
    wanted = []
    for each in outputs if isinstance(outputs, list) else [None]:
        name = each.get("name") if isinstance(each, dict) else None
        if name not in (*_OUTPUTS, "map"):
            raise Refusal(400, "Expected outputs out of logits, probabilities and map. Received others. Ask for these.")
        parameters = _parameters(each)
        if "classification" in parameters:
            raise Refusal(
                400, "Expected outputs without class_count. Received one with it. Sort the probabilities yourself."
            )
        wanted.append(_Wanted(str(name), parameters.get("binary_data", binary) is True))
    if len({each.name for each in wanted}) < len(wanted):
        raise Refusal(400, "Expected each output once. Received one twice. Leave one away.")
    return wanted


def _answer(name: str, id_: Any, wanted: list[_Wanted], found: list[Answer]) -> Response:
    outputs, behind = [], []
    for each in wanted:
        array = np.asarray([_values(each.name, answer) for answer in found], "<f4")
        told: dict[str, Any] = {"name": each.name, "datatype": "FP32", "shape": list(array.shape)}
        if each.binary:
            behind.append(array.tobytes())
            told["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            told["data"] = array.ravel()
        outputs.append(told)
    answer: dict[str, Any] = {"model_name": name, "model_version": "1", "outputs": outputs}
    if isinstance(id_, str):
        answer["id"] = id_[:128]
    text = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    if not behind:
        return Response(text)
    headers = [(_HEADER, str(len(text)).encode())]
    return Response(text + b"".join(behind), content_type=b"application/octet-stream", headers=headers)


def _values(name: str, answer: Answer) -> Any:
    if name == "map":
        assert answer.batch.maps is not None  # of an explanation
        return answer.batch.maps.values[answer.row]
    decided = answer.batch.decided
    return (decided.logits if name == "logits" else decided.shown)[answer.row]


def _json(told: Any) -> Response:
    return Response(json.dumps(told).encode(), content_type=JSON)


def _version() -> str:
    from importlib.metadata import version

    return version("featurelens")
