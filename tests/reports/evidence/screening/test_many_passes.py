"""What a budget buys of the methods of many passes: by hand, on a model with set weights, and where it buys nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import SmoothGrad
from featurelens.interpret.sanity.map_similarity import rank_correlation
from featurelens.models.datasets.dataset import Dataset
from featurelens.reports.evidence.mistakes import Confusion, in_turn
from featurelens.reports.evidence.screening import many_passes
from featurelens.reports.evidence.screening.many_passes import gather_many_passes, shared_out
from featurelens.reports.sections.screening.many_passes import ManyPassesSection

GROUPS = (range(3), range(3, 5), range(5, 6))  # rows of the mistakes, by confusion


@pytest.fixture(scope="module")
def model():
    return random_cnn(3)


def planted(model, levels, share=1.0):
    """Six mistakes of three confusions, and a trust that says so much of each method."""
    images = random_images(4, 9)
    dataset = Dataset(images, np.zeros(9, np.int64), ("a", "b", "c"), source="planted")
    mistakes = SimpleNamespace(
        numbers=np.array([8, 2, 5, 0, 7, 3]),
        predicted=np.array([1, 1, 1, 2, 2, 0]),
        confusions=tuple(Confusion(0, n, len(rows), np.array(rows)) for n, rows in enumerate(GROUPS)),
        parts=np.zeros((6, 4), np.float32),
        pictures=np.zeros((6, 6, 6, 2), np.float32),
        cam_layer="conv2",
    )
    seen = SimpleNamespace(
        model=model,
        dataset=dataset,
        plan=SimpleNamespace(seed=0, drawn=share),
        verdicts={name: SimpleNamespace(level=level) for name, level in levels.items()},
        further_methods=[],
        progress=lambda what: False,
    )
    return seen, mistakes


def test_each_method_gets_its_part_and_what_the_cheaper_ones_leave_over():
    assert shared_out(100, [1, 10, 40], 20) == [20, 4, 1]
    assert shared_out(90, [1, 100], 200) == [45, 0]
    for budget in (7, 80, 5102):
        passes, counts = [24, 32.5, 200], shared_out(budget, [24, 32.5, 200], 48)
        assert np.dot(passes, counts) <= budget and max(counts) <= 48


def test_one_of_each_confusion_comes_before_the_second_of_any(model):
    _, mistakes = planted(model, {})
    assert in_turn(mistakes, 9).tolist() == [0, 3, 5, 1, 4, 2]
    assert in_turn(mistakes, 2).tolist() == [0, 3]


def test_only_what_passed_is_bought_and_each_map_is_the_mean_of_two(model, monkeypatch):
    monkeypatch.setattr(many_passes, "STEADY", -1.0)
    seen, mistakes = planted(model, {"SmoothGrad": "good", "RISE": "weak", "Occlusion": "failed", "HiResCAM": "good"})
    found = gather_many_passes(seen, mistakes)
    assert [each.name for each in found.methods] == ["SmoothGrad"]
    assert found.numbers.tolist() == [8, 0, 3, 2, 7, 5]
    images, classes = seen.dataset.images[found.numbers], [1, 2, 0, 1, 2, 1]
    halves = [SmoothGrad(model, samples=12, seed=seed)(images, np.array(classes)) for seed in (0, 1)]
    (each,) = found.methods
    np.testing.assert_allclose(each.values, np.mean(halves, axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(each.agreement, rank_correlation(*halves), atol=1e-5)
    assert each.bought == 6 and each.drawn.tolist() == list(range(6))


def test_what_is_not_steady_is_left_out_and_counted(model, monkeypatch):
    monkeypatch.setattr(many_passes, "_MASKS", 4)
    seen, mistakes = planted(model, {"RISE": "good"})
    found = gather_many_passes(seen, mistakes)
    (each,) = found.methods
    unsteady = ~(each.agreement >= many_passes.STEADY)
    assert unsteady.any(), "two masks cannot agree on every image"
    assert np.isnan(each.values[unsteady]).all() and np.isfinite(each.values[~unsteady]).all()
    about = SimpleNamespace(information=SimpleNamespace(unit="logit"), verdicts=seen.verdicts)
    part = ManyPassesSection().html(found, about)
    assert f'<td class="n">{unsteady.sum()}</td>' in part.html
    assert [row for kind in part.payload["maps"] for row in kind["rows"]] == found.rows[~unsteady].tolist()


def test_nothing_is_bought_where_nothing_passed_or_one_image_costs_more(model, monkeypatch):
    assert gather_many_passes(*planted(model, {"RISE": "weak", "LayerCAM": "good"})) is None
    monkeypatch.setattr(many_passes, "PART", 20_000)  # 111 passes: half of a map by RISE
    found = gather_many_passes(*planted(model, {"RISE": "good"}))
    assert [each.bought for each in found.methods] == [0]
    about = SimpleNamespace(information=SimpleNamespace(unit="logit"), verdicts={})
    part = ManyPassesSection().html(found, about)
    assert "none: one image costs more than its part" in part.html and part.payload["maps"] == []


def test_fewer_are_bought_where_fewer_are_drawn(model):
    found = gather_many_passes(*planted(model, {"SmoothGrad": "good"}, share=2 / many_passes.MOST))
    assert found.numbers.tolist() == [8, 0]


def test_a_method_at_a_layer_costs_a_pass_for_each_of_its_channels(model):
    found = gather_many_passes(*planted(model, {"Score-CAM": "good"}))
    assert [(each.passes, each.bought) for each in found.methods] == [(2.5, 6)]
    assert np.isnan(found.methods[0].agreement).all() and np.isfinite(found.methods[0].values).all()
