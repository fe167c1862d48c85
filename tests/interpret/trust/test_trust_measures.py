"""Trust over several methods on truth known beforehand, on file and back, and refused where it is of something else."""

import dataclasses
import hashlib
import json
import math

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images
from planted_patch import noise_images, planted_model

from featurelens.interpret import Saliency, faithfulness, randomization_check, road
from featurelens.interpret.methods.catalogue import METHODS, KnownMethod, method_called, methods_of
from featurelens.interpret.tracing.folding import Folder
from featurelens.interpret.tracing.traced_model import TracedModel
from featurelens.interpret.trust.measure import measure_trust
from featurelens.interpret.trust.record import Samples, TrustPlan
from featurelens.models.datasets.fingerprints import images_fingerprint
from featurelens.models.model_files.weights import weights_fingerprint
from featurelens.reports.evidence.trust import SHOWN, TrustFile, misfit
from featurelens.reports.files.trust_file import read_trust, write_trust

pytestmark = pytest.mark.numeric

IMAGES = noise_images(0, 40)
FEW = Samples(curves=30, filled=10, noise=8, shuffled=25)
PLAN = TrustPlan(cheap=FEW, expensive=dataclasses.replace(FEW, curves=22), steps=4, epochs=2)
_ONE = Samples(curves=22, filled=0, noise=0, shuffled=22)
PLAN_OF_A_REPORT = TrustPlan(cheap=_ONE, expensive=_ONE, steps=3)


def known(name, method, passes=2):
    return KnownMethod(name, lambda *_: method, "logit", False, passes)


def edges(images, _):
    return np.hypot(*np.gradient(images[..., 0], axis=(1, 2)))


def refusing(images, _):
    raise ValueError("Expected a ReLU. There is none.")


@pytest.fixture(scope="module")
def model():
    return planted_model()


@pytest.fixture(scope="module")
def found(model):
    methods = [
        *(each for each in METHODS if each.name in ("Input x Gradient", "Saliency")),
        known("edges", edges),
        known("expensive edges", edges, passes=50),
        known("refusing", refusing),
    ]
    labels = np.arange(40) % 2
    told = []
    trust = measure_trust(
        model, IMAGES, methods, PLAN, training=(IMAGES, labels), step=lambda *words: told.append(words)
    )
    return trust, told


def test_the_planted_patch_is_found_and_the_edge_detector_fails(found):
    trust, _ = found
    levels = {name: verdict.level for name, verdict in trust.verdicts.items()}
    assert levels["edges"] == levels["expensive edges"] == "failed"
    assert trust.methods["Saliency"].verdict.findings[0].number.mean > 0.95
    assert trust.methods["edges"].rank_correlation[-1] == pytest.approx(1)
    assert trust.methods["edges"].random_labels is not None
    assert trust.methods["edges"].random_labels.mean == pytest.approx(1)
    assert trust.methods["Saliency"].sensitivity is not None
    assert trust.methods["Saliency"].sensitivity.mean == pytest.approx(0, abs=1e-5)  # a linear model's slope is fixed


def test_each_number_is_the_one_of_its_own_measure(model, found):
    trust, _ = found
    alone = faithfulness(model, IMAGES, {"Saliency": Saliency(model)}, steps=4, sample=30)["Saliency"]
    mine = trust.methods["Saliency"]
    np.testing.assert_allclose(mine.curves.deletion, alone.curves.deletion.mean(axis=(0, 1)), rtol=1e-6)
    np.testing.assert_allclose(mine.random.insertion, alone.random.insertion.mean(axis=(0, 1)), rtol=1e-6)
    assert mine.verdict.findings[0].number == alone.against_random.share
    shuffled = randomization_check(model, IMAGES, {"Saliency": Saliency}, stops=6, sample=25)["Saliency"]
    np.testing.assert_allclose(mine.rank_correlation, shuffled.rank_correlation.mean(axis=1), atol=1e-5)
    filled = road(model, IMAGES, {"Saliency": Saliency(model)}, sample=10)["Saliency"]
    assert mine.road == filled.against_random.share
    assert mine.compared == 25 and trust.layers == shuffled.layers


