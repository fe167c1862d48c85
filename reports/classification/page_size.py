"""A page of at most so many megabytes: drawn anew with fewer pictures until it is, never with fewer counted."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from ..html.own_words import OwnWords
from .gathered import Report, gather_report
from .page import report_html

_FEWEST_DRAWN = 0.02  # share of the pictures below which a page is not made smaller


def page_within(
    report: Report, shown: Sequence[str] | None, words: OwnWords, megabytes: float | None
) -> tuple[Report, str]:
    """The page, and the report that it is of: gathered anew with fewer pictures where the page is too large."""
    tried: list[tuple[float, float]] = []  # (share drawn, megabytes)
    while True:
        page = report_html(report if shown is None else report.only(shown), words)
        seen, size = report.seen, len(page.encode()) / 1e6
        if megabytes is None or seen is None or size <= megabytes:
            return report, page
        if seen.plan.drawn <= _FEWEST_DRAWN:
            _warn_of_size(size, megabytes)
            return report, page
        tried.append((seen.plan.drawn, size))
        seen.draw_less(_share_for(megabytes, tried), megabytes)
        report = gather_report(seen, report.sections)


def _share_for(megabytes: float, tried: Sequence[tuple[float, float]]) -> float:
    """The share of the pictures to draw, from the sizes of the pages that were drawn: a part of each does not shrink.

    Example:
        >>> _share_for(4.0, [(1.0, 6.0), (0.5, 5.0)])  # 4 MB that stay, and 2 MB for all pictures
        0.02
    """
    share, size = tried[-1]
    guess = share * 0.95 * megabytes / size
    if len(tried) > 1 and tried[-2][1] > size:
        per_share = (tried[-2][1] - size) / (tried[-2][0] - share)
        guess = share - (size - 0.97 * megabytes) / per_share
    return max(_FEWEST_DRAWN, min(0.8 * share, guess))


def _warn_of_size(size: float, megabytes: float) -> None:
    warnings.warn(
        f"Expected a page of at most {megabytes:g} MB. With the fewest pictures that are drawn it has {size:.2f} MB. Ask for "
        f"{math.ceil(100 * size) / 100:g}, for fewer sections, or for fewer classes.",
        stacklevel=2,
    )
