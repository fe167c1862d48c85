"""TODO"""

from __future__ import annotations

Finding = tuple[str, str, str]  # sentence, id of the evidence, words of the link
