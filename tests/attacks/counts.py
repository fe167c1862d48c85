"""How many attacks there are of each kind, as the README tells them: `python tests/attacks/counts.py` prints the table."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
KINDS = {  # what the README calls them -> (module, the kinds in its ATTACKS; none: all)
    "model files that name code": ("test_attacks_by_models", "code"),
    "model files that lead elsewhere": ("test_attacks_by_models", "elsewhere"),
    "model files that claim or unpack without end": ("test_attacks_by_models", "claims"),
    "model files that are damaged or cut off": ("test_attacks_by_models", "damaged, cut off"),
    "HDF5 and MATLAB": ("test_attacks_by_array_files", ""),
    "pickles and CIFAR": ("test_attacks_by_pickles", ""),
    "TFRecord and Parquet": ("test_attacks_by_records", ""),
    "IDX, gzip, NumPy and tables, whole and cut off": ("test_attacks_by_data", "IDX and gzip, NumPy, tables, cut off"),
    "pictures": ("test_attacks_by_data", "pictures"),
    "folders and places to write to": ("test_attacks_by_data", "folders"),
    "model cards and files of trust": ("test_attacks_by_cards", ""),
    "hostile names, in every command": ("test_attacks_by_names", "NAMES"),
    "addresses of the page": ("test_attacks_by_address", "FRAGMENTS"),
}


def counts() -> dict[str, int]:
    """{kind: how many attacks}."""
    found = {}
    for words, (module, kinds) in KINDS.items():
        told = vars(__import__(module))
        if kinds in told:
            found[words] = len(told[kinds])
        else:
            chosen = kinds.split(", ") if kinds else list(told["ATTACKS"])
            found[words] = sum(len(told["ATTACKS"][kind]) for kind in chosen)
    return found


def table() -> str:
    """The counts as the README has them."""
    rows = [f"| {kind} | {count} |" for kind, count in counts().items()]
    return "\n".join(["| attacks | tried |", "|---|---:|", *rows, f"| together | {sum(counts().values())} |"])


if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent / "given")]
    sys.stdout.write(table() + "\n")
