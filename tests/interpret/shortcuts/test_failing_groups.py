import numpy as np
import pytest
from planted_shortcuts import plain_images

from featurelens.interpret import find_failing_groups
from featurelens.interpret.shortcuts.attributes import WORDS, attributes_of


def answered(labels, wrong):
    return np.where(wrong, (labels + 1) % 3, labels)


def planted(seed, change, share=0.08, count=900):
    """Images of which some are changed, and answers that are wrong for nine of ten of these and one of ten of the others."""
    images, labels = plain_images(seed, count, size=16)
    random = np.random.default_rng(seed)
    strange = random.random(count) < share
    images[strange] = change(images[strange])
    return images, labels, answered(labels, random.random(count) < np.where(strange, 0.9, 0.1)), strange


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda images: 1.4 - images, "brighter"),
        (lambda images: np.rot90(images, 1, axes=(1, 2)), "turned by 90"),
        (lambda images: images * 0.2 + 0.1, "contrast"),
    ],
)
def test_a_strange_group_that_fails_is_found_and_named(change, word):
    images, labels, said, strange = planted(0, change)
    first = find_failing_groups(images, labels, said).found[0]
    inside = np.isin(np.arange(len(labels)), first.numbers)
    assert (inside & strange).sum() >= 0.85 * strange.sum() and (inside & strange).sum() >= 0.7 * inside.sum()
    assert first.error > 0.7 > 0.3 > first.rest_error and first.p < 0.01
    assert word in first.words


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_found_among_images_of_one_kind(seed):
    images, labels = plain_images(seed, 900, size=16)
    wrong = np.random.default_rng(seed).random(900) < 0.2
    assert find_failing_groups(images, labels, answered(labels, wrong)).found == ()


def test_a_strange_group_that_does_not_fail_is_no_finding():
    images, labels, said, _ = planted(0, lambda images: 1.4 - images)
    shuffled = (said != labels)[np.random.default_rng(9).permutation(len(said))]
    assert find_failing_groups(images, labels, answered(labels, shuffled)).found == ()


def test_hard_classes_are_facts():
    images, labels = plain_images(0, 300, size=16)
    found = find_failing_groups(images, labels, answered(labels, (labels == 2) & (np.arange(300) % 2 == 0)))
    assert [(each.label, each.images, each.error) for each in found.hard] == [(2, 100, 0.5)] and found.found == ()


def test_all_right_or_few_images_find_nothing():
    images, labels = plain_images(0, 60, size=16)
    assert find_failing_groups(images, labels, labels).found == ()
    assert find_failing_groups(images[:9], labels[:9], labels[:9] * 0).found == ()


def test_lists_of_unequal_length_are_refused():
    images, labels = plain_images(0, 30)
    with pytest.raises(ValueError, match="one label and one answer"):
        find_failing_groups(images, labels, labels[:-1])


def test_attributes_say_what_was_changed():
    images, labels = plain_images(0, 300, size=16)
    names = list(WORDS)
    before, after = (
        attributes_of(images, labels),
        attributes_of(np.concatenate([images, images[:1] * 0.5]), np.r_[labels, 0]),
    )
    assert before.shape == (300, len(names))
    assert after[-1, names.index("brightness")] < before[0, names.index("brightness")]
    turned = np.concatenate([images, np.rot90(images[:1], 1, axes=(1, 2))])
    found = attributes_of(turned, np.r_[labels, labels[0]])[:, names.index("quarter turn")]
    assert found[-1] > found[:-1].max()


def test_turns_are_correlations_with_the_median_of_the_class_whatever_the_order_of_the_pictures():
    images, labels = plain_images(0, 300, size=16)
    found, backwards = attributes_of(images, labels), attributes_of(images[::-1], labels[::-1])[::-1]
    np.testing.assert_allclose(found, backwards, atol=1e-9)  # pictures are counted some at a time
    picture, grey = images[7, ..., 0], images[labels == labels[7]].mean(axis=3)
    alike = [np.corrcoef(np.rot90(picture, turns).ravel(), np.median(grey, axis=0).ravel())[0, 1] for turns in range(4)]
    upright = max(alike[0], 0)
    expected = [alike[0], max(alike[1], alike[3], 0) - upright, max(alike[2], 0) - upright]
    np.testing.assert_allclose(found[7, list(WORDS).index("likeness") :], expected, atol=1e-6)
