"""The page of a report under hostile names and hostile addresses: its script never stops, each id is there once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_pages import HOSTILE
from browsers import browsing, lead
from small_models import sequential

from featurelens.models import Dataset
from featurelens.reports import write_report

CLICKED = """fragment => new Promise(done => {
  addEventListener("hashchange", () => setTimeout(done), { once: true });
  location.hash = fragment.slice(1) || "#";
})"""
NAMES = (HOSTILE, 'a"b&c=#%?\x1b[2J', "line\u2028break\u202e\udcff")
FRAGMENTS = (
    "#",
    "#%",
    "#%E0%A4%A",
    "#%00",
    "#mistakes",
    "#mistakes?",
    "#mistakes?length=3",
    "#mistakes?__proto__=1&constructor=2&toString=3",
    "#mistakes?true=%&predicted=%ff&order=%zz",
    "#mistakes?order=surest&order=unsure&order=",
    "#mistakes?true=" + "x" * 5000,
    "#mistakes?true]=1&[=2&\"'><=3",
    "#/confusion/x-y?sort=__proto__",
    "#/confusion/%-%?sort=length",
    "#//////",
    "#/../../etc/passwd",
    "#javascript:alert(1)",
    "#<img src=x onerror=alert(1)>",
    "#:~:text=a",
    "#constructor",
    "#\u202e\u2028",
    "#" + "a?" * 500,
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    images = random.random((18, 8, 8, 3), dtype=np.float32)
    data = Dataset(images, np.arange(18) % 3, NAMES, f"{HOSTILE}\x1b[2J")
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(sequential(), data, path, trust_images=0)
    return path


@pytest.fixture(scope="module")
def tab(report: Path) -> Iterator[tuple[Any, list[str]]]:
    """A tab of the browser, and what it complained of."""
    complaints: list[str] = []
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("a name ran as a script"), dialog.dismiss()))
        yield page, complaints


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=range(len(FRAGMENTS)))
def test_an_address_never_stops_the_script(fragment: str, report: Path, tab: tuple[Any, list[str]]) -> None:
    page, complaints = tab
    complaints.clear()
    page.goto("about:blank")
    page.goto(report.as_uri() + fragment)  # as a link that somebody sent
    lead(page, "#top")
    page.evaluate(CLICKED, fragment)  # and as a click
    assert complaints == []
    assert page.locator("h1:visible").count() == 1


def test_every_id_is_there_once_and_the_numbers_are_found(report: Path, tab: tuple[Any, list[str]]) -> None:
    page, _ = tab
    page.goto(report.as_uri())
    ids = Counter(page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)"))
    assert [name for name, count in ids.items() if count > 1] == []
    numbers = json.loads(page.evaluate("document.getElementById('twin').textContent"))
    assert len(numbers) > 3
