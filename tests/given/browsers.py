"""One browser for all tests of a process: to start one takes longer than most pages are looked at."""

from __future__ import annotations

import asyncio
import atexit
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
# a camera that shows something, for the page of the service
ARGUMENTS = ("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PATIENCE = 60_000  # milliseconds for what a page does, on a machine that may stand still for a while
LED = """place => new Promise(done => {
  if (location.hash === place) return done();
  addEventListener('hashchange', () => setTimeout(done), { once: true });  // behind the page's own
  location.hash = place;
})"""
UNFOLDED = """() => Promise.all([...document.querySelectorAll('details:not([open])')].map(fold => new Promise(done => {
  fold.addEventListener('toggle', done, { once: true });  // behind the page's own, which makes what is folded
  fold.open = true;
})))"""


class _Kept:
    """The browser, once it is started, and who uses it."""

    browser: Any = None
    loop: Any = None
    users = 0


@contextmanager
def browsing() -> Iterator[Any]:
    """The browser, whose pages are closed afterwards; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs a browser on the path: chromium or google-chrome")
    # Playwright's loop counts as the one that runs in this thread; while nobody uses it, another can
    if _Kept.browser is None or not _Kept.browser.is_connected():
        _start()
    asyncio._set_running_loop(_Kept.loop)
    _Kept.users += 1
    try:
        yield _Kept.browser
    finally:
        _Kept.users -= 1
        if not _Kept.users:
            for context in _Kept.browser.contexts:
                context.close()
            asyncio._set_running_loop(None)


def _start() -> None:
    playwright = sync_playwright().start()
    _Kept.loop = asyncio.get_running_loop()
    _Kept.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    atexit.register(_end, playwright)


def _end(playwright: Any) -> None:
    asyncio._set_running_loop(_Kept.loop)
    playwright.stop()


def lead(page: Any, place: str) -> None:
    """Lead a page to an address within it, and return when it is there."""
    page.evaluate(LED, place)


def unfold(page: Any) -> None:
    """Open all that is folded, and return when it is made."""
    page.evaluate(UNFOLDED)
