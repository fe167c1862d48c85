"""What a statistic has seen comes back from the disk as it was, and parts of the data join to the whole."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from same_records import assert_same
from small_models import CLASSES, sequential

from featurelens.models import Dataset
from featurelens.reports import extract
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.store.counted import report_statistics
from featurelens.reports.store.files.states import States, state_of, write_states

SHAPE = (12, 12, 1)


@pytest.fixture(scope="module")
def seen() -> Seen:
    random = np.random.default_rng(0)
    images = np.round(random.random((90, *SHAPE), dtype=np.float32) * 255) / np.float32(255)
    data = Dataset(images, random.integers(0, CLASSES, 90), ("a", "b", "c"), "made")
    return Seen(sequential(shape=SHAPE), data, ReportPlan(batch_size=16))


@pytest.fixture(scope="module")
def store(seen, tmp_path_factory):
    root = tmp_path_factory.mktemp("states") / "store"
    return extract(seen.model, seen.dataset, root, for_report=True, unit_images=35, batch_size=16)


def test_every_statistic_of_the_page_tells_its_state(seen):
    for each in report_statistics(seen)():
        assert set(state_of(each)) <= set(vars(each)), each.key


def test_parts_from_the_disk_join_to_one_pass(seen, store):
    for fresh in report_statistics(seen)():
        assert_same(store.statistic(fresh).result(), seen.result(fresh), fresh.key)


class Everything:
    """Something of each kind of value."""

    key = "everything"
    state = ("held",)

    def __init__(self, held: object = None) -> None:
        self.held = held


@pytest.mark.parametrize(
    "held",
    [
        None,
        True,
        3,
        -1.5,
        math.inf,
        "ö",
        b"\x00\xff",
        np.float32(2.5),
        np.arange(6).reshape(2, 3),
        np.zeros((0, 3), np.float32),
        (1, [2, (3,)]),
        {"a": np.ones(2), "b": {}},
        {3: 4, 1: 2},
        {3: b"ab", 1: b"cd"},
        {3: b"ab", 1: b"c"},
        {7: np.ones((2, 2)), 2: np.zeros((2, 2))},
        {1: np.ones(2), 2: np.ones(3)},
        {1: True},
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(held, tmp_path):
    write_states(tmp_path / "s.npz", {"everything": Everything(held)})
    found = States(tmp_path / "s.npz").restored(Everything()).held
    assert type(found) is type(held)
    assert_same(found, held, "held")


def test_what_is_no_number_is_refused(tmp_path):
    with pytest.raises(TypeError, match="Received function"):
        write_states(tmp_path / "s.npz", {"everything": Everything(lambda: 0)})


@pytest.mark.parametrize(
    "named", ["os:system", "featurelens.models.no_such:Thing", "subprocess:Popen", "featurelens.interpret.arguments:np"]
)
def test_a_file_names_no_class_from_elsewhere(named, tmp_path):
    tree = {"everything": {"held": {"record": [named, {}]}}}
    np.savez(tmp_path / "s.npz", tree=np.frombuffer(json.dumps(tree).encode(), np.uint8))
    with pytest.raises((ValueError, ImportError)):
        States(tmp_path / "s.npz").restored(Everything())


def test_a_records_members_come_back(tmp_path):
    from featurelens.interpret.graph.head import Head

    head = Head("sigmoid", 1, "binary")
    write_states(tmp_path / "s.npz", {"everything": Everything({"head": head})})
    found = States(tmp_path / "s.npz").restored(Everything()).held["head"]
    assert vars(found) == vars(head) and dataclasses.is_dataclass(found)
