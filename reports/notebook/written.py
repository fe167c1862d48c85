"""What `write_report` returns: the path of the page, which a notebook shows as the page itself."""

from __future__ import annotations

import base64
from pathlib import Path

from markupsafe import Markup

_INSIDE = 12 * 2**20  # bytes: a larger page is not copied into the notebook
_HEIGHT = 640  # pixels of the frame


class WrittenReport(type(Path())):
    """The path of a written page: whatever a `Path` can do, and in a notebook the page in a frame.

    Example:
        >>> WrittenReport("report.html").suffix
        '.html'
    """

    def _repr_html_(self) -> str:
        """The page in a frame; only where it is, if it is gone or very large."""
        if not self.is_file() or self.stat().st_size > _INSIDE:
            return str(Markup("<div>The report is at <code>{}</code>. Open it in a browser.</div>").format(self))
        page = base64.b64encode(self.read_bytes()).decode()
        return str(
            Markup(
                '<iframe src="data:text/html;base64,{}" title="The report" sandbox="allow-scripts allow-popups" '
                'style="width:100%;height:{}px;border:1px solid rgba(128,128,128,.45);background:#fff"></iframe>'
                '<div style="font-size:12px;opacity:.8">{}</div>'
            ).format(page, _HEIGHT, self)
        )
