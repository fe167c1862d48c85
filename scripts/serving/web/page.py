"""The page of the service: one HTML file, its style and its script, made once; it asks nobody but this service."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import jinja2

from featurelens.reports.drawing.colors import color_table
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.web.exchanges import Headers, Response

FILES = Path(__file__).parent / "page_files"
_POLICY: Headers = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        b"media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(self)"),
]


class Page:
    """The three files."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @cache  # noqa: B019 - one for as long as the service runs
    def html(self) -> Response:
        """The page itself, with what it has to know of the models and the colours."""
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(FILES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
        )
        served = [self._known(name) for name in self._service.models]
        scales = {name: bytes(color_table(name).ravel()).hex() for name in ("evidence", "saliency", "signed")}  # type: ignore[arg-type]
        told = json.dumps({"models": served, "scales": scales}, ensure_ascii=True).replace("<", "\\u003c")
        text = environment.get_template("page.html.j2").render(models=served, told=told)
        return Response(text.encode(), content_type=b"text/html; charset=utf-8", headers=_POLICY)

    @cache  # noqa: B019
    def css(self) -> Response:
        """Its style."""
        return Response((FILES / "page.css").read_bytes(), content_type=b"text/css; charset=utf-8")

    @cache  # noqa: B019
    def js(self) -> Response:
        """Its script."""
        return Response((FILES / "page.js").read_bytes(), content_type=b"text/javascript; charset=utf-8")

    def _known(self, name: str) -> dict[str, object]:
        served = self._service.models[name]
        height, width, channels = served.reader.shape
        return {
            "name": name,
            "height": height or 224,
            "width": width or 224,
            "channels": channels,
            "exif": served.reader.exif,
            "fit": served.reader.resizing.fit,
            "method": served.trusted.method.name,
            "verdict": served.trusted.level(served.trusted.method.name),
        }
