"""Conditions on figures: what they say of a report by hand, what is refused, and how it is told to machines."""

from xml.etree import ElementTree

import pytest

from featurelens.reports.files.check_results import annotation, junit_xml
from featurelens.reports.files.conditions import judge, parse, require_names

REPORT = {
    "findings": [{"severity": "problem"}, {"severity": "fact"}],
    "performance": {
        "mistakes": 12,
        "figures": {
            "accuracy": 0.88,
            "loss": None,
            "classes": {"Shirt": {"recall": 0.7}, "T-shirt (top)": {"recall": 0.9}},
        },
    },
    "trust": {"trust": {"methods": {"HiResCAM": {"verdict": {"level": "failed"}}}}},
    "screening": {"labels": {"listed": 3}, "copies": {"pairs": [[1, 2]]}, "training_copies": None},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("accuracy < 0.89", True),
        ("accuracy<0.88", False),
        ("accuracy <= 0.88", True),
        ("accuracy < 89%", True),
        ("accuracy > 0.88", False),
        ("accuracy >= 0.88", True),
        ("accuracy == 0.88", True),
        ("accuracy != 0.88", False),
        ("mistakes > 11", True),
        ("recall(Shirt) < 75 %".replace(" %", "%"), True),
        ("recall(T-shirt (top)) < 0.75", False),
        ("trust(HiResCAM) == failed", True),
        ("trust(HiResCAM) == 'failed'", True),
        ("trust(HiResCAM) != good", True),
        ("trust(HiResCAM) == good", False),
        ("problems > 0", True),
        ("problems > 1", False),
        ("suspected_labels > 3", False),
        ("near_copies >= 1", True),
    ],
)
def test_by_hand(text, holds):
    assert judge(parse(text), REPORT).holds is holds


@pytest.mark.parametrize("text", ["loss < 1", "loss > 1", "training_copies > 0", "calibration_error > 0.1"])
def test_what_is_not_known_stops_the_run(text):
    outcome = judge(parse(text), REPORT)
    assert outcome.holds and "does not know" in outcome.reason


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("acuracy < 0.9", "Did you mean 'accuracy'"),
        ("accuracy", "a condition such as"),
        ("accuracy = 0.9", "a condition such as"),
        ("accuracy < good", "Write 0.89"),
        ("accuracy < nan", "Write 0.89"),
        ("accuracy < __import__('os')", "Write 0.89"),
        ("accuracy(Shirt) < 0.9", "Write it as accuracy <"),
        ("recall < 0.9", r"recall\(CLASS\)"),
        ("trust(HiResCAM) == faild", "Did you mean 'failed'"),
        ("trust(HiResCAM) < good", "no order"),
        ("", "a condition such as"),
    ],
)
def test_what_is_no_condition_is_refused(text, remedy):
    with pytest.raises(ValueError, match=remedy):
        parse(text)


def test_unknown_classes_and_methods_are_refused_before_and_after():
    for text, nearest in (("recall(Shrt) < 1", "Shirt"), ("trust(HiRes) == good", "HiResCAM")):
        with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
            judge(parse(text), REPORT)
        with pytest.raises(ValueError, match=f"Did you mean '{nearest}'"):
            require_names(parse(text), ("Shirt", "Bag"), ("HiResCAM", "Saliency"))
    require_names(parse("recall(Shirt) < 1"), ("Shirt",), ())
    require_names(parse("accuracy < 1"), (), ())


def test_junit_counts_and_escapes():
    outcomes = [judge(parse(text), REPORT) for text in ("accuracy < 0.89", "problems > 1")]
    root = ElementTree.fromstring(junit_xml(outcomes, 'a <b> "c" \x00'))
    suite = root.find("testsuite")
    assert suite.get("tests") == "2" and suite.get("failures") == "1" and suite.get("name") == 'a <b> "c" '
    first, second = suite.findall("testcase")
    assert first.find("failure").get("message") == "accuracy < 0.89: it is 0.88." and second.find("failure") is None


def test_annotations_are_one_line():
    outcome = judge(parse("recall(Shirt)\n < 75%"), REPORT)
    assert annotation(outcome) == "::error title=featurelens report::recall(Shirt)%0A < 75%25: it is 0.7."
