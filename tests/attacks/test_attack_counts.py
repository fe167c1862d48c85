"""What the README tells of attacks is what is tried."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"


def test_the_readme_counts_the_attacks_that_are_tried() -> None:
    sys.path.insert(0, str(HERE))
    import counts

    assert counts.table() in README.read_text(encoding="utf-8"), f"write into the README:\n{counts.table()}"
