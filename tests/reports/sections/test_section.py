"""A section is one class and one entry in a list: it is on the page, in the findings, in the contents and in the twin."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace

import keras
import numpy as np
import pytest
from browser_pages import HOSTILE, seen_in_browser
from markupsafe import Markup
from small_models import sequential

from featurelens.interpret.stream.class_means import ClassMeansStatistic
from featurelens.models import Dataset
from featurelens.models.evaluation.metrics import evaluation_from_probabilities
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.classification.page import report_html
from featurelens.reports.evidence.performance import gather_performance
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.twin import DrawnOnly
from featurelens.reports.plots.plot import Plot
from featurelens.reports.report_choice import PAGE_SECTIONS
from featurelens.reports.sections.front.findings import ordered_findings
from featurelens.reports.sections.performance import PerformanceSection
from featurelens.reports.sections.section import About, Finding, Part


@dataclass(frozen=True, eq=False)
class Brightness:
    """How bright each class is."""

    means: np.ndarray  # float64[K]
    images: DrawnOnly[np.ndarray]


class BrightnessSection:
    """The section of this test."""

    id, title, lead = "brightness", "Brightness & shade", "How bright is each class?"
    view = "method"

    def needs(self, seen):
        """A statistic of its own, beside that of other sections."""
        return (seen.surveying(), ClassMeansStatistic(seen.stages[:1], 3))

    def evidence(self, seen, earlier):
        """The mean pixel of each class; it knows the sections above."""
        assert "model" in earlier and "layers" not in earlier
        images, labels = seen.dataset.images, seen.dataset.labels
        return Brightness(np.array([images[labels == label].mean() for label in range(3)]), images)

    def findings(self, found, about):
        """The brightest class."""
        best = int(np.argmax(found.means))
        yield Finding(
            f"{about.class_names[best]} is the brightest.", "caution", found.means[best], self.id, "means", 0.97
        )

    def html(self, found, about):
        """The means."""
        return Part(Markup('<p id="means">{}</p>').format(found.means.round(3)), parts=[("means", "Means")])


class SilentSection(BrightnessSection):
    """A section that has nothing to say of these data."""

    id, title, lead = "silent", "Never shown", ""

    def evidence(self, seen, earlier):
        """Nothing."""

    def html(self, found, about):
        """Never asked for."""
        pytest.fail("a section without evidence was drawn")


def data():
    """Thirty pictures, class 1 the brightest."""
    labels = np.arange(30) % 3
    bright = np.array([0.4, 1, 0.7], np.float32)[labels]
    images = np.random.default_rng(0).random((30, 8, 8, 3), np.float32) * bright[:, None, None, None]
    return Dataset(images, labels, ("a", HOSTILE, "c"), "seeded noise")


@pytest.fixture(scope="module")
def seen():
    keras.utils.set_random_seed(0)
    return Seen(sequential(), data(), ReportPlan(trust_images=0))


@pytest.fixture(scope="module")
def whole(seen):
    return gather_report(seen)


def twin_of(html):
    found = re.search(r'<script type="application/json" id="twin">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_one_entry_in_the_list_puts_a_section_on_the_page(seen, tmp_path):
    sections = (*PAGE_SECTIONS[:2], BrightnessSection(), SilentSection(), *PAGE_SECTIONS[2:])
    html = report_html(gather_report(seen, sections))
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    page = seen_in_browser(path, 1280)
    assert "How bright is each class?" in html and f"{HOSTILE[:23]}… is the brightest." in page.text
    assert "Never shown" not in page.text and "silent" not in re.findall(r'<section[^>]* id="([^"]+)"', html)
    tabs = re.findall(r'<a href="#/(\w+)">', html.split("</nav>")[0])
    assert tabs[:3] == ["findings", "confusions", "classes"] and tabs[-1] == "method"
    method = html[html.index('id="/method"') :]
    assert 'id="brightness"' in method and 'id="model"' in method
    twin = twin_of(html)
    expected = [seen.dataset.images[seen.dataset.labels == label].mean() for label in range(3)]
    assert list(twin["brightness"]) == ["means"] and twin["brightness"]["means"] == pytest.approx(expected)
    assert "silent" not in twin
    second = next(each for each in twin["findings"] if each["anchor"] == "brightness")
    assert second["sentence"] == f"{HOSTILE} is the brightest." and second["severity"] == "caution"
    assert second["number"] == pytest.approx(max(expected)) and second["anchor"] == "brightness"


def test_every_section_of_the_page_can_be_left_out(whole, monkeypatch):
    monkeypatch.setattr(Plot, "svg", lambda plot: Markup("<svg></svg>"))  # each page would draw all plots again
    for section in PAGE_SECTIONS:
        fewer = replace(whole, evidence={name: found for name, found in whole.evidence.items() if name != section.id})
        html = report_html(fewer)
        assert f'<section class="section" id="{section.id}"' not in html and section.id not in twin_of(html)
        assert {finding.anchor for finding in ordered_findings(PAGE_SECTIONS, fewer.evidence, fewer.about)}.isdisjoint(
            {finding.anchor for finding in section.findings(whole.evidence[section.id], whole.about)}
            if section.id in whole.evidence
            else ()
        )


def test_what_sections_share_is_computed_once(seen, whole, monkeypatch):
    monkeypatch.setattr("featurelens.reports.evidence.seen.one_pass", lambda *_, **__: pytest.fail("a second pass"))
    assert gather_report(seen).evidence["layers"].layers is whole.evidence["layers"].layers


def test_every_finding_states_its_number_and_a_severity(seen, whole):
    found = ordered_findings(PAGE_SECTIONS, whole.evidence, whole.about)
    assert len(found) > 5 and {finding.severity for finding in found} <= {"problem", "caution", "fact"}
    assert [finding.weight for finding in found] == sorted((finding.weight for finding in found), reverse=True)
    assert all(np.isfinite(finding.number) for finding in found)
    numbers = [finding.number for finding in found]
    assert seen.evaluation.accuracy in numbers[:3], "behind the finding that this model always answers the same"


def test_a_model_that_is_no_better_than_its_largest_class_is_a_problem(seen):
    always_b = evaluation_from_probabilities(np.tile([0.2, 0.5, 0.3], (30, 1)), data().labels, data().class_names)
    constant = Seen(seen.model, seen.dataset, seen.plan)
    constant.__dict__["evaluation"] = always_b  # where the computed one would be kept
    found = list(PerformanceSection().findings(gather_performance(constant), About.of(seen)))
    assert (found[0].severity, found[0].number) == ("problem", pytest.approx(1 / 3))
    assert [finding.anchor for finding in found] == ["performance", "/findings", "per-class", "calibration"]
    assert "whatever they show" in found[1].sentence and " and " in found[2].sentence, (
        "constant; two equally weak classes"
    )
