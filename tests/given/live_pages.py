"""A page as it lives: opened from the disk in a real browser, with all that it asked for or complained of, and axe-core."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
from browsers import browsing, lead

__all__ = ["AXE", "browsing", "faults_of_views", "lead", "opened", "violations"]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def opened(browser: Any, path: Path, address: str = "", *, width: int = 1280, **settings: Any) -> tuple[Any, list[str]]:
    """The page, and the list that its complaints and requests go to."""
    page = browser.new_context(viewport={"width": width, "height": 900}, **settings).new_page()
    complaints: list[str] = []
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or complaints.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("a name ran as a script"), dialog.dismiss()))
    page.goto(path.as_uri() + address)
    return page, complaints


def violations(page: Any) -> list[str]:
    """What axe-core finds on what is shown; the context has to bypass the page's policy, as axe is no part of the page."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)
    # the rules that fetch style sheets are off as they come; what passed need not travel from the browser to here
    found = page.evaluate(
        "axe.run(document, {resultTypes: ['violations'], preload: false}).then(all => all.violations)"
    )
    return [f"{each['id']}: {[node['target'] for node in each['nodes']][:3]}" for each in found]


def faults_of_views(browser: Any, path: Path) -> list[str]:
    """What is wider than the window, which table is cut, and what is complained of on every view; what axe-core finds on
    all of them, one below the other: wide and dark, narrow and light.
    """
    found = []
    for width, scheme in ((1280, "dark"), (390, "light")):
        page, complaints = opened(browser, path, width=width, color_scheme=scheme, bypass_csp=True)
        for view in page.locator("main > .view").evaluate_all("views => views.map(view => view.id)"):
            lead(page, f"#{view}")
            page.locator(f'.bar nav a[href="#{view}"][aria-current]').wait_for()
            wide = page.evaluate("document.documentElement.scrollWidth")
            cut = page.locator("main > .on .table-box").evaluate_all(
                "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.ariaLabel)"
            )
            said = [*(f"cut: {name}" for name in cut), *([f"{wide} wide"] if wide != width else [])]
            found += [f"{view} at {width}: {each}" for each in said]
        page.evaluate("document.documentElement.classList.remove('js')")
        found += [f"{width}, {scheme}: {each}" for each in violations(page)] + complaints
        page.context.close()
    return found
