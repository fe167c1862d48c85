"""A method of one's own is one record: `explain`, trust, the report and the JSON know it from then on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import METHODS, KnownMethod, Samples, TrustPlan, measure_trust
from featurelens.reports.evidence.trust import TrustFile
from featurelens.reports.explanation import Subject, drawn_methods
from featurelens.reports.files.trust_file import read_trust, write_trust
from featurelens.scripts.options.methods import chosen_methods


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
    few = Samples(curves=4, filled=0, noise=2, shuffled=4)
    trust = measure_trust(model, images, [OWN], TrustPlan(few, few, steps=2, stops=2))
    assert set(trust.methods["Shade Map"].rank_correlation) == {1.0}  # it stays as it is when the weights are shuffled
    write_trust(TrustFile(trust, "m", "d", "w", "i", "featurelens trust"), tmp_path / "m.trust.json")
    assert json.loads((tmp_path / "m.trust.json").read_text())["trust"]["methods"].keys() == {"Shade Map"}
    assert read_trust(tmp_path / "m.trust.json").trust == trust


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Received 'grad-cam'\. Give the method another name"):
        METHODS.register(KnownMethod("grad-cam", OWN.make, "logit", False, 2))
