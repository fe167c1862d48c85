"""Trust in the report: measured on the model at hand, shown beside every picture."""

import numpy as np
import pytest

from featurelens.models import fashion_mnist, load_model
from featurelens.reports.evidence import gather_evidence
from featurelens.reports.report import report_html
from featurelens.reports.trust import method_link, method_mark, trust_section
from featurelens.reports.trust_evidence import GRAD_CAM, SALIENCY, gather_trust


@pytest.fixture(scope="module")
def parts():
    return load_model("zero_padded_dropout"), fashion_mnist("test").take(np.arange(120))


@pytest.fixture(scope="module")
def evidence(parts):
    return gather_evidence(*parts, trust_images=48)


def test_every_shown_method_is_judged_by_three_questions(evidence):
    assert set(evidence.trust.verdicts) == {"Grad-CAM", "HiResCAM", "Saliency"}
    for found in evidence.trust.verdicts.values():
        assert [finding.question for finding in found.findings] == [
            "random order",
            "brightness order",
            "randomised weights",
        ]
        assert found.level in {"good", "weak", "failed"}


def test_tracing_once_gives_what_tracing_at_every_stop_gives(parts, evidence):
    from featurelens.interpret import Saliency
    from featurelens.interpret.sanity_checks import randomization_check

    anew = randomization_check(parts[0], parts[1].images, {SALIENCY: Saliency}, stops=6, sample=48)[SALIENCY]
    once = evidence.trust.randomization[SALIENCY]
    np.testing.assert_allclose(once.rank_correlation, anew.rank_correlation, atol=1e-5)


def test_the_page_tells_the_sample_and_every_verdict(evidence):
    html = report_html(evidence)
    assert "Measured on 48 of the 120 images" in html
    assert "Of the maps shown here" in html
    for name, found in evidence.trust.verdicts.items():
        anchor = f"trust-{name.lower().replace(' ', '-')}"
        assert f'<span id="{anchor}">{name}</span>' in html
        assert found.level in method_mark(evidence, name)
    cards = html.count('<article class="mistake"')
    assert html.count(f'href="#trust-{GRAD_CAM.lower()}"') == 2 * cards


def test_without_images_nothing_is_said_of_trust(parts):
    silent = gather_evidence(*parts, trust_images=0)
    assert silent.trust is None
    assert trust_section(silent) == []
    assert method_mark(silent, GRAD_CAM) == method_link(silent, GRAD_CAM) == ""


def test_a_model_that_cannot_be_copied_is_said_so(parts):
    import keras

    class Opaque(keras.Model):
        """A model that has no configuration to be built from again."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def call(self, images):
            return self.inner(images)

    opaque = Opaque(parts[0])
    opaque(parts[1].images[:1])
    found = gather_trust(opaque, parts[1], "conv2", images=24)
    assert found is not None
    assert found.not_copied is not None and "copier" in found.not_copied
    assert not found.randomization
