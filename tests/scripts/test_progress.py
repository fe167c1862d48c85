"""The one bar of a report: the share of the whole by hand, and one line a stage where there is no terminal."""

import pytest

from featurelens.reports.evidence.plan import ReportPlan
from featurelens.scripts.terminal.progress import Whole, whole_shown


def test_the_share_is_that_of_the_costs():
    whole = Whole({"look": 60.0, "test": 30.0, "draw": 10.0})
    assert whole.share("look", 50, 100) == pytest.approx(0.30)
    assert whole.share("test: one", 1, 2) == pytest.approx(0.75)
    assert whole.share("draw", 1, 1) == pytest.approx(1.0)


def test_the_share_never_falls_and_a_stage_that_does_not_come_is_not_waited_for():
    whole = Whole({"look": 60.0, "test": 30.0, "draw": 10.0})
    assert whole.share("draw", 0, 1) == pytest.approx(0.9)
    assert whole.share("look", 1, 100) == pytest.approx(0.9)
    assert whole.share("something else", 1, 2) == pytest.approx(0.9)


def test_without_a_terminal_each_stage_is_one_line(capsys):
    with whole_shown({"look": 1.0, "draw": 1.0}) as step:
        for done in range(3):
            step("look", done, 2)
        step("draw", 0, 1)
    assert capsys.readouterr().err.splitlines() == ["look", "draw"]


def test_the_plan_expects_no_test_of_the_maps_where_none_is_asked_for():
    with_trust, without = (ReportPlan(trust_images=images).expected((500, 224, 224, 3)) for images in (100, 0))
    assert sum(cost for stage, cost in without.items() if stage.startswith("testing")) == 0
    assert sum(cost for stage, cost in with_trust.items() if stage.startswith("testing")) == 1600
    assert all(cost > 0 for stage, cost in with_trust.items())
