import json
from dataclasses import replace

import numpy as np
import pytest
from planted_shortcuts import marked, plain_images, reader

from featurelens.models import Dataset
from featurelens.reports.drawing.shortcut_words import NOT_SEEN, sentence
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.twin import json_text
from featurelens.reports.files.conditions import judge, parse
from featurelens.reports.files.report_files import drawn_arrays
from featurelens.reports.sections.screening.shortcuts import ShortcutsSection
from featurelens.reports.sections.section import About

NAMES = ("coat", "dress", "shirt")


def shown(images, labels, corner, training=None):
    """The section of a report: (evidence, findings, HTML, figures as JSON)."""
    model = reader(corner=corner)
    data = Dataset(images, labels, NAMES, "planted")
    plan = ReportPlan(trust_images=0, training=training)
    seen, section = Seen(model, data, plan), ShortcutsSection()
    found = section.evidence(seen, {})
    assert found is not None
    about = About.of(seen)
    part = section.html(found, about)
    return found, list(section.findings(found, about)), part, {"shortcuts": json.loads(json_text(found))}


@pytest.fixture(scope="module")
def read():
    return shown(*marked(0, 450)[:2], corner=2.5)


def test_the_finding_is_a_problem_with_every_number_of_the_proof(read):
    found, (finding,), _, _ = read
    first = found.shortcuts.found[0]
    assert finding.severity == "problem" and finding.number == first.effect
    sentence = finding.sentence
    assert sentence.startswith("The model reads a repeated mark at rows 1 to 3, columns 1 to 3 as dress: it is on ")
    assert f"on {100 * first.share:.0f} % of dress and {100 * first.elsewhere:.0f} % of the rest" in sentence
    assert f"falls by {100 * first.effect:.0f} points ({first.images} images" in sentence
    assert f"turns {100 * (first.called_with - first.called_without):.0f} % of them into dress" in sentence


def test_the_page_shows_it_with_and_without_and_names_the_remedy(read):
    found, _, part, _ = read
    words = str(part.html)
    for text in (
        "dress, with it",
        "dress, without it",
        "as it is",
        "pasted in",
        "Mean with less mean without",
        "--arrays",
    ):
        assert text in words
    assert NOT_SEEN in words
    flag = next(each for each in part.payload["flags"] if each["id"] == "shortcut-0")
    assert flag["ids"] == found.shortcuts.found[0].carriers[:100].tolist()
    assert set(flag["ids"]) <= set(part.pictures)


def test_the_mask_is_written_as_a_file_and_not_into_the_figures(read):
    found, _, _, figures = read
    arrays = drawn_arrays({"shortcuts": found})
    assert np.argwhere(arrays["shortcuts.masks"][0]).tolist() == [[r, c] for r in range(1, 4) for c in range(1, 4)]
    assert figures["shortcuts"]["shortcuts"]["found"][0]["mask"] == [] and "masks" not in figures["shortcuts"]


def test_a_run_can_be_stopped_by_it(read):
    assert judge(parse("shortcuts > 0"), read[3]).holds
    assert not judge(parse("failing_groups > 0"), read[3]).holds
    assert judge(parse("shortcuts > 0"), {}).figure is None


def test_content_that_is_not_used_is_said_in_these_words_and_is_no_finding():
    found, findings, part, figures = shown(*marked(0, 450)[:2], corner=0)
    assert not findings and found.shortcuts.found[0].reliance == "not used"
    assert "the model does not depend on it (" in str(part.html) and not judge(parse("shortcuts > 0"), figures).holds


def test_the_words_follow_the_proof(read):
    first = read[0].shortcuts.found[0]
    figures = {"reliance": "not used", "images": 20, "share": 1.0, "elsewhere": 0.0, "p": 0.001}
    harmless = replace(first, recall_with=0.85, recall_without=0.8, **{**figures, "p": 0.5})
    assert (
        "the model does not depend on it (recall of dress 85 % with it, 80 % without it, 20 images, p 0.5). Every image of dress"
        in (sentence(harmless, NAMES))
    )
    few = replace(first, recall_with=0.9, recall_without=0.5, **{**figures, "p": 0.2})
    assert "the model is not shown to depend on it (recall of dress 90 %" in sentence(few, NAMES)
    harmful = replace(first, recall_with=0.1, recall_without=0.8, **figures)
    assert "with it the recall of dress falls, from 80 % to 10 % (20 images" in sentence(harmful, NAMES)
    needed = replace(first, recall_with=0.9, recall_without=0.5, called_with=0.0, called_without=0.01, **figures)
    assert "falls from 90 % to 50 % (20 images, p 0.001), but pasted on other classes it turns none" in sentence(
        needed, NAMES
    )
    assert "it turns 1.0 % (which chance alone may do) of them" in sentence(replace(needed, called_with=0.02), NAMES)
    assert "it may be what they show" not in sentence(replace(harmful, share=0.9), NAMES)


def test_what_is_read_behind_the_object_alone_and_what_a_frame_is_compared_with_is_said(read):
    first = read[0].shortcuts.found[0]
    behind = replace(first, kind="background", called_with=0.01, called_without=0.01)
    assert "it turns none of them into dress: it is read together with what dress shows." in sentence(behind, NAMES)
    assert "it turns 40 % of them into dress" in sentence(replace(behind, called_with=0.41), NAMES)
    frame = replace(first, kind="frame")
    assert f"({first.images} images, pasted in against left out)" in sentence(frame, NAMES)


def test_nothing_found_is_said_in_these_words():
    _, findings, part, _ = shown(*plain_images(0, 300), corner=2.5)
    assert not findings and "No repeated content at a fixed place was found among 300 images." in str(part.html)


def test_a_mark_of_the_training_images_only_is_shown_by_its_numbers():
    images, labels = plain_images(3, 150)
    training = Dataset(*marked(0, 450)[:2], NAMES, "trained on")
    found, findings, _, _ = shown(images, labels, 2.5, training)
    assert not len(found.shortcuts.found[0].carriers)
    assert "of the rest of the training images" in findings[0].sentence


def test_a_group_of_a_new_kind_that_fails_is_a_problem():
    images, labels = plain_images(0, 450)
    strange = np.random.default_rng(4).random(450) < 0.08
    images[strange] = 1 - images[strange]
    found, findings, part, figures = shown(images, labels, 0)
    assert [each.severity for each in findings] == ["problem"] and findings[0].anchor == "failing-groups"
    assert findings[0].sentence.startswith(f"A group of {len(found.groups.found[0].numbers)} images unlike the rest")
    assert judge(parse("failing_groups > 0"), figures).holds and "failing group 1" in str(part.payload["flags"])


def test_one_class_or_no_pictures_have_no_such_section():
    images, labels = plain_images(0, 30)
    seen = Seen(reader(), Dataset(images, labels * 0, NAMES, "one"), ReportPlan(trust_images=0))
    assert ShortcutsSection().evidence(seen, {}) is None
