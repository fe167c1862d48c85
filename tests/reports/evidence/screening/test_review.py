"""A review: its sum by hand, its sentences, and every way in which a file can be wrong."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from featurelens.reports.evidence.screening.review import VERDICTS, read_review, require_fit, sum_of
from featurelens.reports.evidence.twin import json_text
from featurelens.reports.sections.screening.review import ReviewSection, review_sentence

LABELS, ANSWERS = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 0, 0, 1])  # 1, 2 and 3 are mistakes
HOSTILE = "<script>alert(1)</script>"


def review(images):
    return {"format": "featurelens review", "version": 1, "model": "abc", "images": images}


def saved(tmp_path, content):
    path = tmp_path / "review.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


GIVEN = {
    "1": {"verdict": "wrong reason", "comment": f" looks at the collar {HOSTILE} "},
    "2": {"verdict": "wrong label"},
    "3": {"verdict": "wrong label", "comment": ""},
    "4": {"verdict": "right reason", "comment": "fine"},
}


def test_the_sum_by_hand(tmp_path):
    found = sum_of(read_review(saved(tmp_path, review(GIVEN))), LABELS, ANSWERS, np.array([3, 0]))
    assert found.numbers.tolist() == [1, 2, 3, 4] and found.counts.tolist() == [1, 1, 2]
    assert (found.mistakes, found.reviewed, found.suspected) == (3, 3, 1)
    assert found.accuracy_relabelled == pytest.approx(4 / 5)  # 2 of 5, and the two whose label is wrong
    first = found.pairs[0]
    assert (first.true, first.predicted, first.counts.tolist()) == (1, 0, [0, 0, 2])
    assert found.comments[0].startswith("looks at the collar") and found.comments[1:3] == ("", "")
    assert json_text(found)


def test_sentence_and_page(tmp_path):
    found = sum_of(read_review(saved(tmp_path, review(GIVEN))), LABELS, ANSWERS)
    said = review_sentence(found)
    assert "Of 4 images reviewed (3 of the 3 mistakes)" in said and "accuracy would be 80.00 %" in said
    about = SimpleNamespace(class_names=("a", "b"))
    html = ReviewSection().html(found, about).html
    assert HOSTILE not in html and "looks at the collar" in html and 'href="#image-1"' in html
    (finding,) = ReviewSection().findings(found, about)
    assert finding.severity == "caution"


def test_an_empty_review_says_nothing(tmp_path):
    found = sum_of(read_review(saved(tmp_path, review({}))), LABELS, ANSWERS)
    about = SimpleNamespace(class_names=("a", "b"))
    assert list(ReviewSection().findings(found, about)) == [] and "no image" in ReviewSection().html(found, about).html


def test_without_a_review_there_is_no_section():
    assert ReviewSection().evidence(SimpleNamespace(plan=SimpleNamespace(review=None)), {}) is None


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ("{", "not JSON"),
        ([], "another kind"),
        ({**review({}), "version": 2}, "another kind"),
        ({**review({}), "model": 3}, "without its model"),
        (review([]), "without its model or its images"),
        (review({"-1": {"verdict": VERDICTS[0]}}), "by their numbers"),
        (review({"01": {"verdict": VERDICTS[0]}}), "by their numbers"),
        (review({"²": {"verdict": VERDICTS[0]}}), "by their numbers"),
        (review({"1": "wrong label"}), "without a verdict"),
        (review({"1": {"verdict": "wrong lable"}}), "Did you mean 'wrong label'"),
        (review({"1": {"verdict": VERDICTS[0], "comment": 3}}), "Shorten"),
        (review({"1": {"verdict": VERDICTS[0], "comment": "x" * 2001}}), "Shorten"),
    ],
)
def test_what_is_no_review_is_refused(tmp_path, content, remedy):
    with pytest.raises(ValueError, match=remedy):
        read_review(saved(tmp_path, content))


def test_no_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        read_review(tmp_path / "none.json")


def test_another_model_or_other_images_are_refused(tmp_path):
    found = read_review(saved(tmp_path, review(GIVEN)))
    require_fit(found, "abc", 5)
    with pytest.raises(ValueError, match="other weights"):
        require_fit(found, "abd", 5)
    with pytest.raises(ValueError, match="image 4"):
        require_fit(found, "abc", 4)
