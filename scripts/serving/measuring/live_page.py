"""How soon a stroke on the service's page has become both maps: as the browser itself counts it, where there is one."""

from __future__ import annotations

import importlib
import shutil
import statistics
from importlib.util import find_spec
from typing import Any

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_STROKES = 40
_WATCH = """() => {
  window.times = [];
  let stroke = 0;
  addEventListener("pointermove", (event) => { if (event.buttons) stroke = performance.now(); }, true);
  new MutationObserver(() => window.times.push(performance.now() - stroke))
    .observe(document.body, { attributes: true, attributeFilter: ["data-answered"] });
}"""
_WAIT = """(known) => new Promise((done) => {
  const look = () => (window.times.length > known ? done() : setTimeout(look, 1));
  look();
})"""


def live_line(port: int) -> str:
    """A line about the page of the service at a port."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None or find_spec("playwright") is None:
        return "The page was not measured: playwright and Chromium are not here."
    times = sorted(_times(program, f"http://127.0.0.1:{port}/"))
    middle, late = statistics.median(times), times[int(0.95 * len(times))]
    return (
        f"The page: from a stroke to both maps {middle:.0f} ms, 95 of 100 within {late:.0f} ms ({len(times)} strokes)."
    )


def _times(program: str, address: str) -> list[float]:
    """Milliseconds from each stroke to its maps; the first ones warm the browser up."""
    api: Any = importlib.import_module("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(address)
        page.evaluate(_WATCH)
        box = page.locator("#board").bounding_box()
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        for stroke in range(_STROKES):
            page.mouse.move(box["x"] + 40 + 6 * stroke, box["y"] + 60 + 100 * (stroke % 2))
            page.evaluate(_WAIT, stroke)
        page.mouse.up()
        found: list[float] = page.evaluate("window.times")
        browser.close()
    return found[5:]