def test_expensive_methods_are_measured_on_their_own_sample_and_order_is_kept(found):
    trust, _ = found
    assert list(trust.methods) == ["Saliency", "Input x Gradient", "edges", "expensive edges"]
    assert [each.images for each in trust.methods.values()] == [30, 30, 30, 22]
    assert trust.total == 40
    assert trust.lesson is not None and (trust.lesson.images, trust.lesson.epochs) == (40, 2)


def test_a_method_that_the_model_refuses_is_named_with_the_reason(model, found):
    trust, _ = found
    assert trust.refused == {"refusing": "Expected a ReLU. There is none."}
    with pytest.raises(ValueError, match="All refuse it; refusing: Expected a ReLU"):
        measure_trust(model, IMAGES, [known("refusing", refusing)], PLAN)
    with pytest.raises(ValueError, match=r"Expected methods out of grad-cam, .*Received 'salience'"):
        measure_trust(model, IMAGES, ["saliency", "salience"], PLAN)
    assert methods_of(["Saliency", METHODS[0]]) == [method_called("saliency"), METHODS[0]]


def test_the_work_is_told_step_by_step(found):
    told = found[1]
    kinds = {what.rsplit(" (", 1)[0] for what, _, _ in told}
    assert kinds == {
        "removing pixels",
        "filling pixels in",
        "adding noise",
        "shuffling weights",
        "learning random labels",
    }
    assert all(0 < done <= total for _, done, total in told)


def test_a_measure_of_no_images_is_left_out(model):
    none = Samples(curves=0, filled=0, noise=0, shuffled=0)
    trust = measure_trust(model, IMAGES, [known("edges", edges)], TrustPlan(cheap=none, expensive=none))
    edge = trust.methods["edges"]
    assert (edge.road, edge.sensitivity, edge.random_labels, edge.rank_correlation) == (None, None, None, ())
    assert edge.verdict.level == "unknown" and trust.lesson is None


def on_file(trust, model):
    return TrustFile(
        trust=trust,
        model=model.name,
        data="noise",
        weights=weights_fingerprint(model),
        images=images_fingerprint(IMAGES),
        command="featurelens trust",
    )


def test_a_file_comes_back_as_it_was_and_holds_strict_json(model, found, tmp_path):
    path, measured = tmp_path / "planted.trust.json", on_file(found[0], model)
    write_trust(measured, path)
    json.loads(path.read_text(), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))
    back = read_trust(path)
    assert repr(back) == repr(measured)  # NaN is not equal to itself, but reads the same


def test_what_is_not_known_comes_back_as_not_a_number(model, found, tmp_path):
    edge = found[0].methods["edges"]
    unknown = dataclasses.replace(edge, rank_correlation=(0.5, math.nan))
    trust = dataclasses.replace(found[0], methods={"edges": unknown})
    write_trust(on_file(trust, model), tmp_path / "t.json")
    assert math.isnan(read_trust(tmp_path / "t.json").trust.methods["edges"].rank_correlation[1])


def test_a_file_of_something_else_does_not_fit(model, found):
    measured = on_file(found[0], model)
    assert misfit(measured, model, IMAGES, None) is None
    assert "other images (noise)" in str(misfit(measured, model, IMAGES[:-1], None))
    assert "at layer None, here they are at 'conv'" in str(misfit(measured, model, IMAGES, "conv"))
    other = planted_model()
    other.set_weights([1.01 * weight for weight in other.get_weights()])
    assert "other weights" in str(misfit(measured, other, IMAGES, None))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("not json", "not JSON"),
        ("[]", "format 'list'"),
        ('{"format": 2}', "format '2'"),
        ('{"format": 1}', "a field missing or wrong"),
        ('{"format": 1, "trust": 3, "model": "m"}', "a field missing or wrong"),
    ],
)
def test_a_broken_file_is_refused_with_a_remedy(content, told, tmp_path):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(ValueError, match=told) as refused:
        read_trust(tmp_path / "t.json")
    assert "featurelens trust MODEL" in str(refused.value)
    with pytest.raises(ValueError, match="cannot be read"):
        read_trust(tmp_path / "missing.json")


