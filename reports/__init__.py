"""From what a model saw to a page that shows it: arrays in, pictures and one HTML file out."""

from __future__ import annotations

from .report import write_report

__all__ = ["write_report"]
