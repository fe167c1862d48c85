"""Numbers as words: one way to write a share, an amount and a list, for the whole report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def percent(share: float, digits: int = 1) -> str:
    """Return a share 0..1 as '89.4 %', or a dash where it is not known."""
    return f"{100 * share:.{digits}f} %" if np.isfinite(share) else "–"


def number(value: float) -> str:
    """Return an amount with three significant digits, '0.0123', '12.3', '1.2e-07'."""
    if not np.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.1e}"


def with_minus(text: str) -> str:
    """Return a written number with a true minus sign, where it starts with a hyphen."""
    return f"\N{MINUS SIGN}{text[1:]}" if text.startswith("-") else text


def count(amount: int, one: str, many: str | None = None) -> str:
    """Return '1 image', '1,061 images'."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def listed(words: Sequence[str], most: int = 8) -> str:
    """Return 'a, b and c'; beyond `most` the rest is counted."""
    shown = list(words[:most])
    if len(words) > most:
        shown.append(f"{len(words) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def shape(sizes: Sequence[int | None]) -> str:
    """Return '28 × 28 × 1', with 'any' for a size left open."""
    return " × ".join("any" if size is None else str(size) for size in sizes)
