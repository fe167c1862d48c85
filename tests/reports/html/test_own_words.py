"""What somebody adds to a page: a note and a logo, from harmless to hostile."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from featurelens.reports.html.own_words import logo_address, note_html


def noted(tmp_path, text: str | bytes) -> str:
    path = tmp_path / "n.md"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(note_html(path))


def test_markdown_is_read(tmp_path):
    html = noted(
        tmp_path,
        "# Head\n\n*sure* **very** `code`\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[x](https://example.org)\n",
    )
    for part in (
        "<h3>Head</h3>",
        "<em>sure</em>",
        "<strong>very</strong>",
        "<code>code</code>",
        "<li>one</li>",
        "<td>1</td>",
    ):
        assert part in html
    assert '<a href="https://example.org">x</a>' in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&#58;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://example.org/track.png)",
        '<a href="javascript:alert(1)">x</a>',
        "<style>body{display:none}</style>",
        "<iframe src='//example.org'></iframe>",
        "`</code><script>alert(1)</script>`",
        "[x]: javascript:alert(1)\n\n[x]",
        '[x](https://e.org "\\" onmouseover=alert(1)")',
        "\x00<b>\x1b[31m\u202e",
    ],
)
def test_nothing_of_a_hostile_note_is_more_than_text(text, tmp_path):
    html = noted(tmp_path, text)
    for tag in (
        "<script",
        "<img",
        "<style",
        "<iframe",
        "<b>",
        'href="javascript',
        'href="data:',
        " onmouseover=alert(1) ",
    ):
        assert tag not in html.lower(), html
    assert not any(letter in html for letter in "\x00\x1b\u202e")


@pytest.mark.parametrize(("content", "told"), [(b"\xff\xfe\x00x", "UTF-8"), (b"x" * 300_000, "at most 200 KB")])
def test_what_is_no_note_is_told(content, told, tmp_path):
    with pytest.raises(ValueError, match=told):
        noted(tmp_path, content)
    with pytest.raises(ValueError, match="which is no file"):
        note_html(tmp_path)


def test_a_logo_is_carried_in_the_page(tmp_path):
    cv2.imwrite(str(tmp_path / "l.png"), np.zeros((8, 8, 3), np.uint8))
    assert logo_address(tmp_path / "l.png").startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "an SVG, which could run a script",
        ),
        (b"\x89PNG\r\n\x1a\n" + b"broken", "PNG, JPEG or WebP"),
        (b"GIF89a", "PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 400_000, "at most 300 KB"),
    ],
)
def test_what_is_no_logo_is_told(content, told, tmp_path):
    (tmp_path / "l.png").write_bytes(content)
    with pytest.raises(ValueError, match=told):
        logo_address(tmp_path / "l.png")
