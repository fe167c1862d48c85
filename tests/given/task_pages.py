"""The page of a report without classes, and the command that writes it: what a person reads, what is wrong on its views."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from live_pages import browsing, opened, violations

from featurelens.scripts.cli import main


def words_of(page: Path) -> str:
    """What a person reads."""
    shown = re.sub(r"<style>.*?</style>|<script.*?</script>", "", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown))


def assert_sound(written: Path, wide_and_light: Sequence[str], narrow_and_dark: Sequence[str]) -> None:
    """On each of the views: no wider than the window, no complaint, nothing that axe-core finds."""
    with browsing() as browser:
        for width, scheme, views in ((1280, "light", wide_and_light), (390, "dark", narrow_and_dark)):
            page, complaints = opened(browser, written, width=width, color_scheme=scheme, bypass_csp=True)
            for view in views:
                page.evaluate("view => (location.hash = `/${view}`)", view)
                page.locator(f'main > .on[id="/{view}"]').wait_for()
                assert page.evaluate("document.documentElement.scrollWidth") <= width, view
                assert violations(page) == [] and complaints == [], view
            page.context.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str]:
    """The exit code of a command, and all that it said."""
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    return int(stopped.value.code or 0), " ".join((printed.out + printed.err).split())
