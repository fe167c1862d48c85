"""A method of one's own is one record: `explain`, trust, the report and the JSON know it from then on."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import METHODS, KnownMethod, Samples, TrustPlan, measure_trust
from featurelens.models import Dataset
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.classification.page import report_html
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.trust import SHOWN, TrustFile, misfit, updated
from featurelens.reports.explanation import Subject, drawn_methods
from featurelens.reports.files.trust_file import read_trust, write_trust
from featurelens.reports.sections.mistakes import MistakesSection
from featurelens.reports.sections.trust import TrustSection
from featurelens.scripts.cli import main
from featurelens.scripts.options.methods import chosen_methods

FEW = Samples(curves=4, filled=0, noise=2, shuffled=4)


class Shade:
    """Says of each pixel how bright it is: a map that knows nothing of the model."""

    remark = "measured in greys"

    def __call__(self, images, classes=None, versus=None, batch_size=256, progress=False):
        return np.asarray(images).mean(axis=-1)


OWN = KnownMethod("Shade Map", lambda *_: Shade(), "grey", False, 1, remark="knows nothing")


@pytest.fixture(autouse=True)
def registered():
    with METHODS.registered(OWN):
        yield
    assert OWN not in METHODS


def test_explain_draws_it_by_its_name_and_among_all() -> None:
    model, image = random_cnn(0), random_images(0, 1)[0]
    subject = Subject(model, image, 0, None, None)
    (panel,), left_out = drawn_methods(chosen_methods(["shade-map"], None), subject)
    assert (panel.title, left_out) == ("Shade Map", ())
    assert panel.note == f"0 to {panel.limits[1]:.3g} grey\nknows nothing; measured in greys"
    np.testing.assert_array_equal(panel.values, image.mean(axis=-1))
    assert OWN in chosen_methods(["all"], None).methods


def test_trust_measures_it_and_the_file_keeps_it(tmp_path: Path) -> None:
    model, images = random_cnn(0), random_images(0, 6)
    trust = measure_trust(model, images, [OWN], TrustPlan(FEW, FEW, steps=2, stops=2))
    assert set(trust.methods["Shade Map"].rank_correlation) == {1.0}  # it stays as it is when the weights are shuffled
    write_trust(TrustFile(trust, "m", "d", "w", "i", "featurelens trust"), tmp_path / "m.trust.json")
    assert json.loads((tmp_path / "m.trust.json").read_text())["trust"]["methods"].keys() == {"Shade Map"}
    assert read_trust(tmp_path / "m.trust.json").trust == trust


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Received 'grad-cam'\. Give the method another name"):
        METHODS.register(KnownMethod("grad-cam", OWN.make, "logit", False, 2))


def report_of(**settings):
    """The trust and the mistakes of a page of 40 images by a random model, and their figures."""
    dataset = Dataset(random_images(0, 40), np.arange(40) % 3, ("a", "b", "c"), "noise")
    seen = Seen(random_cnn(0), dataset, ReportPlan(trust_images=20, **settings))
    page = report_html(gather_report(seen, (TrustSection(), MistakesSection())))
    twin = re.search(r'<script type="application/json" id="twin">(.*?)</script>', page, re.DOTALL)
    assert twin is not None
    return page, json.loads(twin[1])


def drawn_in(page: str) -> list:
    """What the page draws of each method, with the sheets of its maps."""
    payload = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page, re.DOTALL)
    assert payload is not None
    return [each for each in _mappings(json.loads(payload[1])) if "method" in each and each.get("sheets")]


def _mappings(value):
    if isinstance(value, dict):
        yield value
        value = value.values()
    elif not isinstance(value, list):
        return
    for part in value:
        yield from _mappings(part)


def test_the_report_draws_it_beside_each_mistake_and_tests_it_like_the_others() -> None:
    page, twin = report_of(methods=(OWN,))
    cards = page.count('<article class="mistake"')
    assert cards > 5
    assert [each["method"] for each in drawn_in(page)].count("Shade Map") == 1
    assert "Shade Map (knows nothing) is of the predicted class, in grey; each map has a scale of its own." in page
    assert '<span id="trust-shade-map">Shade Map</span>' in page
    assert twin["trust"]["trust"]["methods"]["Shade Map"]["images"] == 20
    without, twin = report_of()
    assert "Shade Map" not in without and "Shade Map" not in twin["trust"]["trust"]["methods"]


def test_a_method_of_a_layer_is_drawn_over_the_pictures_and_a_refused_one_stops_the_report() -> None:
    layercam = next(known for known in METHODS if known.name == "LayerCAM")
    page, twin = report_of(methods=(layercam, layercam))  # once
    assert [each["method"] for each in drawn_in(page)].count("LayerCAM") == 1
    assert sorted(twin["trust"]["trust"]["methods"]) == sorted(SHOWN)

    def refusing(*_):
        raise ValueError("Expected another model.")

    with pytest.raises(ValueError, match="another model"):
        report_of(methods=(replace(OWN, make=refusing),))


def on_file(methods, seed=0) -> TrustFile:
    trust = measure_trust(random_cnn(0), random_images(seed, 6), methods, TrustPlan(FEW, FEW, steps=2, stops=2))
    return TrustFile(trust, "m", "d", "w", "i", f"featurelens trust --method {methods[0].slug}")


def test_a_file_from_before_a_method_was_added_is_read_and_says_nothing_of_it(tmp_path: Path) -> None:
    from featurelens.models.datasets.fingerprints import images_fingerprint
    from featurelens.models.model_files.weights import weights_fingerprint

    model, images = random_cnn(0), random_images(0, 40)
    saliency = next(known for known in METHODS if known.name == "Saliency")
    older = replace(
        on_file([saliency]), weights=weights_fingerprint(model), images=images_fingerprint(images), model=model.name
    )
    older = replace(older, trust=replace(older.trust, cam_layer="conv2"))
    write_trust(older, tmp_path / "m.trust.json")
    read = read_trust(tmp_path / "m.trust.json")
    assert misfit(read, model, images, "conv2") is None and "Shade Map" not in read.trust.methods
    page, twin = report_of(methods=(OWN,), trust_file=read)
    assert list(twin["trust"]["trust"]["methods"]) == ["Saliency"]
    assert re.search(r"Not measured: Grad-CAM, .* and Shade Map\. To add them to the file:", page)
    assert "--method shade-map --update" in page and "Saliency" not in page.split("Not measured: ")[1].split(".")[0]


def test_a_file_that_knows_a_method_which_is_gone_is_read(tmp_path: Path) -> None:
    write_trust(on_file([replace(OWN, name="Forgotten")]), tmp_path / "m.trust.json")
    assert list(read_trust(tmp_path / "m.trust.json").trust.methods) == ["Forgotten"]


def test_one_method_is_measured_into_a_file_and_the_others_stay() -> None:
    shared = next(known for known in METHODS if known.name == "Saliency")
    before, now = on_file([shared, replace(OWN, name="Old Map")]), on_file([OWN, replace(OWN, name="Old Map")])
    both = updated(before, now)
    assert list(both.trust.methods) == ["Saliency", "Old Map", "Shade Map"]
    assert both.trust.methods["Saliency"] is before.trust.methods["Saliency"]
    assert both.trust.methods["Old Map"] is now.trust.methods["Old Map"]
    assert both.command == "featurelens trust --method saliency && featurelens trust --method shade-map"
    assert updated(both, now).command == both.command
    gone = replace(now, trust=replace(now.trust, methods={}, refused={"Saliency": "no gradient"}))
    assert list(updated(before, gone).trust.methods) == ["Old Map"]
    assert updated(before, gone).trust.refused == {"Saliency": "no gradient"}


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_the_commands_know_it(tmp_path: Path, monkeypatch, capsys) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            main([arguments[0], "mine.keras", "--data", "data.npz", *arguments[1:]])
        assert isinstance(stopped.value.code, int)
        said = capsys.readouterr()
        return stopped.value.code, said.out + said.err

    monkeypatch.chdir(tmp_path)
    random_cnn(0).save("mine.keras")
    np.savez("data.npz", images=random_images(0, 30), labels=np.arange(30) % 3)
    assert run("explain", "--method", "SHADE-map", "--output", "why.svg")[0] == 0
    picture = Path("why.svg").read_text()
    assert "Shade Map" in picture and "knows nothing; measured in greys" in picture
    few = ("--images", "22")
    assert run("trust", "--method", "saliency", *few)[0] == 0
    code, said = run("trust", "--method", "shade-map", "--update", *few)
    assert code == 0 and "Shade Map" in said
    assert list(read_trust(Path("mine.trust.json")).trust.methods) == ["Saliency", "Shade Map"]
    code, said = run("trust", "--method", "shade-map", "--update", "--images", "21")
    assert code == 1 and "other samples" in said and "without --update" in said
    assert run("report", "--method", "shade-map", "--output", "r.html")[0] == 0
    assert [each["method"] for each in drawn_in(Path("r.html").read_text("utf-8"))].count("Shade Map") == 1
    code, said = run("report", "--method", "shade-mop", "--output", "r.html")
    assert code == 1 and "Did you mean 'shade-map'" in said


def test_the_example_of_the_readme_runs() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    example = readme.split("## Your own method")[1].split("```python")[1].split("```")[0]
    exec(example, {})
    known = METHODS[-1]
    try:
        image = random_images(0, 1)[0]
        (panel,), _ = drawn_methods(chosen_methods(["brightness"], None), Subject(random_cnn(0), image, 0, None, None))
        np.testing.assert_array_equal(panel.values, image.mean(axis=-1))
    finally:
        METHODS._known.remove(known)
