"""What is promised in seconds, counted in a time of the test's own: nothing here waits, and no machine is too slow for it."""

from __future__ import annotations

import asyncio
import math

import numpy as np
import pytest
from served_time import GivenTime, Kind, Served

from featurelens.scripts.serving.engine.jobs import DONE, FAILED
from featurelens.scripts.serving.engine.pace import Pace
from featurelens.scripts.serving.engine.tickets import Ticket
from featurelens.scripts.serving.engine.turns import AT_THE_LATEST, QUIET, SHARE, SLICE
from featurelens.scripts.serving.engine.waiting_room import WaitingRoom

MAX_WAIT = 0.2
EXPLAIN = Kind("explain", 1)


def quick(kind, rows):
    """As the shipped model on two processors."""
    return (0.35e-3 + 0.045e-3 * rows) * (1 + kind.weight)


def slow(kind, rows):
    return 10 * quick(kind, rows)


def steadily(rate, seconds, begins=0.0):
    return begins + np.arange(int(rate * seconds)) / rate


def refused(asked):
    return [each for each in asked if each.told_to_wait]


def answered(asked):
    return [each for each in asked if not each.told_to_wait]


@pytest.mark.parametrize("seconds", [slow, lambda kind, rows: 25 * quick(kind, rows)], ids=["10 times", "25 times"])
def test_of_a_slow_model_only_as_many_are_taken_as_are_answered_in_time(seconds):
    served = Served(seconds, [Kind(), EXPLAIN], most_seconds=MAX_WAIT)
    asked = served.asked(steadily(3000, 2), EXPLAIN)
    served.run()
    waited = [each.seconds for each in answered(asked)]
    assert len(refused(asked)) > 1000 and max(waited) <= 1.05 * MAX_WAIT
    allowed = [rows for rows in (1, 2, 4, 8, 16, 32, 64) if seconds(EXPLAIN, rows) <= MAX_WAIT / 4]
    assert max(rows for _, rows in served.batches) == allowed[-1] < 64
    assert len(waited) > 0.9 * 2 * allowed[-1] / seconds(EXPLAIN, allowed[-1])  # the model is kept busy


def test_a_model_that_becomes_slow_is_found_out():
    served = Served(quick, most_seconds=MAX_WAIT)
    served.asked(steadily(3000, 1))
    served.clock.at(1.0, lambda: setattr(served, "seconds", slow))
    asked = served.asked(steadily(3000, 3, begins=1.2))
    served.run()
    late = [each for each in answered(asked) if each.seconds > MAX_WAIT]
    assert refused(asked) and all(each.arrived < 1.5 for each in late)


def test_a_model_that_becomes_quick_again_is_believed():
    served = Served(slow, most_seconds=MAX_WAIT)
    served.asked(steadily(3000, 1))
    served.clock.at(1.0, lambda: setattr(served, "seconds", quick))
    asked = served.asked(steadily(3000, 1, begins=3.0))
    served.asked(steadily(500, 1, begins=1.5))
    served.run()
    assert not refused(asked)


def test_who_is_refused_is_told_how_long_it_will_take():
    served = Served(lambda kind, rows: 3.0 * rows, most_seconds=9.5, most_rows=1)
    asked = served.asked([0.0, 0.1, 0.2, 0.3])
    served.run()
    assert [each.told_to_wait for each in asked] == [0, 0, 0, 12]  # 2.7 s in hand, two that wait, and its own 3
    assert [each.answered for each in answered(asked)] == [3.0, 6.0, 9.0]


def test_of_a_model_that_takes_longer_than_anything_may_wait_three_answers_are_waited_for():
    served = Served(lambda kind, rows: 1.0, most_seconds=MAX_WAIT, most_rows=1)
    asked = served.asked(steadily(10, 5))
    served.run()
    assert len(answered(asked)) == 7, "one each second, and two that waited at the end"
    assert 2 < max(each.seconds for each in answered(asked)) <= 3


class Counted(list):
    """Rows that count how often somebody asks how many they are."""

    asked = 0

    def __len__(self):
        Counted.asked += 1
        return super().__len__()


def test_a_crowd_that_comes_at_once_is_counted_by_kind_and_not_each_time_one_by_one():
    pace, predict = Pace(4), Kind()
    for kind in (predict, EXPLAIN):
        pace.learn(kind, 1, 1.0)
    room, loop = WaitingRoom(pace, 100, 5.0, GivenTime()), asyncio.new_event_loop()
    for number, kind in enumerate((predict, EXPLAIN, predict), start=1):
        room.arrive(Ticket(kind, Counted([None] * number), asyncio.Future(loop=loop)), lambda work: None)
    Counted.asked = 0
    assert room.expected(EXPLAIN, 3) == pace.seconds(predict, 4) + pace.seconds(EXPLAIN, 5)
    assert not Counted.asked
    room.let_in()
    assert room.expected() == pace.seconds(predict, 4) + pace.seconds(EXPLAIN, 2)
    loop.close()


