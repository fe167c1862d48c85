"""Tables on a terminal of any width: every word is there, and where they fit nothing is wider than the terminal."""

import pytest
from rich.table import Table

from featurelens.scripts.terminal.tables import print_table

NAMES = ["block_13_separable_conv_project_batchnorm", "conv", "T-shirt/top"]


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_no_word_is_cut(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", str(columns))
    table = Table("layer", "sees")
    table.add_column("parameters", justify="right")
    for name in NAMES:
        table.add_row(name, "the whole picture", "12,345,678")
    print_table(table)
    printed = capsys.readouterr().out
    assert "…" not in printed
    words = printed.split()
    for word in [*NAMES, "parameters"]:
        assert word in words
    assert words.count("12,345,678") == words.count("picture") == len(NAMES)
    widest = max(map(len, printed.splitlines()))
    assert widest <= max(columns, len(NAMES[0]) + len("picture") + len("12,345,678") + 10)  # 10: four lines, six spaces
