"""A page as a person sees it: opened in a real browser, which must ask for nothing and complain of nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from browsers import browsing, unfold

HOSTILE = "</script><img src=x onerror=alert(1)>"


@dataclass(frozen=True, eq=False)
class Seen:
    """What the browser showed."""

    text: str  # of the whole page, folded parts opened


def seen_in_browser(path: Path, width: int) -> Seen:
    """Open the page at a width, and fail where it is wider, asks for anything, or runs a name as a script."""
    asked: list[str] = []
    complaints: list[str] = []
    with browsing() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("a name ran as a script"), dialog.dismiss()))
        page.goto(path.as_uri())
        page.evaluate("document.documentElement.classList.remove('js')")  # all views, one after the other
        unfold(page)
        wide = page.evaluate("document.documentElement.scrollWidth")
        text = page.locator("main").inner_text()
        page.close()
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert complaints == []
    assert wide == width
    return Seen(text)
