"""The rest of the routes: what is asked seldom, by FastAPI.

What is asked a thousand times a second is answered before it (see `front`).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteException

from featurelens.interpret.methods.catalogue import METHODS
from featurelens.scripts.serving.engine.jobs import CANCELLED
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.web.described import ERROR, STATUSES, openapi
from featurelens.scripts.serving.web.docs_page import docs_page

_REFUSALS: dict[int | str, dict[str, Any]] = {
    int(status): {"description": STATUSES[status], "content": {"application/json": {"schema": ERROR}}}
    for status in ("401", "403", "404", "405", "421", "500")
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
    _add_models(app, service)
    _add_jobs(app, service)
    _add_descriptions(app, service)
    app.add_exception_handler(Exception, _failed)
    app.add_exception_handler(HTTPException, _in_our_words)
    app.add_exception_handler(StarletteException, _in_our_words)
    return app


def _add_models(app: FastAPI, service: Service) -> None:
    @app.get("/v1/models", responses=_REFUSALS)
    async def models() -> Models:
        """The models, and the verdict on each method on each of them."""
        return Models(models=[about(service, name) for name in service.models])


def _add_jobs(app: FastAPI, service: Service) -> None:
    @app.get("/v1/jobs/{job}", responses=_REFUSALS)
    async def job(job: Annotated[str, Path(max_length=64)]) -> JobState:
        """How far a job is."""
        return _state(service, job)

    @app.delete("/v1/jobs/{job}", responses=_REFUSALS)
    async def cancel(job: Annotated[str, Path(max_length=64)]) -> JobState:
        """Cancel a job."""
        found = service.worker.jobs.get(job)
        if found is not None:
            found.end(CANCELLED, error="The job was cancelled.")
        return _state(service, job)


def _add_descriptions(app: FastAPI, service: Service) -> None:
    @app.get("/openapi.json", include_in_schema=False)
    async def description() -> JSONResponse:
        return JSONResponse(openapi(app, service))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(
            docs_page(openapi(app, service)),
            headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )


async def _failed(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": {"message": "The service failed on this request."}}, 500)


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
