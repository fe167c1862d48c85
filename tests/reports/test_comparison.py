"""Comparison of classifiers: McNemar, Holm and CKA by hand and against SciPy; the page as a person sees it."""

import dataclasses
import re

import keras
import numpy as np
import pytest
from browser_pages import HOSTILE, seen_in_browser
from live_pages import browsing, faults_of_views
from scipy import stats

from featurelens.interpret.intervals import Interval
from featurelens.interpret.layers.similarity import layer_similarities, linear_cka, similarity_matrix
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.evaluation.metrics import evaluation_from_probabilities, image_losses
from featurelens.models.evaluation.significance import FEW, holm, mcnemar, telling_images
from featurelens.reports.comparison import figures as comparison_figures
from featurelens.reports.comparison.differences import galleries_section
from featurelens.reports.comparison.evidence import Contestant, ModelPair, gather_comparison
from featurelens.reports.comparison.figures import verdict
from featurelens.reports.comparison.page import comparison_html, write_comparison
from featurelens.reports.data_page import write_exploration
from featurelens.reports.evidence.trust import sampled_trust
from featurelens.reports.html.trust_marks import LEVEL_WORDS

random = np.random.default_rng(0)


def answers(both, first_only, second_only, neither):
    """Whether two classifiers get each image right, with so many images of each kind."""
    counts = (both, first_only, second_only, neither)
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_few_images_apart_by_hand():
    test = mcnemar(*answers(50, 5, 1, 9))
    # of 6 fair coins, 5 or 6 heads or 5 or 6 tails: 2 * (6 + 1) / 64
    assert (test.first_only, test.second_only, test.exact) == (5, 1, True)
    assert test.p_value == pytest.approx(14 / 64)


def test_many_images_apart_by_hand():
    test = mcnemar(*answers(50, 40, 20, 9))
    assert not test.exact
    assert test.p_value == pytest.approx(stats.chi2.sf(19**2 / 60, 1))  # (|40 - 20| - 1)^2 / 60


def test_the_exact_test_is_used_below_25_images():
    assert FEW == 25
    assert mcnemar(*answers(0, 20, 4, 0)).exact and not mcnemar(*answers(0, 20, 5, 0)).exact
    assert mcnemar(*answers(0, 20, 4, 0)).p_value == pytest.approx(stats.binomtest(4, 24).pvalue)


def test_equal_classifiers_are_never_told_apart():
    assert mcnemar(*answers(30, 0, 0, 5)).p_value == 1
    assert mcnemar(*answers(30, 20, 20, 5)).p_value == 1
    one, other = answers(9, 7, 2, 3)
    assert mcnemar(one, other).p_value == mcnemar(other, one).p_value
    with pytest.raises(ValueError, match="Evaluate both on one data set"):
        mcnemar(one, other[:-1])


def test_holm_by_hand():
    # sorted: .005 * 4, .01 * 3, .03 * 2, .04 * 1, none below the one before
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert holm([]).shape == (0,)


def test_telling_images_by_hand():
    # of four models, right on each image: 2 2 1 0 4 2 3 0
    right = np.array([2, 2, 1, 0, 4, 2, 3, 0])
    correct = np.arange(4)[:, None] < right
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    assert telling_images(correct, labels, divided=3, unanimous=1).tolist() == [0, 5, 1, 3, 4]
    assert telling_images(correct, labels, divided=9, unanimous=9).tolist() == [0, 5, 1, 2, 6, 3, 7, 4]


def test_losses_of_images_are_those_of_the_evaluation():
    probabilities = random.dirichlet(np.ones(3), 20)
    labels = random.integers(0, 3, 20)
    losses = image_losses(probabilities, labels)
    assert losses[0] == pytest.approx(-np.log(probabilities[0, labels[0]]))
    assert losses.mean() == pytest.approx(evaluation_from_probabilities(probabilities, labels, list("abc")).loss)


def hsic_by_hand(one, other):
    """Song et al. 2012, equation 5, term by term."""
    count = len(one)
    k, l = one @ one.T, other @ other.T  # noqa: E741
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    parts = np.trace(k @ l) + k.sum() * l.sum() / ((count - 1) * (count - 2)) - 2 * (k @ l).sum() / (count - 2)
    return parts / (count * (count - 3))


def test_cka_is_the_equation():
    one, other = random.normal(size=(12, 5)), random.normal(size=(12, 3)) ** 2
    other[:, 0] += one[:, 1]
    expected = hsic_by_hand(one, other) / np.sqrt(hsic_by_hand(one, one) * hsic_by_hand(other, other))
    assert linear_cka(one, other) == pytest.approx(expected, rel=1e-9)


