from dataclasses import replace

import numpy as np
import pytest
from planted_shortcuts import marked, plain_images, reader, with_corner

from featurelens.interpret import find_shortcuts
from featurelens.interpret.shortcuts.search import _each_once
from featurelens.interpret.shortcuts.shortcuts import budget_of


def test_a_mark_that_the_model_reads_is_found_and_proven():
    images, labels, chosen = marked(0, 600)
    found = find_shortcuts(reader(corner=2.5), images, labels)
    first = found.relied_on[0]
    assert len(found.relied_on) == 1 and found.passes <= found.budget
    assert (first.kind, first.label, first.rows, first.columns) == ("mark", 1, (1, 3), (1, 3))
    assert first.mask.sum() == 9 and first.mask[1:4, 1:4].all()
    assert first.carriers.tolist() == np.flatnonzero(chosen).tolist()
    assert first.share == pytest.approx(chosen[labels == 1].mean())
    assert first.elsewhere == pytest.approx(chosen[labels != 1].mean())
    assert first.called_with > 0.9 and first.called_without < 0.2 and first.p < 0.001


def test_the_same_mark_is_not_used_by_a_model_that_looks_at_the_object():
    images, labels, _ = marked(0, 600)
    found = find_shortcuts(reader(corner=0), images, labels)
    assert [each.reliance for each in found.found] == ["not used"]
    assert abs(found.found[0].effect) < 0.05 and found.found[0].label == 1 and not found.relied_on


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_found_where_nothing_was_planted_and_the_model_is_not_run(seed):
    found = find_shortcuts(reader(corner=2.5), *plain_images(seed, 400))
    assert found.found == () and found.passes == 0


def test_a_mark_on_every_class_alike_tells_no_class():
    images, labels = plain_images(0, 600)
    images = with_corner(images, np.flatnonzero(np.random.default_rng(5).random(600) < 0.3))
    assert find_shortcuts(reader(corner=2.5), images, labels).found == ()


def test_a_mark_that_only_the_training_images_have_is_seen_by_them():
    asked, truth = plain_images(3, 300)
    images, labels, chosen = marked(0, 600)
    model = reader(corner=2.5)
    assert find_shortcuts(model, asked, truth).found == ()
    first = find_shortcuts(model, asked, truth, training=(images, labels)).relied_on[0]
    assert first.label == 1 and first.rows == (1, 3) and not len(first.carriers)
    assert first.training_carriers.tolist() == np.flatnonzero(chosen).tolist()


def test_too_few_passes_test_nothing_and_say_so():
    images, labels, _ = marked(0, 600)
    found = find_shortcuts(reader(corner=2.5), images, labels, budget=20)
    assert [each.reliance for each in found.found] == ["not tested"] and found.passes == 0
    assert np.isnan(found.found[0].effect)


def test_whole_numbers_are_pasted_as_whole_numbers():
    images, labels, _ = marked(0, 300)
    whole = np.rint(255 * images).astype(np.uint8)
    found = find_shortcuts(reader(corner=2.5, dtype="uint8", scale=1 / 255), whole, labels)
    assert found.relied_on[0].rows == (1, 3) and found.relied_on[0].label == 1


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.full((40, 12, 12, 1), 0.3, np.float32), np.arange(40) % 3),  # nothing in them
        (plain_images(0, 6)[0], np.arange(6) % 3),  # classes of two images
        (plain_images(0, 60)[0], np.zeros(60, np.int64)),  # one class
    ],
)
def test_little_to_look_at_finds_nothing(images, labels):
    assert find_shortcuts(reader(corner=2.5), images, labels).found == ()


def test_two_classes_are_enough():
    images, labels, _ = marked(0, 400, classes=2)
    assert find_shortcuts(reader(corner=2.5, classes=2), images, labels).relied_on[0].label == 1


def test_what_is_no_picture_and_training_images_of_another_size_are_refused():
    images, labels = plain_images(0, 30)
    with pytest.raises(ValueError, match="Expected pictures"):
        find_shortcuts(reader(), images[..., 0], labels)
    with pytest.raises(ValueError, match="same size"):
        find_shortcuts(reader(), images, labels, training=(images[:, 2:], labels))
    with pytest.raises(ValueError, match="with their classes"):
        find_shortcuts(reader(), images, labels, training=images)


def test_the_budget_follows_from_the_size():
    assert budget_of((9, 28, 28, 1)) == 15_000 > budget_of((9, 224, 224, 3)) > 500


def test_a_piece_of_what_is_told_already_is_not_told_again():
    images, labels, _ = marked(0, 600)
    first = find_shortcuts(reader(corner=2.5), images, labels).found[0]
    piece, frame, elsewhere = np.zeros_like(first.mask), np.ones_like(first.mask), np.zeros_like(first.mask)
    piece[1, 1:3], frame[1:-1, 1:-1], elsewhere[8, 8] = True, False, True
    top = np.zeros_like(first.mask)
    top[0, 2:5] = True
    records = [replace(first, mask=mask) for mask in (first.mask, piece, elsewhere)]
    assert _each_once(records) == (records[0], records[2])
    of_frame = [replace(first, kind="frame", mask=frame), replace(first, mask=top), replace(first, mask=top, label=0)]
    assert _each_once(of_frame) == (of_frame[0], of_frame[2])
