"""The site as it was built: it asks for nothing from elsewhere, its search works offline, it is readable for all and on a phone.

The build is a step of `.ci/run`, which says by FEATURELENS_SITE where the site is; by hand: `sphinx-build -W docs build/docs`,
then `FEATURELENS_SITE=build/docs pytest tests/docs`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from live_pages import AXE, browsing
from playwright.sync_api import expect

SITE = os.environ.get("FEATURELENS_SITE")
pytestmark = pytest.mark.skipif(SITE is None, reason="needs the built site: FEATURELENS_SITE=build/docs")
MAIN_PAGES = {
    "light": ("index", "views", "methods/hirescam", "guide/script"),
    "dark": ("methods/index", "gallery", "start"),
}
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> Path:
    found = (ROOT / (SITE or "")).resolve()
    assert (found / "index.html").is_file(), f"FEATURELENS_SITE is {found}, which holds no site"
    return found


@pytest.fixture(scope="module")
def browser():
    with browsing() as opened:
        yield opened


def test_no_page_loads_anything_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 40
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r'<(?:script|img|iframe|source)[^>]* src="(?:https?:)?//', text), page
        assert not re.search(r'<link[^>]* rel="(?:stylesheet|preload|icon)"[^>]* href="(?:https?:)?//', text), page


def test_every_public_name_is_in_the_api(site):
    import featurelens

    for package in ("interpret", "models", "reports"):
        text = (site / "api" / f"{package}.html").read_text("utf-8")
        missing = [
            name for name in getattr(featurelens, package).__all__ if f'id="featurelens.{package}.{name}"' not in text
        ]
        assert not missing, f"{package}: {', '.join(missing)}"


def test_the_search_works_from_the_disk(site, browser):
    page = browser.new_page()
    page.goto(f"{(site / 'search.html').as_uri()}?q=occlusion")
    expect(page.locator("#search-results a", has_text="Occlusion").first).to_be_visible()
    page.close()


@pytest.mark.parametrize("scheme", MAIN_PAGES)
def test_the_main_pages_are_accessible_and_fit(scheme, site, browser):
    context = browser.new_context(bypass_csp=True, color_scheme=scheme, viewport={"width": 390, "height": 800})
    page = context.new_page()
    faults = []
    for name in MAIN_PAGES[scheme]:
        page.goto((site / f"{name}.html").as_uri())
        expect(page.locator("h1")).to_be_visible()
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            faults.append(f"{name} is wider than the window")
        page.evaluate(AXE)
        found = page.evaluate("axe.run('main', {resultTypes: ['violations']})")["violations"]
        faults += [
            f"{name}: {each['id']} at {each['nodes'][0]['target']}: {each['nodes'][0]['html'][:150]}" for each in found
        ]
    context.close()
    assert not faults, "\n".join(faults)
