"""How often a report traces the model: a trace of a deep network takes a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret.tracing.traced_model import TracedModel
from featurelens.models.datasets.dataset import Dataset
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.report import gather_report

WITHOUT_TRUST, WITH_TRUST = 6, 8  # traces at most


@pytest.mark.parametrize(("trust_images", "most"), [(0, WITHOUT_TRUST), (10, WITH_TRUST)])
def test_a_report_traces_the_model_a_few_times(monkeypatch: pytest.MonkeyPatch, trust_images: int, most: int) -> None:
    traced: list[Any] = []
    original = TracedModel.trace

    def counted(self: TracedModel, *given: Any, **named: Any) -> Any:
        traced.append(self)
        return original(self, *given, **named)

    monkeypatch.setattr(TracedModel, "trace", counted)
    data = Dataset(random_images(0, 60), np.arange(60) % 3, ("a", "b", "c"), "random")
    gather_report(Seen(random_cnn(0), data, ReportPlan(trust_images=trust_images)))
    assert 0 < len(traced) <= most


def test_all_images_are_read_once_for_the_model_and_the_description(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dataset(random_images(0, 60), np.arange(60) % 3, ("a", "b", "c"), "random")
    read: list[int] = []
    original = Dataset.batches

    def counted(self: Dataset, size: int) -> Any:
        read.append(len(self))
        return original(self, size)

    monkeypatch.setattr(Dataset, "batches", counted)
    gather_report(Seen(random_cnn(0), data, ReportPlan(trust_images=0)))
    assert read == [60]
