"""The first screen on planted answers: constant, all right, all wrong, one image, ties, names from outside, many classes."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from markupsafe import Markup

from featurelens.interpret.intervals import Interval
from featurelens.interpret.trust.verdicts import Measurement, Verdict, verdict
from featurelens.models.evaluation.metrics import evaluation_from_probabilities
from featurelens.reports.evidence.causes import CausesEvidence, ConfusionCauses
from featurelens.reports.evidence.performance import (
    PerformanceEvidence,
    evaluation_figures,
    ranked_confusions,
    weakest_class,
)
from featurelens.reports.html.components import name_html
from featurelens.reports.html.trust_marks import verdict_cells
from featurelens.reports.sections.front.coverage import refusal
from featurelens.reports.sections.front.headline import close_classes, headline
from featurelens.reports.sections.front.matrix import largest, matrix
from featurelens.reports.sections.front.opening import all_findings
from featurelens.reports.sections.front.questions import _channels, questions
from featurelens.reports.sections.images import _around_zero
from featurelens.reports.sections.section import Finding
from featurelens.reports.sections.trust import thresholds, why_not

NAMES = ("cat", "dog", "owl", "fox")


def answered(labels, predicted, names=NAMES, sure=0.9):
    """The evidence of a model that gives these answers, each with one probability."""
    shares = np.full((len(labels), len(names)), (1 - sure) / (len(names) - 1))
    shares[np.arange(len(labels)), predicted] = sure
    evaluation = evaluation_from_probabilities(shares, np.array(labels), names)
    confusions = ranked_confusions(evaluation.confusion)
    return PerformanceEvidence(
        figures=evaluation_figures(evaluation),
        confidence=sure,
        mistakes=sum(each.count for each in confusions),
        weakest=weakest_class(evaluation),
        confusions=confusions,
        evaluation=evaluation,
    )


def told(found, **about):
    """{question: its answer as text}."""

    class Nobody:
        verdicts = about.get("verdicts", {})

    return {each.asked: Markup(each.answer).striptags() for each in questions({"performance": found}, Nobody())}


def test_a_constant_answer_comes_before_all_else():
    found = answered([0, 1, 2, 3] * 10, [1] * 40)
    assert headline(found.figures.confusion, NAMES) == "Always answers dog: right on 25.00 % of 40 images."


def test_all_right_fails_nowhere():
    found = answered([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10)
    assert headline(found.figures.confusion, NAMES) == "Right on all 40 images."
    assert told(found)["Where does it fail?"] == "Nowhere in these 40 images."
    assert largest(found.confusions, NAMES, found.mistakes) == ""


def test_all_wrong_is_said_as_it_is():
    found = answered([0, 1, 2, 3] * 10, [1, 2, 3, 0] * 10)
    assert headline(found.figures.confusion, NAMES) == "Wrong on all 40 images."
    assert told(found)["Where does it fail?"] == "In all 4 classes alike: 0.0 % of the images of each are found."


@pytest.mark.parametrize(
    ("predicted", "said"),
    [(2, "Right on the one image: owl."), (0, "Wrong on the one image: owl, taken for cat.")],
)
def test_one_image_is_spoken_of_as_one(predicted, said):
    found = answered([2], [predicted])
    assert headline(found.figures.confusion, NAMES) == said
    where = (
        "Nowhere in this one image."
        if predicted == 2
        else "owl: 0.0 % of its 1 image is found. 1 goes to cat. the class →"
    )
    assert told(found)["Where does it fail?"] == where
    assert told(found)["How sure is it?"] == "1 image cannot tell: at least 20 are needed."


def test_refusing_is_marked_only_where_it_wins():
    """Half of the answers are sure: those that are right in the one case, those that are wrong in the other."""
    labels, sure = np.zeros(40, int), np.repeat([0.9, 0.4], 20)
    for predicted, wins in ((np.repeat([0, 1], 20), True), (np.repeat([1, 0], 20), False)):
        shares = np.repeat(((1 - sure) / 3)[:, None], 4, axis=1)
        shares[np.arange(40), predicted] = sure
        marked = refusal(evaluation_from_probabilities(shares, labels, NAMES))
        assert (marked is not None) == wins


def test_what_is_equal_as_printed_is_called_neither_modest_nor_too_high():
    everything = answered([0, 1, 2, 3] * 100, [0, 1, 2, 3] * 100, sure=0.99999)
    assert told(everything)["How sure is it?"].startswith(
        "Probabilities are as high as they should be (100.0 % said, 100."
    )
    point = answered([0, 1, 2, 3] * 100, [0, 1, 2, 3] * 100, sure=0.985)
    assert "too modest by 2 points" in told(point)["How sure is it?"]
    assert "too modest by 1 point (" in told(answered([0, 1] * 500, [0, 1] * 500, sure=0.99))["How sure is it?"]


def test_few_sure_answers_are_counted_and_not_told_as_a_share():
    labels = np.zeros(200, int)
    shares = np.tile([0.6, 0.2, 0.1, 0.1], (200, 1))
    shares[0] = 0.95, 0.05, 0, 0
    found = answered(labels, labels)
    evaluation = evaluation_from_probabilities(shares, labels, NAMES)
    said = told(replace(found, evaluation=evaluation))["How sure is it?"]
    assert "1 answer is above 90 %: 1 of 1 right." in said and "0 % of all" not in said


def test_of_many_classes_without_a_confusion_each_is_shown_once():
    found = answered(range(20), range(20), tuple(f"c{each}" for each in range(20)))
    drawn = matrix(found.evaluation)
    heads = re.findall(r'<th scope="row"><bdi>(\w+)', drawn)
    assert heads == [f"c{each}" for each in range(14)] and "The first 14 classes: none is confused, of 20." in drawn


def test_few_mistakes_are_not_told_as_a_share_of_a_group():
    found = answered([0, 0, 1, 2, 3, 3], [1, 0, 1, 2, 3, 2])
    assert headline(found.figures.confusion, NAMES) == "Right on 66.67 % of 6 images. Its 2 mistakes are of 2 kinds."


def test_ties_are_named_together():
    found = answered([0, 0, 1, 1, 2, 2, 3, 3] * 5, [0, 1, 1, 0, 2, 2, 3, 3] * 5)
    assert told(found)["Where does it fail?"].startswith("cat and dog alike: 50.0 % of the images of each are found.")


def test_one_weakest_class_is_named_with_where_it_goes():
    found = answered([0, 0, 1, 1, 2, 2, 3, 3] * 5, [0, 1, 1, 1, 2, 2, 3, 3] * 5)
    said = told(found)["Where does it fail?"]
    assert said == "cat: 50.0 % of its 10 images are found. 5 go to dog. the class →"
    assert "go to" in said and found.weakest == 0


def test_no_interval_below_twenty_images():
    few, many = ([0, 1, 2] + [0] * 16, [1, 1, 2] + [0] * 16), ([0, 1, 2] + [0] * 17, [1, 1, 2] + [0] * 17)
    sentences = [headline(answered(*each).figures.confusion, NAMES) for each in (few, many)]
    assert [bool(re.search(r"\(\d+\.\d to \d+\.\d\)", each)) for each in sentences] == [False, True]


def test_the_group_that_holds_most_mistakes_is_found_and_a_flat_one_is_not():
    wrong = np.zeros((8, 8), int)
    wrong[1, 5], wrong[5, 1], wrong[2, 3] = 30, 20, 3
    assert close_classes(wrong) == [1, 5]
    flat = np.ones((8, 8), int) - np.eye(8, dtype=int)
    assert close_classes(flat) == []


@pytest.mark.parametrize(
    ("labels", "predicted", "said"),
    [
        ([0] * 30 + [1] * 30, [0] * 10 + [1] * 20 + [1] * 29 + [0], "95 % of its 21 mistakes are cat taken for dog."),
        ([0] * 30 + [1] * 30, [0] * 29 + [1] * 31, "Its one mistake: cat taken for dog."),
        ([0] * 30 + [1] * 30, [0] * 27 + [1] * 33, "All of its 3 mistakes: cat taken for dog."),
        ([0] * 30 + [1] * 30, [0] * 29 + [1] + [1] * 29 + [0], "Its 2 mistakes are of 2 kinds."),
    ],
)
def test_mistakes_of_two_classes_are_told_by_their_kind(labels, predicted, said):
    found = answered(labels, predicted, ("cat", "dog"))
    assert headline(found.figures.confusion, ("cat", "dog")).endswith(f"of 60 images. {said}")


@pytest.mark.parametrize(("low", "high"), [(-2.69, 3.84), (0.4, 9.0), (-5.0, -1.0)])
def test_no_bin_of_a_histogram_holds_both_signs(low, high):
    low_end, high_end, count = _around_zero(low, high)
    edges = np.linspace(low_end, high_end, count + 1)
    assert low_end <= low and high_end >= high and 40 <= count <= 42
    assert np.abs(edges).min() < 1e-9 * (high_end - low_end)


def test_refusal_takes_a_threshold_that_refuses_something():
    two = evaluation_from_probabilities(
        np.array([[0.6, 0.4]] * 30 + [[0.05, 0.95]] * 70), np.array([1] * 15 + [0] * 15 + [1] * 70), ("a", "b")
    )
    found = refusal(two)
    assert found is not None and (found.threshold, found.answered, found.right) == (0.75, 0.7, 1.0)
    same = evaluation_from_probabilities(np.array([[0.999, 0.001]] * 30), np.zeros(30, int), ("a", "b"))
    assert refusal(same) is None


def test_names_keep_to_themselves_and_long_ones_are_cut_at_their_end():
    right_to_left, long = "קמיץ", "a name of forty letters that goes on and on"
    assert name_html(right_to_left) == f"<bdi>{right_to_left}</bdi>"
    assert name_html(long) == f'<bdi title="{long}">{long[:23]}…</bdi>'
    assert "(no visible name)" in name_html("\u200b")
    found = answered([0, 1, 2, 3, 0], [0, 1, 2, 3, 1], (right_to_left, long, "<b>", "\u200b"))
    table = matrix(found.evaluation)
    assert f"<bdi>{right_to_left}</bdi>" in table and "<b>" not in table and 'href="#/confusion/0-1"' in table


def test_of_200_classes_with_long_names_those_of_the_largest_confusions_are_shown():
    names = tuple(f"class {number:03d} of two hundred with a name that is long" for number in range(200))
    labels = np.arange(400) % 200
    predicted = labels.copy()
    predicted[:6] = 150
    found = answered(labels, predicted, names)
    table = matrix(found.evaluation)
    assert table.count('scope="row"') <= 14 and "of 200" in table
    assert len(table) < 40_000


def measured(question, level, mean, good):
    return Measurement(question, level, "", Interval(mean, mean - 0.05, mean + 0.05, 100), good)


def test_why_not_names_what_was_missed_and_its_threshold():
    findings = (
        measured("random order", "good", 0.98, "above 0.75"),
        measured("brightness order", "weak", 0.74, "above 0.75"),
        measured("randomised weights", "good", 0.1, "below 0.5"),
    )
    assert why_not(Verdict("Saliency", "weak", "", findings)) == (
        "beats the picture’s own brightness on 74 % only (above 75 % is asked)"
    )
    assert why_not(Verdict("x", "good", "", findings[:1])) == ""
    for number in ("75 %", "50 %", "0.5", "0.9", "20 images"):
        assert number in thresholds()


def test_which_maps_names_what_passed_and_never_asserts_what_was_not_measured():
    found = answered([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10)
    assert told(found)["Which maps may I cite?"] == "None: their trust was not measured for this report."
    verdicts = {"A": Verdict("A", "good", "", ()), "B": Verdict("B", "failed", "", ())}
    assert told(found, verdicts=verdicts)["Which maps may I cite?"].startswith("1 of 2 methods passed the tests")


@pytest.mark.parametrize(
    ("repaired", "broken", "said"),
    [
        ([8, 5], [9, 0], "Without channel 7 of conv, 5 of 9 are right, and none of the 40 right answers tried breaks."),
        ([1, 1], [1, 4], "Without channel 3 of conv, 1 of 9 is right, and 1 of the 40 right answers tried breaks."),
        ([8, 0], [9, 0], "No one channel of conv is to blame: taking one away breaks more than it repairs."),
        ([0, 0], [0, 0], "Taking any one channel of conv away repairs none of them."),
    ],
)
def test_no_channel_is_to_blame_only_where_each_breaks_more_than_it_repairs(repaired, broken, said):
    counts = [np.array(each) for each in ([3, 7], repaired, broken, [0.0, 0.0])]
    asked = ConfusionCauses(0, 1, 9, *counts)
    assert _channels(CausesEvidence("conv", "zero", 40, (asked,), SimpleNamespace())).strip() == said
    assert " 0 " not in _channels(CausesEvidence("conv", "zero", 0, (asked,), SimpleNamespace()))


def test_few_images_have_no_interval_no_share_and_one_reason():
    few = [
        Measurement(question, "unknown", "", Interval(mean, mean, mean, 2), "")
        for question, mean in (("random order", 0.75), ("brightness order", 1.0), ("randomised weights", -0.5))
    ]
    found = Verdict("A", "unknown", "", tuple(few))
    _, *cells = verdict_cells(found)
    assert cells == ["? 1.5 of 2", "? 2 of 2", "? −0.50"]  # an even race counts half
    assert why_not(found) == "measured on 2 images, and 20 are needed"
    none = Verdict("A", "unknown", "", verdict("A", None, None).findings)
    assert why_not(none) == "not measured" and verdict_cells(none)[1:] == ("not measured",) * 3
    asked = told(answered([0, 1, 2, 3] * 10, [0, 1, 2, 3] * 10), verdicts={"A": found})["Which maps may I cite?"]
    assert asked.startswith("None: none could be judged, as fewer than 20 images were tested.")


def test_findings_stand_by_severity_and_lead_to_their_evidence():
    some = [Finding("a.", "fact", 1, "x", "go", 1), Finding("b.", "problem", 1, "y", "go", 0.5)]
    shown = all_findings(some)
    assert shown.index("b.") < shown.index("a.") and 'href="#y"' in shown