def test_cka_nears_that_of_kornblith_for_many_images():
    one = random.normal(size=(3000, 4))
    other = one @ random.normal(size=(4, 6)) + random.normal(size=(3000, 6))
    first, second = one - one.mean(axis=0), other - other.mean(axis=0)
    norm = np.linalg.norm
    expected = norm(second.T @ first) ** 2 / (norm(first.T @ first) * norm(second.T @ second))  # their feature form
    assert linear_cka(one, other) == pytest.approx(expected, abs=2e-3)


def test_cka_laws():
    outputs = random.normal(size=(60, 4, 4, 2))
    turned = outputs.reshape(60, -1) @ np.linalg.qr(random.normal(size=(32, 32)))[0]
    assert linear_cka(outputs, outputs) == pytest.approx(1)
    assert linear_cka(outputs, 7 * turned + 3) == pytest.approx(1)
    other = random.normal(size=(60, 9)) + outputs.reshape(60, -1)[:, :9]
    assert linear_cka(outputs, other) == pytest.approx(linear_cka(other, outputs))
    assert linear_cka(outputs, other) == pytest.approx(linear_cka(turned, 0.1 * other))
    assert 0.05 < linear_cka(outputs, other) < 0.9
    order = random.permutation(60)
    assert linear_cka(outputs[order], other[order]) == pytest.approx(linear_cka(outputs, other))


@pytest.mark.parametrize("width", [3, 2000], ids=["narrow", "wider than images"])
def test_independent_layers_have_nothing_in_common(width):
    found = [linear_cka(random.normal(size=(200, width)), random.normal(size=(200, width))) for _ in range(5)]
    assert abs(np.mean(found)) < 0.02


def test_a_constant_layer_has_no_similarity():
    assert np.isnan(similarity_matrix(np.full((10, 3), 0.1, np.float32))).all()
    with pytest.raises(ValueError, match="Give more images"):
        similarity_matrix(np.ones((3, 2)))
    with pytest.raises(ValueError, match="Run both layers on one set"):
        linear_cka(np.ones((5, 2)), np.ones((6, 2)))


def small_model(name, filters=3, seed=0, top=1.0):
    layers = keras.layers
    weights = keras.initializers.RandomNormal(0, 0.4, seed=seed)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(filters, 3, activation="relu", name=f"{name}_conv", kernel_initializer=weights),
            layers.MaxPooling2D(name=f"{name}_pool"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", kernel_initializer=weights),
        ],
        name=name,
    )
    model.layers[0].set_weights([top * model.layers[0].get_weights()[0], model.layers[0].get_weights()[1]])
    return model


def images(count=90, names=("a", "b", "c"), low=0.0, high=1.0):
    generator = np.random.default_rng(5)
    pictures = generator.random((count, 8, 8, 1), np.float32)
    data = Dataset(pictures, generator.integers(0, 3, count), names, "made by hand")
    return data.scaled(low, high)


@pytest.fixture(scope="module")
def compared():
    """Two models, and the first again as it would be for pixels from 0 to 255."""
    names = (HOSTILE, "b", "c")
    models = [
        Contestant("one", small_model("one"), images(names=names)),
        Contestant(f"other {HOSTILE}", small_model("other", 4, seed=1), images(names=names)),
        Contestant("of 255", small_model("one", top=1 / 255), images(names=names, high=255)),
    ]
    return gather_comparison(models, seed=3, command="featurelens compare")


