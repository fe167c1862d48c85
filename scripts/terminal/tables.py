"""A table on the terminal, of which no word is cut: a layer's name that ends in … cannot be typed, a number not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Column, Table

_WIDEST = 10_000  # letters: more than any cell has


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or as its longest words need; the terminal wraps what is wider than it is."""
    from rich.console import Console
    from rich.measure import Measurement

    console = Console()
    words, cells = zip(*map(_longest, table.columns), strict=True)
    frame = Measurement.get(console, console.options.update_width(_WIDEST), table).maximum - sum(cells)
    free = console.width - frame - sum(words)
    for column, word, cell in zip(table.columns, words, cells, strict=True):  # the first ones get what is free
        column.width = word + max(0, min(free, cell - word))
        free -= column.width - word
    console.width = max(console.width, frame + sum(words))
    console.print(table)


def _longest(column: Column) -> tuple[int, int]:
    """The letters of a column's longest word (cell, where it must not wrap), and of its longest cell."""
    from rich.cells import cell_len
    from rich.text import Text

    texts = [Text.from_markup(str(text)).plain for text in (column.header, *column.cells)]
    parts = texts if column.no_wrap else [word for text in texts for word in text.split()]
    return max(map(cell_len, parts), default=0), max(map(cell_len, texts))
