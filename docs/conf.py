"""The site: `pip install ".[docs]" && sphinx-build -W docs build/docs`, then open build/docs/index.html; no network is needed."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "featurelens"
author = "The featurelens authors"
copyright = "The featurelens authors. MIT licence"
version = release = importlib.metadata.version("featurelens")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "plain_docstrings",  # the four of this folder's _ext
    "mathml",
    "verdict_tables",
    "lesson_pages",
]
exclude_patterns = ["_ext", "measured"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "special-members": "__call__", "show-inheritance": False}
python_use_unqualified_type_names = True
add_module_names = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Fields", "params_style")]
default_role = "py:obj"
suppress_warnings = ["ref.python"]  # `maps` is a member of several records

html_math_renderer = "mathml"
html_theme = "pydata_sphinx_theme"
html_title = "featurelens"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
_ALONE = ("index", "start", "views", "gallery", "accepted", "performance", "comparison", "architecture", "search")
html_sidebars: dict[str, list[str]] = {page: [] for page in _ALONE}  # pages without others below them
html_theme_options = {
    "logo": {"text": "featurelens"},
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_persistent": ["search-button"],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 8,
}
