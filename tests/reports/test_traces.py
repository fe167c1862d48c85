"""How often a report traces the model: a trace of a deep network takes a second."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import METHODS, Samples, TrustPlan, measure_trust
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.traced_model import TracedModel
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.fingerprints import images_fingerprint
from featurelens.models.model_files.weights import weights_fingerprint
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.trust import TrustFile

WITHOUT_TRUST, AT_MOST = 6, 8  # traces


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Grows by one with each trace."""
    traced: list[Any] = []
    original = TracedModel.trace

    def counted(self: TracedModel, *given: Any, **named: Any) -> Any:
        traced.append(self)
        return original(self, *given, **named)

    monkeypatch.setattr(TracedModel, "trace", counted)
    return traced


def seen(trust_images: int, on_file: TrustFile | None = None) -> Seen:
    data = Dataset(random_images(0, 60), np.arange(60) % 3, ("a", "b", "c"), "random")
    return Seen(random_cnn(0), data, ReportPlan(trust_images=trust_images, trust_file=on_file))


@pytest.mark.parametrize(("trust_images", "most"), [(0, WITHOUT_TRUST), (10, AT_MOST)])
def test_a_report_traces_the_model_a_few_times(traced: list[Any], trust_images: int, most: int) -> None:
    gather_report(seen(trust_images))
    assert 0 < len(traced) <= most


def test_a_report_that_knows_which_methods_passed_draws_those_of_many_passes_in_as_few(
    traced: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    saliency = next(known for known in METHODS if known.name == "Saliency")
    few = Samples(curves=4, filled=0, noise=2, shuffled=4)
    measured = measure_trust(random_cnn(0), random_images(0, 4), [saliency], TrustPlan(few, few, steps=2, stops=2))
    passed = {name: SimpleNamespace(level="good") for name in ("SmoothGrad", "RISE", "Score-CAM")}
    monkeypatch.setattr(Seen, "verdicts", passed)
    model, images = random_cnn(0), random_images(0, 60)
    told = weights_fingerprint(model), images_fingerprint(images), "featurelens trust"
    on_file = TrustFile(replace(measured, cam_layer="conv2"), model.name, "random", *told)
    traced.clear()
    evidence = gather_report(seen(0, on_file)).evidence
    assert {method.name for method in evidence["many-passes"].methods} == set(passed)
    assert len(traced) <= WITHOUT_TRUST


def test_no_pass_of_a_report_runs_more_images_at_a_time_than_the_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    original = Program._call

    def counted(self: Program, function: Any, flat: list[np.ndarray], *given: Any) -> Any:
        ran.append(len(flat[0]))
        return original(self, function, flat, *given)

    monkeypatch.setattr(Program, "_call", counted)
    data = Dataset(random_images(0, 60), np.arange(60) % 3, ("a", "b", "c"), "random")
    gather_report(Seen(random_cnn(0), data, ReportPlan(batch_size=5, trust_images=8)))
    assert max(ran) == 5


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
