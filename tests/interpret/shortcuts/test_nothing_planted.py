"""Nothing is found where nothing was planted: in the shipped model and its data, in few classes, small ones, like pictures."""

import numpy as np
import pytest
from planted_shortcuts import marked, plain_images, reader

from featurelens.interpret import find_failing_groups, find_shortcuts
from featurelens.models import fashion_mnist, load_model


@pytest.fixture(scope="module")
def shipped():
    return load_model("zero_padded_dropout"), fashion_mnist("test").take(np.arange(1000))


@pytest.mark.parametrize("classes", [range(10), (0, 2, 3, 4, 6), (7, 9)])
def test_nothing_is_found_in_the_shipped_model_and_its_data(shipped, classes):
    model, data = shipped
    some = data.take(np.flatnonzero(np.isin(data.labels, list(classes))))
    found = find_shortcuts(model, some)
    assert found.found == () and found.passes == 0
    said = np.asarray(model(some.images[:], training=False)).argmax(axis=1)
    assert find_failing_groups(some, some.labels, said).found == ()


@pytest.mark.parametrize("seed", range(2))
def test_of_two_classes_nothing_is_found(seed):
    images, labels = plain_images(seed, 200, classes=2)
    assert find_shortcuts(reader(corner=2.5, classes=2), images, labels).found == ()


def test_a_mark_on_a_class_of_fewer_than_eight_images_is_no_finding():
    images, labels, chosen = marked(0, 300, share=1, elsewhere=0)
    kept = np.sort(np.concatenate([np.flatnonzero(labels != 1), np.flatnonzero(chosen)[:7]]))
    found = find_shortcuts(reader(corner=2.5), images[kept], labels[kept])
    assert not found.relied_on


def test_of_pictures_that_are_all_the_same_nothing_is_found_and_no_group_fails():
    images, labels = np.full((90, 12, 12, 1), 0.3, np.float32), np.arange(90) % 3
    assert find_shortcuts(reader(corner=2.5), images, labels).found == ()
    assert find_failing_groups(images, labels, np.zeros(90, np.int64)).found == ()