def test_a_model_of_another_range_is_the_same_model(compared):
    one, _, same = compared.models
    np.testing.assert_allclose(same.evaluation.probabilities, one.evaluation.probabilities, rtol=1e-4)
    np.testing.assert_allclose(same.maps.saliency, one.maps.saliency, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(same.maps.grad_cam, one.maps.grad_cam, rtol=1e-3, atol=1e-6)
    for name, matrix in one.similarity.items():
        assert np.sum(matrix * same.similarity[name]) == pytest.approx(1, abs=1e-4)
    alone = next(pair for pair in compared.pairs if (pair.first, pair.second) == (0, 2))
    assert alone.test.p_value == 1 and verdict(alone, "one", "of 255") == "chance can explain it"
    assert (alone.difference.mean, alone.difference.low, alone.difference.high) == (0, 0, 0)


def test_the_maps_of_a_model_are_tested_as_its_report_tests_them(compared):
    one, other, same = compared.models
    alone = sampled_trust(small_model("one"), images(), "one_conv", ["Grad-CAM", "Saliency"], seed=3)
    for method in ("Grad-CAM", "Saliency"):
        assert one.maps.trust.methods[method].images == 90
        shares = [
            [finding.number.mean for finding in each.maps.verdicts[method].findings] for each in (one, same, other)
        ]
        np.testing.assert_allclose(shares[0], [finding.number.mean for finding in alone.verdicts[method].findings])
        np.testing.assert_allclose(shares[0], shares[1], atol=0.03)  # the same model for pixels from 0 to 255
        assert not np.allclose(shares[0], shares[2], atol=0.03)


def test_every_map_carries_a_mark_that_leads_to_its_models_row(compared):
    html = comparison_html(compared)
    for method in ("grad-cam", "saliency"):
        for rank, model in enumerate(compared.models):
            assert html.count(f'<span id="trust-{method}-{rank}">') == 1
            assert html.count(f'href="#trust-{method}-{rank}"') == len(compared.chosen)
            row = re.search(rf'id="trust-{method}-{rank}">.*?</tr>', html, re.DOTALL)
            named = {"grad-cam": "Grad-CAM", "saliency": "Saliency"}[method]
            assert row is not None and f" {LEVEL_WORDS[model.maps.verdicts[named].level]}</span>" in row[0]
    assert "tested on all 90 images" in html


def test_without_images_to_test_on_nothing_is_said_of_trust(compared):
    models = [Contestant(name, small_model(name), images()) for name in ("one", "two")]
    untested = gather_comparison(models, trust_images=0)
    assert all(model.maps.trust is None for model in untested.models)
    html = comparison_html(untested)
    assert "trust-link" not in html.split("</style>")[1] and 'id="trust-' not in html


def test_pairs_and_maps_are_of_the_same_images(compared):
    labels = compared.dataset.labels
    assert [(pair.first, pair.second) for pair in compared.pairs] == [(0, 1), (0, 2), (1, 2)]
    one, other, _ = compared.models
    pair = compared.pairs[0]
    assert pair.test.first_only == (one.correct & ~other.correct).sum() > 0
    assert pair.difference.mean == pytest.approx(one.accuracy.mean - other.accuracy.mean)
    assert pair.difference.low < pair.difference.mean < pair.difference.high
    from featurelens.interpret import GradCAM, Saliency

    chosen = compared.chosen
    model = small_model("one")
    maps = GradCAM(model)(compared.dataset.images[chosen], labels[chosen])
    np.testing.assert_allclose(one.maps.grad_cam, maps, rtol=1e-4, atol=1e-6)
    slopes = Saliency(model)(compared.dataset.images[chosen], labels[chosen])
    np.testing.assert_allclose(one.maps.saliency, slopes, rtol=1e-4, atol=1e-6)


def test_layers_are_compared_by_what_they_put_out():
    model = small_model("one")
    found = layer_similarities(model, images().images[:20], ["one_pool", "one_conv"])
    by_hand = keras.Model(model.inputs[0], model.get_layer("one_conv").output)(images().images[:20])
    np.testing.assert_allclose(found["one_conv"], similarity_matrix(np.asarray(by_hand)), atol=1e-6)


@pytest.mark.parametrize("width", [390, 1280])
def test_a_person_sees_the_comparison(compared, tmp_path, width):
    path = tmp_path / "comparison.html"
    path.write_text(comparison_html(compared), encoding="utf-8")
    seen = seen_in_browser(path, width)
    one = compared.models[0]
    assert f"{100 * one.accuracy.mean:.2f}\u00a0%" in seen.text
    assert "chance can explain it" in seen.text and "the exact binomial test" in seen.text
    assert f"only one is right, {compared.pairs[0].test.first_only} image" in seen.text
    assert f"by {compared.sampled} images sampled from these (seed 3)" in seen.text
    assert seen.text.count(HOSTILE) > 20
    assert "nan" not in seen.text.lower()


def pair_by_hand(first_only, second_only, adjusted):
    test = mcnemar(*answers(50, first_only, second_only, 9))
    return ModelPair(0, 1, test, adjusted, Interval(0.0, -0.1, 0.1, 100))


def test_the_verdict_names_who_is_better_only_below_the_adjusted_limit():
    assert verdict(pair_by_hand(40, 20, 0.01), "one", "other") == "one is better"
    assert verdict(pair_by_hand(20, 40, 0.01), "one", "other") == "other is better"
    unsure = pair_by_hand(40, 20, 0.07)
    assert unsure.test.p_value < 0.05  # by itself it would be told; among all the pairs it is not
    assert verdict(unsure, "one", "other") == "chance can explain it"


def test_the_galleries_show_what_only_the_named_one_gets_right(compared):
    html = str(galleries_section(compared)[0].html)
    pair = html[html.index('id="pair-0-1"') : html.index('id="pair-0-2"')]
    first, second = pair.split("only other")
    names, (one, other, _) = compared.dataset.class_names, compared.models
    for part, right, wrong in ((first, one, other), (second, other, one)):
        numbers = [int(number) for number in re.findall(r'aria-label="image (\d+):', part)]
        assert numbers and all(right.correct[number] and not wrong.correct[number] for number in numbers)
    assert names[0] == HOSTILE


def test_a_model_that_numbers_its_classes_is_compared_by_the_others_names():
    bare = Contestant("bare", small_model("other", seed=1), images(names=("0", "1", "2")))
    found = gather_comparison([bare, Contestant("named", small_model("one"), images())], trust_images=0)
    assert found.dataset.class_names == ("a", "b", "c")
    assert all(model.evaluation.class_names == ("a", "b", "c") for model in found.models)


@pytest.fixture(scope="module")
def flat():
    """A model without a layer that has a map of places, beside one with."""
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    models = [
        Contestant("plain_dense", keras.Sequential(layers), images()),
        Contestant("one", small_model("one"), images()),
    ]
    return gather_comparison(models)


def test_a_model_without_maps_of_places_is_compared_all_the_same(flat, tmp_path):
    dense, one = flat.models
    assert dense.maps.cam_layer is None and dense.maps.grad_cam is None and not dense.maps.cam_states
    assert set(dense.maps.verdicts) == {"Saliency"} and set(one.maps.verdicts) == {"Grad-CAM", "Saliency"}
    (logits,) = [dense.maps.saliency[place] for place in (0,)]
    assert logits.shape == (8, 8) and logits.max() > 0
    path = tmp_path / "comparison.html"
    path.write_text(comparison_html(flat), encoding="utf-8")
    text = seen_in_browser(path, 1280).text
    assert "plain_dense: no layer with a map of places can be seen, so there is no Grad-CAM." in text
    assert text.count("; no map") == len(flat.chosen)
    assert "nan" not in text.lower()


def test_every_number_of_a_pair_stands_under_its_own_heading(compared):
    html = comparison_figures.tests_section(compared).html
    heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", html)
    first = re.search(r"<tbody>\s*<tr>(.*?)</tr>", html, re.DOTALL)
    assert first is not None
    cells = dict(zip(heads, re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", first[1], re.DOTALL), strict=True))
    pair = compared.pairs[0]
    assert cells["Verdict"] == verdict(pair, "one", f"other {HOSTILE}")
    assert cells["Only the first"] == str(pair.test.first_only)
    assert cells["Only the second"] == str(pair.test.second_only)
    assert cells["Difference"] == f"{100 * pair.difference.mean:+.2f}".replace("-", "\N{MINUS SIGN}")
    assert " to " in cells["Interval"]
    assert cells["p"] == f"{pair.test.p_value:.4f}" and cells["p, adjusted"] == f"{pair.adjusted:.4f}"
    assert cells["Test"] in {"exact", "chi-squared"}


def test_what_cannot_be_compared_is_refused(tmp_path):
    one, few = Contestant("one", None, images()), Contestant("few", None, images(20))
    with pytest.raises(ValueError, match="Make it first"):
        write_comparison([one, few], tmp_path / "missing" / "comparison.html")
    with pytest.raises(ValueError, match=r"Received 90 and 20 images\. Open one data set for both"):
        write_comparison([one, few], tmp_path / "comparison.html")
    for names, differs in (
        (("a", "x", "c"), "a class 1 called 'b' and 'x'"),
        (("a", "b", "c", "d"), "3 and 4 classes"),
    ):
        other = Contestant("other", None, images(names=names))
        with pytest.raises(ValueError, match=f"Received {differs}.*--class-names FILE"):
            write_comparison([one, other], tmp_path / "comparison.html")
    moved = dataclasses.replace(images(), labels=(images().labels + 1) % 3)
    with pytest.raises(ValueError, match="Received an image 0 of"):
        write_comparison([one, Contestant("moved", None, moved)], tmp_path / "comparison.html")
    with pytest.raises(ValueError, match="Name each once"):
        write_comparison([one, one], tmp_path / "comparison.html")


def test_every_view_can_be_read_by_everybody_and_no_table_is_cut(compared, tmp_path):
    written = tmp_path / "comparison.html"
    written.write_text(comparison_html(compared), encoding="utf-8")
    explored = write_exploration({"training": images(), "test": images(60)}, tmp_path / "exploration.html")
    with browsing() as browser:
        assert faults_of_views(browser, written) == []
        assert faults_of_views(browser, explored) == []
