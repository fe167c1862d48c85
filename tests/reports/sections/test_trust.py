"""Trust in the report: measured on the model at hand, shown beside every picture."""

import dataclasses

import numpy as np
import pytest

from featurelens.interpret.methods.catalogue import METHODS
from featurelens.interpret.tracing.folding import Folding
from featurelens.interpret.trust.measure import measure_trust
from featurelens.interpret.trust.record import Samples, TrustPlan
from featurelens.models import fashion_mnist, load_model
from featurelens.models.datasets.fingerprints import images_fingerprint
from featurelens.models.model_files.weights import weights_fingerprint
from featurelens.reports.classification.figures import report_twin
from featurelens.reports.classification.gathered import gather_report
from featurelens.reports.classification.page import report_html
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.trust import GRAD_CAM, SALIENCY, SHOWN, TrustFile, gather_trust
from featurelens.reports.html.trust_marks import anchor as anchor_of
from featurelens.reports.html.trust_marks import method_link, method_mark
from featurelens.reports.sections.trust import TrustSection, _bought


@pytest.fixture(scope="module")
def parts():
    return load_model("zero_padded_dropout"), fashion_mnist("test").take(np.arange(120))


@pytest.fixture(scope="module")
def report(parts):
    return gather_report(Seen(*parts, ReportPlan(trust_images=48)), (TrustSection(),))


def test_every_shown_method_is_judged_by_three_questions(report):
    assert set(report.evidence["trust"].trust.verdicts) == set(SHOWN)
    for found in report.evidence["trust"].trust.verdicts.values():
        assert [finding.question for finding in found.findings] == [
            "random order",
            "brightness order",
            "randomised weights",
        ]
        assert found.level in {"good", "weak", "failed"}


def test_tracing_once_gives_what_tracing_at_every_stop_gives(parts, report):
    from featurelens.interpret import Saliency
    from featurelens.interpret.sanity.weight_randomization import randomization_check

    anew = randomization_check(parts[0], parts[1].images, {SALIENCY: Saliency}, stops=6, sample=48)[SALIENCY]
    once = report.evidence["trust"].trust.methods[SALIENCY]
    np.testing.assert_allclose(once.rank_correlation, np.nanmean(anew.rank_correlation, axis=1), atol=1e-5)


def test_the_page_tells_the_sample_and_every_verdict(report):
    html = report_html(report)
    assert "Measured on 48 of the 120 images" in html
    assert "Of the maps drawn throughout" in html
    for name, found in report.evidence["trust"].trust.verdicts.items():
        anchor = anchor_of(name)
        assert f'<span id="{anchor}">{name}</span>' in html
        assert found.level in method_mark(report.about.verdicts, name)


def test_without_images_nothing_is_said_of_trust(parts):
    silent = Seen(*parts, ReportPlan(trust_images=0))
    assert silent.trust is TrustSection().evidence(silent, {}) is None
    assert method_mark(silent.verdicts, GRAD_CAM) == method_link(silent.verdicts, GRAD_CAM) == ""


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
    assert found.trust.not_copied is not None and "copier" in found.trust.not_copied
    assert all(not each.rank_correlation for each in found.trust.methods.values())


def test_what_is_on_file_is_shown_for_all_methods_with_its_command(parts, report):
    model, dataset = parts
    plan = TrustPlan(
        cheap=Samples(curves=None, filled=4, noise=3, shuffled=24),
        expensive=Samples(curves=24, filled=4, noise=3, shuffled=24),
        steps=2,
        epochs=1,
    )
    named = ("Grad-CAM", "HiResCAM", "Saliency", "Input x Gradient", "SmoothGrad")
    methods = [known for known in METHODS if known.name in named]
    training = (dataset.images[:64], dataset.labels[:64])
    trust = measure_trust(model, dataset.images, methods, plan, cam_layer="conv2", training=training)
    on_file = TrustFile(
        trust=trust,
        model=model.name,
        data=dataset.source,
        weights=weights_fingerprint(model),
        images=images_fingerprint(dataset.images),
        command="featurelens trust mine.keras",
    )
    shown = gather_trust(model, dataset, "conv2", on_file=on_file)
    assert shown is not None
    told = dataclasses.replace(report, evidence={**report.evidence, "trust": shown})
    html = " ".join(TrustSection().html(shown, told.about).html.split())
    assert "featurelens trust mine.keras" in html
    assert "were measured on all 120 images" in html and "SmoothGrad on 24" in html
    for column in ("Likeness, random labels", "Beats random, filled in", "Change under noise"):
        assert column in html
    assert "trained on 64 images whose labels were permuted, for 1 epoch." in html
    bound = html.replace(" %", "\u00a0%")
    for name, found in trust.verdicts.items():
        assert name in bound and f"{100 * found.findings[0].number.mean:.0f}\u00a0%" in bound
    assert "Of all 5 methods" in report_html(told) or not any(v.level == "good" for v in trust.verdicts.values())
    twin = report_twin(told, ())["trust"]["trust"]["methods"]
    assert list(twin) == list(named) and twin["SmoothGrad"]["images"] == 24
    with pytest.raises(ValueError, match="other images"):
        gather_trust(model, dataset.take(np.arange(50)), "conv2", on_file=on_file)


def test_the_page_says_what_the_budget_bought(parts):
    model, dataset = parts
    found = gather_trust(model, dataset, "conv2", budget=900)
    assert found is not None and found.trust.plan.steps == 3
    folded = dataclasses.replace(found.trust, folding=Folding(layers=2, error=3.2e-7, images=16))
    for trust in (found.trust, folded):
        told = _bought(trust)
        assert "That is what a budget of 900 passes forward and backward allows. Pixels went in 3 steps" in told
    assert "2 batch normalisations were folded" in told and "no logit by more than 3e-07 of the largest" in told
    assert "folded" not in _bought(found.trust)
