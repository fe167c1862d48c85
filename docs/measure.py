"""How far each method can be trusted on each shipped model, measured for the pages about the methods.

    python docs/measure.py              # all six models: a quarter of an hour on 2 cores
    python docs/measure.py residual     # one of them, into the file that is there
    python docs/measure.py grad-cam     # one method on all six, likewise

It writes `docs/measured/verdicts.json`, from which the site draws its tables. A test compares the file with the models that ship,
so that a verdict on other weights cannot stand.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "measured" / "verdicts.json"
MODELS = ("zero_padded_dropout", "three_conv", "three_conv_dropout", "early_stopping", "batchnorm_gap", "residual")
VERSIONS = ("featurelens", "tensorflow", "keras", "numpy")


def measured(name: str, chosen: Sequence[Any]) -> dict[str, Any]:
    """What was found of one model: its weights' digest, and each method's level, sentence and three figures."""
    from featurelens.interpret import Samples, TrustPlan, measure_trust
    from featurelens.models import fashion_mnist, load_model
    from featurelens.models.model_files.weights import weights_fingerprint

    model, data = load_model(name), fashion_mnist("test")
    plan = TrustPlan(
        cheap=Samples(curves=1000, filled=0, noise=0, shuffled=64),
        expensive=Samples(curves=100, filled=0, noise=0, shuffled=24),
    )
    trust = measure_trust(model, data, chosen, plan)
    methods = {
        method: {
            "level": found.verdict.level,
            "words": found.verdict.words,
            **{each.question: _rounded(each.number) for each in found.verdict.findings},
        }
        for method, found in trust.methods.items()
    }
    return {"weights": weights_fingerprint(model), "layer": _layer(model), "methods": methods, "refused": trust.refused}


def _in_order(found: dict[str, Any]) -> dict[str, Any]:
    """By the catalogue, which may have lost a method since."""
    from featurelens.interpret import METHODS

    return {known.name: found[known.name] for known in METHODS if known.name in found}


def _rounded(interval: Any) -> dict[str, Any]:
    """The interval to three digits; None where no map could be compared."""
    figures = {"mean": interval.mean, "low": interval.low, "high": interval.high}
    kept = {name: None if math.isnan(figure) else round(figure, 3) for name, figure in figures.items()}
    return {**kept, "images": interval.images}


def _layer(model: Any) -> str:
    from featurelens.interpret import inspect_model

    return next(layer.name for layer in reversed(inspect_model(model).layers) if "Conv" in layer.kind)


def main(names: list[str]) -> None:
    """Measure the models and methods that are named, or all."""
    from featurelens.interpret import METHODS

    written: dict[str, Any] = json.loads(TARGET.read_text("utf-8")) if TARGET.is_file() and names else {"models": {}}
    chosen = [known for known in METHODS if known.slug in names] or list(METHODS)
    unknown = set(names) - set(MODELS) - {known.slug for known in METHODS}
    if unknown:
        raise SystemExit(f"Expected names of shipped models and methods. Received {', '.join(sorted(unknown))}.")
    for name in [model for model in MODELS if model in names] or MODELS:
        found, before = measured(name, chosen), written["models"].get(name, {"methods": {}, "refused": {}})
        if before.get("weights") != found["weights"]:
            before = {"methods": {}, "refused": {}}
        for part in ("methods", "refused"):  # what was not measured anew stays
            kept = {
                method: told for method, told in before[part].items() if method not in {each.name for each in chosen}
            }
            found[part] = _in_order({**kept, **found[part]})
        written["models"][name] = found
        written["date"] = datetime.date.today().isoformat()
        written["versions"] = {package: importlib.metadata.version(package) for package in VERSIONS}
        TARGET.parent.mkdir(exist_ok=True)
        TARGET.write_text(json.dumps(written, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
