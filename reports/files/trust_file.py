"""Trust on file: what `featurelens trust` measured, for the reports of the same model on the same images."""

from __future__ import annotations

from pathlib import Path

from ...models.json_files import read_json
from ...models.visible_text import visible
from ..evidence.trust import TrustFile
from ..evidence.twin import from_twin, json_text, twin
from .whole_files import write_whole

FORMAT = 1


def trust_path(weights: Path) -> Path:
    """Where the trust of a model file lies: beside it, under the same name, ending in .trust.json."""
    return weights.with_suffix(".trust.json")


def write_trust(measured: TrustFile, path: Path) -> None:
    """Write it as JSON, in one step; what is not known becomes null."""
    write_whole(path, json_text({"format": FORMAT, **twin(measured)}, indent=1) + "\n")


def read_trust(path: Path) -> TrustFile:
    """Read what `write_trust` wrote.

    Raises:
        ValueError: There is no such file, or it holds something else; the message says what.
    """
    expected = f"Expected a file written by `featurelens trust`, format {FORMAT}, at '{path}'"
    remedy = "Measure the trust again: featurelens trust MODEL --data SOURCE."
    try:
        content = read_json(path)
    except ValueError as error:
        raise ValueError(f"{expected}. Received a file that {error}. {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = visible(content.get("format"), 40) if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{expected}. Received JSON with the format '{found}'. {remedy}")
    held = {name: value for name, value in content.items() if name != "format"}
    try:
        return from_twin(TrustFile, held)
    except ValueError as error:
        raise ValueError(f"{expected}. Received one with a field missing or wrong ({error}). {remedy}") from error
