"""A page as a person sees it: opened in a real browser, which must ask for nothing and complain of nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

HOSTILE = "</script><img src=x onerror=alert(1)>"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@dataclass(frozen=True, eq=False)
class Seen:
    """What the browser showed."""

    text: str  # of the whole page, folded parts opened


def seen_in_browser(path: Path, width: int) -> Seen:
    """Open the page at a width, and fail where it is wider, asks for anything, or runs a name as a script."""
    if CHROMIUM is None:
        pytest.skip("needs a browser on the path: chromium or google-chrome")
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("a name ran as a script"), dialog.dismiss()))
        page.goto(path.as_uri())
        page.evaluate("document.documentElement.classList.remove('js')")  # all views, one after the other
        page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
        page.wait_for_timeout(100)  # what was folded is made now
        wide = page.evaluate("document.documentElement.scrollWidth")
        text = page.locator("main").inner_text()
        browser.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert complaints == []
    assert wide == width
    return Seen(text)
