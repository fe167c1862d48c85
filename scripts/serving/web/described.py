"""The description of all routes as OpenAPI: of those that `front` answers, which FastAPI does not know, beside its own."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from featurelens.interpret.methods.catalogue import METHODS
from featurelens.scripts.serving.answers.questions import MAPS
from featurelens.scripts.serving.service import Service

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["message"]}]},
    },
}
STATUSES = {
    "400": "The body or its tensors cannot be read.",
    "401": "The token is missing or wrong.",
    "403": "The page of another site asks.",
    "404": "There is no such model.",
    "405": "Another method is expected.",
    "406": "Neither JSON nor PNG is accepted.",
    "408": "The body came too slowly.",
    "413": "The body or the picture is too large.",
    "415": "The body is of another kind.",
    "421": "The Host header names another machine.",
    "422": "The picture or the question cannot be taken.",
    "429": "The queue is full: see Retry-After.",
    "500": "The model failed.",
    "503": "The service is starting or stopping.",
    "504": "The deadline passed.",
}


_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_INFERRED = {"type": "object", "required": ["model_name", "model_version", "outputs"]}
_PREDICTION = {
    "type": "object",
    "required": ["model", "class_names", "predictions"],
    "properties": {"predictions": {"type": "array", "items": {"type": "object"}}},
}
_EXPLANATION = {
    "type": "object",
    "required": ["model", "class_names", "method", "notes", "explanations"],
    "properties": {"explanations": {"type": "array", "items": {"type": "object"}}},
}


def openapi(app: FastAPI, service: Service) -> dict[str, Any]:
    """The description of all routes."""
    described = app.openapi()
    described["paths"] = {**_asks(service), **_tells(), **described["paths"]}
    if service.settings.token is not None:
        described.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _asks(service: Service) -> dict[str, Any]:
    """The routes that take pictures."""
    words = _words(service)
    predicted, inferred = _answers(_json(_PREDICTION)["content"]), _answers(_json(_INFERRED)["content"])
    made = {
        "/v1/predict": _operation("What the model decides.", words[:1], _pictures(), predicted),
        "/v1/explain": _operation("What it decides, and why.", words, _pictures(), _explained()),
        "/v2/models/{name}/infer": _operation("Open Inference Protocol.", [_NAME], _tensors(), inferred),
    }
    return {path: {"post": operation} for path, operation in made.items()}


def _tells() -> dict[str, Any]:
    """The routes that tell of the service itself."""
    anything, counted = (
        _answers(_json({"type": "object"})["content"]),
        _answers({"text/plain": {"schema": {"type": "string"}}}),
    )
    made = {
        "/v2": _operation("What this is.", [], None, anything),
        "/v2/health/live": _operation("Whether it lives.", [], None, _answers(None, "503")),
        "/v2/health/ready": _operation("Whether it answers.", [], None, _answers(None, "503")),
        "/v2/models/{name}": _operation("What a model takes.", [_NAME], None, anything),
        "/v2/models/{name}/ready": _operation("Whether it answers.", [_NAME], None, _answers(None)),
        "/metrics": _operation("For Prometheus.", [], None, counted),
    }
    return {path: {"get": operation} for path, operation in made.items()}


def _words(service: Service) -> list[dict[str, Any]]:
    """The words of a query; a prediction takes the first alone."""
    classes = list(service.models[service.first].class_names)
    return [
        _query("model", {"enum": list(service.models)}),
        _query("class", {"enum": classes}),
        _query("versus", {"enum": classes}),
        _query("method", {"enum": [known.slug for known in METHODS.usual]}),
        _query("layer", {"type": "string"}),
        _query("coverage", {"type": "number", "minimum": 0.5, "maximum": 0.999}),
        _query("map", {"enum": list(MAPS)}),
        _query("overlay", {"enum": ["yes", "no"]}),
    ]


def _explained() -> dict[str, Any]:
    """The answers to a question for an explanation: in one of two forms, or as a job."""
    drawn = {"image/png": {"schema": {"type": "string", "format": "binary"}}}
    job = _json({"type": "object", "required": ["job", "url"]})
    return {
        **_answers({**_json(_EXPLANATION)["content"], **drawn}),
        "202": {"description": "A method of many passes: a job.", **job},
    }


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": "string", **schema}}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def _operation(summary: str, parameters: list[Any], body: Any, responses: dict[str, Any]) -> dict[str, Any]:
    made = {"summary": summary, "parameters": parameters, "responses": responses}
    return made if body is None else {**made, "requestBody": body}


def _answers(content: dict[str, Any] | None, *also: str) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done."}
    if content is not None:
        done["content"] = content
    refusals = {
        status: {"description": words, **_json(ERROR)} for status, words in STATUSES.items() if status not in also
    }
    return {"200": done, **refusals, **{status: {"description": "It does not."} for status in also}}


def _pictures() -> dict[str, Any]:
    raw = {"schema": {"type": "string", "format": "binary"}}
    many = {
        "type": "object",
        "properties": {"picture": {"type": "string", "format": "binary"}},
        "required": ["picture"],
    }
    numbers = {"type": "object", "required": ["images"], "properties": {"images": {"type": "array", "items": {}}}}
    kinds = ("image/png", "image/jpeg", "image/webp", "application/octet-stream")
    return {
        "required": True,
        "content": {
            **dict.fromkeys(kinds, raw),
            "multipart/form-data": {"schema": many},
            "application/json": {"schema": numbers},
        },
    }


def _tensors() -> dict[str, Any]:
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"type": "string"},
            "datatype": {"enum": ["FP32", "UINT8"]},
            "data": {"type": "array", "items": {}},
        },
    }
    return {
        "required": True,
        **_json(
            {"type": "object", "required": ["inputs"], "properties": {"inputs": {"type": "array", "items": tensor}}}
        ),
    }
