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


LEVEL = {"trust": {"trust": {"methods": {"Saliency": {"verdict": {"level": "weak"}}}}}, "about": {"images": 12}}
OF_TASKS = {
    "regression": {
        **LEVEL,
        "regression": {"figures": [{"name": "age", "mae": {"value": 2.5}, "r2": {"value": None}}]},
    },
    "labels": {
        **LEVEL,
        "labels": {
            "macro_average_precision": 0.5,
            "exact": {"value": 0.25},
            "micro_f1": 0.75,
            "figures": [{"name": "cat", "precision": {"value": 0.8}, "recall": {"value": 1.0}, "f1": 0.9}],
        },
    },
    "segmentation": {
        **LEVEL,
        "evaluation": {"class_names": ["road", "roof"], "mean_iou": 0.6, "iou": [0.9, 0.3], "accuracy": 0.7},
    },
}


@pytest.mark.parametrize(
    ("task", "text", "holds"),
    [
        ("regression", "mae > 2", True),
        ("regression", "mae(age) > 2.5", False),
        ("regression", "r2 < 0.8", True),  # not known
        ("labels", "map < 0.5", False),
        ("labels", "exact < 30%", True),
        ("labels", "precision(cat) < 0.9", True),
        ("labels", "f1(cat) < 0.9", False),
        ("segmentation", "miou < 0.6", False),
        ("segmentation", "iou(roof) < 0.5", True),
        ("segmentation", "iou(road) < 0.5", False),
        *((task, "trust(Saliency) == failed", False) for task in OF_TASKS),
        *((task, "images < 20", True) for task in OF_TASKS),
    ],
)
def test_figures_of_other_tasks_by_hand(task, text, holds):
    assert judge(parse(text, task), OF_TASKS[task]).holds is holds


@pytest.mark.parametrize(
    ("task", "text", "told"),
    [
        ("regression", "accuracy < 0.9", r"figure of a regression \(mae, rmse, r2, bias, images, trust, problems\)"),
        ("labels", "miou < 0.5", r"figure of several labels \(map, "),
        ("segmentation", "mae > 2", r"figure of a segmentation \(miou, iou, "),
        ("classes", "miou > 2", r"figure \(accuracy"),
        ("segmentation", "iou < 0.5", r"Write it as iou\(CLASS\)"),
        ("labels", "no condition", "such as 'map < 0.5'"),
    ],
)
def test_a_figure_that_the_task_does_not_have_is_refused(task, text, told):
    with pytest.raises(ValueError, match=told):
        parse(text, task)


def test_which_of_several_numbers_and_unknown_labels_are_asked_before_the_work():
    with pytest.raises(ValueError, match=r"as mae\(x\) > 2"):
        require_names(parse("mae > 2", "regression"), ("x", "y"), ())
    require_names(parse("mae > 2", "regression"), ("x",), ())
    with pytest.raises(ValueError, match="Did you mean 'cat'"):
        require_names(parse("f1(cats) > 2", "labels"), ("cat", "dog"), ())
