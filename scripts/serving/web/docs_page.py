"""The routes as a page for people: what the OpenAPI document says, without anybody else being asked."""

from __future__ import annotations

import html
import json
from typing import Any


def _parameter(told: dict[str, Any]) -> str:
    form = html.escape(json.dumps(told["schema"], ensure_ascii=False)[:300])
    return f"<li><code>{html.escape(told['name'])}</code> ({told['in']}) {form}</li>"


def docs_page(described: dict[str, Any]) -> str:
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
