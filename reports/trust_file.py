"""Trust on file: what `featurelens trust` measured, for the reports of the same model on the same images."""

from __future__ import annotations

import json
import math
import types
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from ..interpret.trust import Trust
from ..models.fingerprints import images_fingerprint, weights_fingerprint
from .report_file import write_whole

FORMAT = 1


@dataclass(frozen=True)
class TrustFile:
    """A measurement of trust and what it is about."""

    trust: Trust
    model: str  # name of the model
    data: str  # where the images came from
    weights: str  # SHA-256 of the model's weights
    images: str  # SHA-256 of the images
    command: str  # that made it


def trust_path(weights: Path) -> Path:
    """Where the trust of a model file lies: beside it, under the same name, ending in .trust.json."""
    return weights.with_suffix(".trust.json")


def write_trust(measured: TrustFile, path: Path) -> None:
    """Write it as JSON, in one step; what is not known becomes null."""
    content = {"format": FORMAT, **_without_nan(asdict(measured))}
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_trust(path: Path) -> TrustFile:
    """Read what `write_trust` wrote.

    Raises:
        ValueError: There is no such file, or it holds something else; the message says what.
    """
    expected = f"Expected a file written by `featurelens trust`, format {FORMAT}, at '{path}'"
    remedy = "Measure the trust again: featurelens trust MODEL --data SOURCE."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{expected}. It cannot be read: {error.strerror}. {remedy}") from error
    except ValueError as error:
        raise ValueError(f"{expected}. Received a file that is not JSON ({error}). {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{expected}. Received JSON with the format {found!r}. {remedy}")
    try:
        return _record(TrustFile, content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{expected}. Received one with a field missing or wrong ({error}). {remedy}") from error


def misfit(measured: TrustFile, model: Any, images: np.ndarray, cam_layer: str | None) -> str | None:
    """Why a measurement does not hold for this model and these images; None where it does."""
    if measured.weights != weights_fingerprint(model):
        return f"it was measured on other weights (model '{measured.model}')"
    if measured.images != images_fingerprint(images):
        return f"it was measured on other images ({measured.data})"
    if measured.trust.cam_layer != cam_layer:
        return f"its class activation maps are at layer {measured.trust.cam_layer!r}, here they are at {cam_layer!r}"
    return None


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _record(kind: Any, content: Any) -> Any:
    """`content`, as JSON gives it, as the type `kind` says: records, tuples, dicts, options and plain values."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is types.UnionType:
        return None if content is None else _record(inner[0], content)
    if origin is tuple:
        return tuple(_record(inner[0], part) for part in content)
    if origin is dict:
        return {name: _record(inner[1], part) for name, part in content.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: _record(hint, content[name]) for name, hint in get_type_hints(kind).items()})
    if kind is float:
        return math.nan if content is None else float(content)
    if not isinstance(content, kind):
        raise TypeError(f"expected {kind.__name__}, received {content!r}")
    return content
