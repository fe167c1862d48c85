"""A report out of a store: what was counted over all images is read, after a proof that it is of this model and these images."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...interpret.stream.predictions import decisions
from ...models.datasets.dataset import Dataset
from ...models.model_files.weights import weights_fingerprint
from ..evidence.plan import ReportPlan
from .opening import Store

_PROVEN = 64  # images that are run again
_CLOSE = 1e-4  # of the largest logit: other kernels and batch sizes stay far below, another image does not


def from_store(store: Store, model: Any, dataset: Dataset, plan: ReportPlan) -> tuple[Dataset, ReportPlan]:
    """Data and plan of a report that reads what the store has counted; the data note where the figures are from.

    Raises:
        ValueError: The store is of another model or of other images, or is not complete.
    """
    _require_same(store, model, dataset)
    settings = store.settings
    note = (
        f"What is counted over all {len(store):,} images was counted before, by: {settings.command}. It was proven on "
        f"{min(_PROVEN, len(store))} of them, run again for this report."
    )
    return dataset.noting(note), replace(plan, counted=store.statistic)


def _require_same(store: Store, model: Any, dataset: Dataset) -> None:
    remedy = f"Name the data and the model that it was extracted from: {store.settings.command}"
    expected = f"Expected the store '{store.root}' to be of this model and these images"
    if store.settings.weights != weights_fingerprint(model):
        raise ValueError(f"{expected}. Received a model of other weights. {remedy}")
    if len(store) != len(dataset):
        raise ValueError(f"{expected}. Received {len(dataset):,} images, and a store of {len(store):,}. {remedy}")
    if store.missing:
        missing = f"{len(store.missing)} of its {len(store.units)} units are missing"
        raise ValueError(f"Expected a store that is complete. Received '{store.root}', where {missing}. {remedy}")
    kept = store.columns(["label", "file"])
    names = () if kept["file"][0] is None else tuple(kept["file"])
    if not np.array_equal(kept["label"], dataset.labels) or names != dataset.names:
        raise ValueError(f"{expected}. Received images of other labels or file names. {remedy}")
    _prove(store, model, dataset, f"{expected}. Received images for which the model answers otherwise", remedy)


def _prove(store: Store, model: Any, dataset: Dataset, told: str, remedy: str) -> None:
    """Run a few images again."""
    spread = np.unique(np.linspace(0, len(dataset) - 1, _PROVEN).astype(np.int64))
    known = store.column("logits")[spread]
    found = decisions(model, dataset.take(spread).images, store.settings.batch_size).scores
    apart = float(np.abs(found - known).max() / max(np.abs(known).max(), 1e-12))
    if not apart <= _CLOSE:
        raise ValueError(f"{told} (by {apart:.2g} of the largest logit). {remedy}")