def test_a_map_does_not_wait_for_ever_behind_predictions():
    served = Served(slow, [Kind(), EXPLAIN], most_seconds=MAX_WAIT)
    served.asked(steadily(3000, 2))
    asked = served.asked(steadily(20, 1, begins=0.5), EXPLAIN)
    served.run()
    assert answered(asked) and max(each.seconds for each in answered(asked)) < 2 * MAX_WAIT


def test_beside_predictions_a_job_has_short_slices_and_its_share_and_alone_it_has_all():
    alone = Served(quick)
    before = alone.asked(steadily(2000, 0.5))
    alone.run()
    served = Served(quick)
    asked = served.asked(steadily(2000, 0.5))
    job, slices = served.job(0.01, 700, lambda rows: quick(Kind(), rows))
    served.run()
    took = quick(Kind(), slices[0][1])
    assert SLICE / 2 < took <= SLICE
    beside = sum(begun < 0.5 for begun, _ in slices)
    assert 0.7 * SHARE < beside * took / 0.5 <= SHARE
    late, usual = (np.percentile([each.seconds for each in of], 99) for of in (asked, before))
    assert late <= usual + SLICE
    free = np.diff([begun for begun, _ in slices if begun > 0.5 + QUIET])
    assert job.state == DONE and len(free) > 300
    np.testing.assert_allclose(free, took, rtol=1e-6)


def test_a_load_without_an_end_leaves_a_job_its_slices_and_a_job_leaves_the_load_its_answers():
    served = Served(slow, most_seconds=MAX_WAIT)
    asked = served.asked(steadily(3000, 2))
    job, slices = served.job(0.1, 10_000, lambda rows: 0.004 * rows, seconds=60.0)
    served.clock.at(1.9, lambda: job.end(FAILED))
    served.run()
    largest = max(slow(Kind(), rows) for _, rows in served.batches)
    between = np.diff([begun for begun, _ in slices])
    assert between.max() <= AT_THE_LATEST + largest + 0.004 + 1e-9 and len(slices) > 20
    assert np.percentile([each.seconds for each in answered(asked)], 99) <= 1.25 * MAX_WAIT


def test_the_rows_of_a_slice_follow_from_what_slices_took():
    served = Served(quick)
    expensive = lambda rows: 0.3e-3 * rows  # noqa: E731
    of = [served.job(when, 6, expensive)[1] for when in range(4)]
    served.run()
    assert {rows for _, rows in of[0]} == {8}  # as much as a prediction takes: nothing else is known
    assert {rows for _, rows in of[-1]} == {2} and expensive(2) <= SLICE < expensive(4)


@pytest.mark.parametrize(
    ("crowd", "words", "within"), [(0, "budget of 0.5 s", 0.55), (2, "too little time: it was not done in 2.5 s", 2.6)]
)
def test_a_job_ends_at_the_end_of_its_time_whatever_comes_beside_it(crowd, words, within):
    served = Served(slow)
    served.asked(steadily(1500, crowd * 2))
    job, slices = served.job(0.0, 100_000, lambda rows: 0.0001, seconds=0.5)
    served.run()
    assert job.state == FAILED and words in job.error
    assert slices[-1][0] < within


def test_what_is_expected_follows_from_what_was_measured():
    pace = Pace(8)
    assert (pace.seconds("new", 5), pace.fitting("new", 1.0)) == (0.0, 8)
    for rows, seconds in ((8, 0.8), (4, 0.5), (2, 0.3), (1, 0.2)):
        pace.learn("model", rows, seconds)
    assert pace.seconds("model", 23) == pytest.approx(2 * 0.8 + 0.5 + 0.3 + 0.2)
    assert [pace.fitting("model", each) for each in (0.8, 0.79, 0.1)] == [8, 4, 1]
    assert pace.seconds("new", 1) == 0.2 and pace.seconds("new", 8) == 0.8  # as much as the slowest
    for _ in range(40):
        pace.learn("model", 8, 8.0)
    assert pace.seconds("model", 8) == pytest.approx(8.0, rel=0.01)
    assert pace.seconds("model", 1) > 3 * 0.2  # which was not seen again


def test_one_accident_does_not_make_a_model_slow_nor_a_size_forgotten():
    pace = Pace(4)
    for rows in (4, 2, 1):
        pace.learn("model", rows, 0.1 * rows)
    pace.learn("model", 4, 1000.0)
    assert pace.seconds("model", 4) < 1
    unlucky = Pace(4)
    for rows, seconds in ((4, 50.0), (2, 0.2), (1, 0.1)):
        unlucky.learn("model", rows, seconds)
    assert unlucky.fitting("model", 0.4) == 4 and math.isclose(unlucky.seconds("model", 4), 0.4)


def test_a_start_on_a_busy_machine_is_made_up_for():
    served = Served(lambda kind, rows: 0.3, most_seconds=MAX_WAIT)
    served.seconds = lambda kind, rows: 0.024 + 0.0002 * rows  # where the first rows cost more than all others
    asked = served.asked(steadily(1500, 3))
    served.run()
    assert {rows for _, rows in served.batches[-5:]} & {32, 64}
    assert not [each for each in asked if each.told_to_wait and each.arrived > 2]
