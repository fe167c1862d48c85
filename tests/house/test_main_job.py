"""The main job, once, as the README has it: the shipped model on all shipped images, offline."""

import json
import re
import subprocess
import sys

import pytest
from live_pages import browsing, opened

from featurelens.models import model_card_of


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "models.py").write_text("raise ImportError('a user\\'s own file')\n")
    program = "from featurelens.scripts.cli import main; main()"
    found = subprocess.run([sys.executable, "-c", program, "report"], cwd=folder, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found, folder / "featurelens-report.html"


def test_it_says_where_the_report_is_and_nothing_else(report):
    found, path = report
    assert re.fullmatch(rf"Wrote {re.escape(str(path))} \([\d.]+ MB\)\. Open it in a browser\.\s*", found.stdout)
    assert "cuda" not in found.stderr.lower() and "WARNING" not in found.stderr
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["featurelens-report.html", "models.py"]


def test_the_file_stays_small(report):
    assert report[1].stat().st_size <= 12e6


def test_the_accuracy_is_the_cards_and_every_mistake_is_there(report):
    html = report[1].read_text(encoding="utf-8")
    card = model_card_of("zero_padded_dropout")
    assert card is not None
    wrong = round(10000 * (1 - card.results["test"]["accuracy"]))
    assert f"{10000 - wrong:,} images of 10,000 are correctly classified, {wrong:,} incorrectly." in html
    payload = re.search(r'<script type="application/json" id="payload">(.*?)</script>', html, re.DOTALL)
    assert payload is not None
    assert json.loads(payload[1])["mistakes"], "what the cards are made of"
    twin = re.search(r'<script type="application/json" id="twin">(.*?)</script>', html, re.DOTALL)
    assert twin is not None
    assert json.loads(twin[1])["mistakes"]["total"] == wrong == len(json.loads(twin[1])["mistakes"]["numbers"])
    assert "Every class has 1,000 images; in the training split, 6,000." in html
    assert "None of these images is in the training split too." in html


def test_every_method_to_be_cited_is_led_with_and_has_its_picture(report):
    """RISE and SmoothGrad too, which a small budget buys for the leading mistakes."""
    with browsing() as browser:
        page, complaints = opened(browser, report[1], "#/trust")
        page.locator("[data-method=RISE] canvas").wait_for()  # as all are
        rows = page.locator("#trust table").first.locator("tbody tr", has=page.locator(".verdict.good"))
        cited = rows.locator("[data-method]").evaluate_all("places => places.map(place => place.dataset.method)")
        assert {"RISE", "SmoothGrad", "HiResCAM"} < set(cited)
        assert rows.locator("[data-method] canvas").count() == len(cited)
        page.locator(".bar nav a", has_text="Findings").click()
        page.locator(".lc a").first.click()
        page.locator("main > .on .tile-button").first.click()
        marks = page.locator("#card .cams").first.locator("figcaption .mk")
        marks.first.wait_for()  # all are made at once
        levels = marks.evaluate_all("marks => marks.map(mark => mark.classList[1])")
        assert levels[: len(cited)] == ["good"] * len(cited) and "good" not in levels[len(cited) :]
        assert complaints == []
