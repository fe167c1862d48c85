"""Text from outside on a terminal: nothing that rewrites it, one line, no endless word."""

from __future__ import annotations

import pytest

from featurelens.models.visible_text import visible, visible_line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("cat", "cat"),
        ("Größe 猫", "Größe 猫"),
        ("\x1b[31mred\x1b[0m", r"\u001b[31mred\u001b[0m"),
        ("two\nlines\r", r"two\nlines\r"),
        ("next\u0085para\u2029", r"next\u0085para\u2029"),
        ("turned\u202e", r"turned\u202e"),
        (b"no utf \xff".decode("utf-8", "surrogateescape"), r"no utf \udcff"),
    ],
)
def test_what_no_terminal_can_show_becomes_an_escape(name: str, shown: str) -> None:
    assert visible(name) == shown


def test_a_name_is_cut_where_it_is_told_to() -> None:
    assert visible("a" * 100, 10) == "a" * 9 + "…"


def test_a_message_is_one_line_without_endless_words() -> None:
    line = visible_line(f"Expected a label.\n  Received '{'1' * 131_072}'\x07. Correct it.")
    assert line.startswith("Expected a label. Received '111") and line.endswith("Correct it.")
    assert "\x07" not in line and len(line) < 150
    assert visible_line("/a/long/path/" + "x" * 70 + "/file.keras").endswith("x/file.keras")