def test_fingerprints_tell_shapes_and_values_apart():
    assert images_fingerprint(IMAGES) == images_fingerprint(IMAGES.copy())
    assert images_fingerprint(IMAGES) != images_fingerprint(IMAGES.reshape(20, 16, 8, 1))
    assert images_fingerprint(IMAGES, 5) == images_fingerprint(IMAGES[:5])
    large = np.zeros((3, 1500, 1500, 1), np.float32)  # read one by one
    assert (
        images_fingerprint(large)
        == hashlib.sha256(f"{large.dtype}{large.shape}".encode() + large.tobytes()).hexdigest()
    )
    assert images_fingerprint(IMAGES[::2]) == images_fingerprint(np.ascontiguousarray(IMAGES[::2]))


def test_the_cheap_methods_are_those_of_a_pass_or_two():
    expensive = {each.name for each in METHODS.usual if each.is_expensive}
    assert expensive == {"Score-CAM", "SmoothGrad", "Integrated Gradients", "Occlusion", "RISE"}
    assert method_called("layer-wise relevance") is not None


def test_the_model_is_traced_twice_and_its_copy_once(monkeypatch):
    traced, trace = [], TracedModel.trace
    monkeypatch.setattr(TracedModel, "trace", lambda self, *given: traced.append(self.model) or trace(self, *given))
    built = random_cnn(0)
    measure_trust(built, random_images(0, 24), [each for each in METHODS if each.name in SHOWN], PLAN_OF_A_REPORT)
    assert [each is built for each in traced] == [True, True, False]  # maps, scores; maps of the copy


def test_the_folding_of_batch_normalisation_is_measured_and_kept(tmp_path):
    layers = keras.layers
    parts = [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(5, 3), layers.ReLU()]
    built = keras.Sequential([keras.Input((6, 6, 2)), *parts, layers.Flatten(), layers.Dense(3, activation="softmax")])
    built.layers[1].set_weights([np.full(4, value, np.float32) for value in (0.7, 0.2, 0.1, 0.4)])
    given, chosen = random_images(0, 24), [each for each in METHODS if each.name in SHOWN]
    trust = measure_trust(built, given, chosen, PLAN_OF_A_REPORT, cam_layer=built.layers[3].name)
    assert trust.folding is not None and (trust.folding.layers, trust.folding.images) == (1, 16)
    assert 0 <= trust.folding.error < 1e-5
    write_trust(on_file(trust, built), tmp_path / "t.json")
    assert read_trust(tmp_path / "t.json").trust.folding == trust.folding
    with pytest.MonkeyPatch.context() as without:
        without.setattr(Folder, "put_out", lambda self, layer, path, args, kwargs, outputs: outputs)
        plain = measure_trust(built, given, chosen, PLAN_OF_A_REPORT, cam_layer=built.layers[3].name)
    assert plain.folding is None
    for name, found in trust.methods.items():
        expected = plain.methods[name]
        np.testing.assert_allclose(found.curves.deletion, expected.curves.deletion, atol=1e-5)
        np.testing.assert_allclose(found.rank_correlation, expected.rank_correlation, atol=2e-2)
        assert found.verdict.level == expected.verdict.level


def test_the_layer_of_the_cams_is_not_folded_even_unnamed():
    layers = keras.layers
    parts = [layers.Conv2D(4, 3, name="only"), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
    built = keras.Sequential([keras.Input((6, 6, 2)), *parts, layers.Dense(3, activation="softmax")])
    chosen = [each for each in METHODS if each.name in SHOWN]
    for name in (None, "only"):
        trust = measure_trust(built, random_images(0, 24), chosen, PLAN_OF_A_REPORT, cam_layer=name)
        assert list(trust.methods) == list(SHOWN) and not trust.refused


def test_a_joint_method_that_the_model_refuses_is_named_and_the_others_are_measured():
    flat = keras.Sequential(
        [keras.Input((6, 6, 2)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    chosen = [each for each in METHODS if each.name in SHOWN]
    trust = measure_trust(flat, random_images(0, 24), chosen, PLAN_OF_A_REPORT)
    assert list(trust.methods) == ["Saliency"] and set(trust.refused) == set(SHOWN) - {"Saliency"}
