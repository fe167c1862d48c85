"""The rest of the routes, and the description of all of them as OpenAPI.

What is asked a thousand times a second is answered before FastAPI (see `front`); it is described here beside the others.
"""

from __future__ import annotations

import html
import json
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel

from featurelens.interpret.methods.catalogue import METHODS
from featurelens.scripts.serving.answers.questions import MAPS
from featurelens.scripts.serving.engine.jobs import CANCELLED
from featurelens.scripts.serving.service import Service

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["message"]}]},
    },
}
_STATUSES = {
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


class Method(BaseModel):
    """A method, and what was measured of it."""

    name: str
    layer: str | None
    unit: str
    signed: bool
    chosen_by_trust: bool
    verdict: str
    measured: str
    remark: str
    answers: str


class About(BaseModel):
    """A model that is served."""

    name: str
    sha256: str
    head: str
    unit: str
    logit_error: float
    class_names: list[str]
    shape: list[int | None]
    value_range: list[float]
    references: str
    reference_accuracy: float
    methods: list[Method]


class Models(BaseModel):
    """The models that are served."""

    models: list[About]


class JobState(BaseModel):
    """How far a job is; its result once it is done."""

    job: str
    state: str
    share: float
    error: str | None
    result: dict[str, Any] | None


def documented(service: Service) -> FastAPI:
    """The application for all that is not answered by `front`."""
    app = FastAPI(
        title="featurelens", summary="Predictions with tested reasons.", docs_url=None, redoc_url=None, openapi_url=None
    )
    refusals: dict[int | str, dict[str, Any]] = {
        int(status): {"description": _STATUSES[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in ("401", "403", "404", "405", "421", "500")
    }

    @app.get("/v1/models", responses=refusals)
    async def models() -> Models:
        """The models, and the verdict on each method on each of them."""
        return Models(models=[about(service, name) for name in service.models])

    @app.get("/v1/jobs/{job}", responses=refusals)
    async def job(job: Annotated[str, Path(max_length=64)]) -> JobState:
        """How far a job is."""
        return _state(service, job)

    @app.delete("/v1/jobs/{job}", responses=refusals)
    async def cancel(job: Annotated[str, Path(max_length=64)]) -> JobState:
        """Cancel a job."""
        found = service.worker.jobs.get(job)
        if found is not None:
            found.end(CANCELLED, error="The job was cancelled.")
        return _state(service, job)

    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> JSONResponse:
        return JSONResponse(openapi(app, service))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(
            _docs_page(openapi(app, service)),
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )

    @app.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse({"error": {"message": "The service failed on this request."}}, 500)

    app.add_exception_handler(HTTPException, _in_our_words)
    from starlette.exceptions import HTTPException as Starlette

    app.add_exception_handler(Starlette, _in_our_words)
    return app


async def _in_our_words(_: Request, error: Exception) -> JSONResponse:
    status, told = getattr(error, "status_code", 500), str(getattr(error, "detail", "The service failed."))
    if status == 404 and told == "Not Found":
        told = "Expected a route of this service. Received another path. See /docs."
    if status == 405:
        told = "Expected another method. See /docs."
    return JSONResponse({"error": {"message": told}}, status, getattr(error, "headers", None))


def about(service: Service, name: str) -> About:
    """What is known of a model."""
    served, words = service.models[name], service.words[name]
    methods = []
    for known in METHODS.usual:
        if known.name in served.refused:
            continue
        layer = served.programs.layer_of(known, served.trusted.layer)
        methods.append(Method(**words.method(known, layer), answers="as a job" if known.is_expensive else "at once"))
    return About(
        **words.about,
        class_names=list(served.class_names),
        shape=list(served.reader.shape),
        value_range=[float(limit) for limit in served.reader.value_range],
        references=f"{len(served.references.labels):,} images of {served.references.source}",
        reference_accuracy=served.references.accuracy,
        methods=methods,
    )


def _state(service: Service, id_: str) -> JobState:
    found = service.worker.jobs.get(id_)
    if found is None:
        raise HTTPException(
            404,
            "Expected the number of a job. Received one that is not here, or no longer. Ask again by POST /v1/explain.",
        )
    return JobState(job=found.id, state=found.state, share=found.share, error=found.error or None, result=found.result)


def openapi(app: FastAPI, service: Service) -> dict[str, Any]:
    """The description of all routes."""
    described = app.openapi()
    described["paths"] = {**_hot_paths(service), **described["paths"]}
    if service.settings.token is not None:
        described.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        described["security"] = [{"token": []}]
    return described


def _hot_paths(service: Service) -> dict[str, Any]:
    served = service.models[service.first]
    prediction = {
        "type": "object",
        "required": ["model", "class_names", "predictions"],
        "properties": {"predictions": {"type": "array", "items": {"type": "object"}}},
    }
    explanation = {
        "type": "object",
        "required": ["model", "class_names", "method", "notes", "explanations"],
        "properties": {"explanations": {"type": "array", "items": {"type": "object"}}},
    }
    asked = [_query("model", {"enum": list(service.models)}), _query("class", {"enum": list(served.class_names)})]
    asked.append(_query("versus", {"enum": list(served.class_names)}))
    asked += [
        _query("method", {"enum": [known.slug for known in METHODS.usual]}),
        _query("layer", {"type": "string"}),
        _query("coverage", {"type": "number", "minimum": 0.5, "maximum": 0.999}),
        _query("map", {"enum": list(MAPS)}),
        _query("overlay", {"enum": ["yes", "no"]}),
    ]
    explained = _answers(
        {"application/json": {"schema": explanation}, "image/png": {"schema": {"type": "string", "format": "binary"}}}
    )
    explained["202"] = {
        "description": "A method of many passes: a job.",
        **_json({"type": "object", "required": ["job", "url"]}),
    }
    predicted, anything = _answers(_json(prediction)["content"]), _answers(_json({"type": "object"})["content"])
    inferred, counted = _answers(_json(_INFERRED)["content"]), _answers({"text/plain": {"schema": {"type": "string"}}})
    asks: dict[str, dict[str, Any]] = {
        "/v1/predict": _operation("What the model decides.", asked[:1], _pictures(), predicted),
        "/v1/explain": _operation("What it decides, and why.", asked, _pictures(), explained),
        "/v2/models/{name}/infer": _operation("Open Inference Protocol.", [_NAME], _tensors(), inferred),
    }
    tells: dict[str, dict[str, Any]] = {
        "/v2": _operation("What this is.", [], None, anything),
        "/v2/health/live": _operation("Whether it lives.", [], None, _answers(None, "503")),
        "/v2/health/ready": _operation("Whether it answers.", [], None, _answers(None, "503")),
        "/v2/models/{name}": _operation("What a model takes.", [_NAME], None, anything),
        "/v2/models/{name}/ready": _operation("Whether it answers.", [_NAME], None, _answers(None)),
        "/metrics": _operation("For Prometheus.", [], None, counted),
    }
    posts = {path: {"post": operation} for path, operation in asks.items()}
    return posts | {path: {"get": operation} for path, operation in tells.items()}


_NAME = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_INFERRED = {"type": "object", "required": ["model_name", "model_version", "outputs"]}


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
        status: {"description": words, **_json(_ERROR)} for status, words in _STATUSES.items() if status not in also
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


def _parameter(told: dict[str, Any]) -> str:
    form = html.escape(json.dumps(told["schema"], ensure_ascii=False)[:300])
    return f"<li><code>{html.escape(told['name'])}</code> ({told['in']}) {form}</li>"


def _docs_page(described: dict[str, Any]) -> str:
    """The routes as a page that asks nobody for anything."""
    rows = []
    for path, operations in described["paths"].items():
        for method, told in operations.items():
            parameters = "".join(map(_parameter, told.get("parameters", [])))
            kinds = ", ".join(told.get("requestBody", {}).get("content", {}))
            answers = ", ".join(told["responses"])
            rows.append(
                f"<section><h2><code>{method.upper()} {html.escape(path)}</code></h2><p>{html.escape(told.get('summary', ''))} "
                f"{html.escape(told.get('description', ''))}</p>{f'<p>Takes {html.escape(kinds)}.</p>' if kinds else ''}"
                f"<ul>{parameters}</ul><p>Answers {answers}.</p></section>"
            )
    style = (
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
        "overflow-wrap:anywhere}h2{font-size:1.05rem;margin:2rem 0 .3rem}section{border-top:1px solid #8886}"
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>featurelens: routes</title><style>{style}</style></head><body><main><h1>Routes</h1>"
        f'<p>The same as <a href="/openapi.json">OpenAPI</a>; <a href="/">the page</a>.</p>{"".join(rows)}</main></body></html>'
    )
