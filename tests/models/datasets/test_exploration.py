"""Exploration: planted duplicates and neighbours are found, and each figure is worked out by hand."""

import numpy as np
import pytest
from browser_pages import HOSTILE, seen_in_browser
from same_records import assert_same

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.duplicates import equal_images, shared_images
from featurelens.models.datasets.exploration import DataStatistic, explore, pixel_counts
from featurelens.models.datasets.neighbours import class_neighbours
from featurelens.models.datasets.pixel_tallies import Moments, PixelCounts, as_bytes
from featurelens.reports.data_page import write_exploration
from featurelens.reports.sections.data import split_part


def dataset(values, labels, names=("a", "b", "c"), **fields):
    """Images of one pixel row each."""
    images = np.asarray(values, np.float32)
    images = images.reshape(len(images), 1, -1, 1)
    return Dataset(images, np.asarray(labels), names, "made by hand", **fields)


def random_data(count, seed=0, side=6, names=("a", "b", "c"), channels=1):
    random = np.random.default_rng(seed)
    images = random.random((count, side, side, channels), np.float32)
    return Dataset(images, random.integers(0, len(names), count), names, f"random {seed}")


def test_counts_means_and_deviations_by_hand():
    found = explore(dataset([[0, 1], [0.5, 1], [1, 0.25]], [0, 0, 2]))
    np.testing.assert_array_equal(found.counts, [2, 0, 1])
    np.testing.assert_allclose(found.means[0].ravel(), [0.25, 1])
    np.testing.assert_allclose(found.deviations[0].ravel(), [0.25, 0])  # of 0 and 0.5 around 0.25
    np.testing.assert_allclose(found.means[2].ravel(), [1, 0.25])
    assert np.isnan(found.means[1]).all() and np.isnan(found.deviations[1]).all()
    assert (found.black_share, found.white_share) == (1 / 6, 3 / 6)


def test_parts_of_the_data_in_any_order_are_as_the_whole():
    data = random_data(30, 4)
    data.images[17] = data.images[5]
    parts = [DataStatistic(data, most_compared=20) for _ in range(4)]  # the last one sees nothing
    batches = list(data.batches(4))
    for place, batch in enumerate(reversed(batches)):
        parts[place % 3].update(batch)
    for other in parts[1:]:
        parts[0].merge(other)
    assert_same(parts[0].result(), explore(data, most_compared=20))
    assert parts[0].result().duplicates[0].tolist() == [5, 17]


def test_a_class_of_many_parts_is_described_as_numpy_does():
    data = random_data(90, 4).scaled(0, 255)
    found = DataStatistic(data)
    for batch in data.batches(7):
        found.update(batch)
    for label in range(3):
        own = data.images[data.labels == label].astype(np.float64)
        np.testing.assert_allclose(found.result().means[label], own.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(found.result().deviations[label], own.std(axis=0), rtol=1e-6)
    assert (found.result().lowest, found.result().highest) == (data.images.min(), data.images.max())


def test_the_data_stay_as_they_were():
    data = random_data(20)
    before = data.images.copy()
    explore(data)
    np.testing.assert_array_equal(data.images, before)


def test_pixel_values_are_counted_as_numpy_counts_them():
    data = random_data(50).scaled(-1, 1)
    expected, _ = np.histogram(data.images, bins=7, range=(-1, 1))
    np.testing.assert_array_equal(pixel_counts(data, 7), expected)
    assert pixel_counts(dataset([[0, 1, 1]], [0]), 4).tolist() == [1, 0, 0, 2]  # white belongs to the last step


def test_samples_are_of_their_class_and_follow_the_seed():
    data = random_data(300)
    found = explore(data, samples=5)
    for label, numbers in enumerate(found.samples):
        assert len(set(numbers.tolist())) == 5 and (data.labels[numbers] == label).all()
    again, other = explore(data, samples=5), explore(data, samples=5, seed=1)
    np.testing.assert_array_equal(found.samples, again.samples)
    assert np.any(np.array(found.samples) != np.array(other.samples))


def test_planted_duplicates_are_found():
    images = random_data(40).images
    images[7], images[30], images[12] = images[3], images[3], images[11]
    almost = images[20].copy()
    almost[0, 0, 0] = np.nextafter(almost[0, 0, 0], np.float32(2))
    images[21] = almost  # differs in the last bit of one pixel
    assert [group.tolist() for group in equal_images(images)] == [[3, 7, 30], [11, 12]]


def test_large_pictures_are_equal_by_every_number():
    """Whole numbers up to 255 are hashed as bytes; what a byte cannot hold must not be taken for what it wraps to."""
    images = np.zeros((7, 100, 100, 3), np.float32)
    for number, value in enumerate((0, 256, 0.5, 256, -1, np.nan, 0)):
        images[number, 50, 50, 1] = value
    assert [group.tolist() for group in equal_images(images)] == [[0, 6], [1, 3]]


def test_pixels_of_large_pictures_are_counted_one_by_one():
    images = np.random.default_rng(0).random((3, 300, 250, 3)).astype(np.float32)
    counts, moments = PixelCounts((0.0, 1.0), 64), Moments()
    counts.add(images)
    moments.add(images)
    np.testing.assert_array_equal(counts.counts, np.histogram(images.astype(np.float64), 64, (0, 1))[0])
    np.testing.assert_allclose(moments.deviations(images.shape[1:]), images.std(axis=0, dtype=np.float64), 1e-5)


def test_planted_images_of_another_split_are_found():
    training, test = random_data(30, 1).images, random_data(20, 2).images
    assert shared_images(training, test).tolist() == []
    test[4], test[9], training[25] = training[8], training[8], training[8]
    assert shared_images(training, test).tolist() == [[8, 4], [8, 9]]
    assert shared_images(training[:, :3], test).shape == (0, 2)
    with pytest.raises(ValueError, match="Convert one with astype"):
        shared_images(training, test.astype(np.float64))


def nearest_by_loops(data):
    own, other, other_class = [], [], []
    flat = data.images.reshape(len(data), -1).astype(np.float64)
    for row in range(len(data)):
        far = [np.linalg.norm(flat[row] - flat[n]) if n != row else np.inf for n in range(len(data))]
        own.append(min([far[n] for n in range(len(data)) if data.labels[n] == data.labels[row]]))
        rivals = [n for n in range(len(data)) if data.labels[n] != data.labels[row]]
        other.append(min(far[n] for n in rivals))
        other_class.append(data.labels[min(rivals, key=lambda n: far[n])])
    return own, other, other_class


def test_neighbours_as_loops(monkeypatch):
    monkeypatch.setattr("featurelens.models.datasets.neighbours._BLOCK", 16)  # several blocks, the last one not full
    data = random_data(70, side=4)
    found = class_neighbours(data, pairs=5)
    own, other, other_class = nearest_by_loops(data)
    np.testing.assert_allclose(found.own, own, rtol=1e-4)
    np.testing.assert_allclose(found.other, other, rtol=1e-4)
    np.testing.assert_array_equal(found.other_class, other_class)
    np.testing.assert_allclose(found.distances[0], min(other), rtol=1e-6)
    np.testing.assert_allclose(np.sort(found.distances), found.distances)
    flat = data.images.reshape(70, -1)
    for (one, two), distance in zip(found.pairs, found.distances, strict=True):
        assert data.labels[one] != data.labels[two]
        np.testing.assert_allclose(np.linalg.norm(flat[one] - flat[two]), distance, rtol=1e-5)
    assert len({tuple(pair) for pair in found.pairs.tolist()}) == 5


def test_nearest_pair_by_hand():
    # on a line: 0.0 a, 0.5 a, 0.6 b, 0.95 c
    found = class_neighbours(dataset([[0.0], [0.5], [0.6], [0.95]], [0, 0, 1, 2]), pairs=2)
    assert found.pairs.tolist() == [[1, 2], [2, 3]]
    np.testing.assert_allclose(found.distances, [0.1, 0.35], rtol=1e-5)
    assert found.own.tolist() == pytest.approx([0.5, 0.5, np.inf, np.inf], rel=1e-5)
    assert found.other_class.tolist() == [1, 1, 0, 1]
    assert found.nearest_is_other.tolist() == [False, True, True, True]


def test_one_class_alone_has_no_neighbours_of_another():
    found = class_neighbours(dataset([[0.0], [0.5]], [1, 1]))
    assert found.pairs.shape == (0, 2) and np.isinf(found.other).all() and found.other_class.tolist() == [-1, -1]


def test_of_many_images_a_seeded_sample_is_compared():
    data = random_data(50)
    first, second = class_neighbours(data, most=20), class_neighbours(data, most=20, seed=1)
    assert len(first.compared) == 20 and np.any(first.compared != second.compared)
    assert set(first.pairs.ravel()) <= set(first.compared.tolist())


def test_photos_are_counted_as_bytes_to_what_their_numbers_give():
    photos = np.random.default_rng(7).integers(0, 256, (9, 60, 60, 3)).astype(np.float32)
    photos[0], photos[1] = 0, 255
    photos[4] = photos[2]
    data = Dataset(photos, np.arange(9) % 2, ("a", "b"), "photos", value_range=(0.0, 255.0))
    found = explore(data)
    expected = np.histogram(photos, 64, (0, 255))[0]
    assert as_bytes(photos).dtype == np.uint8 and as_bytes(photos + 0.5).dtype == np.float32
    np.testing.assert_array_equal(found.pixel_counts, expected)
    assert (found.lowest, found.highest) == (0, 255)
    assert (found.black_share, found.white_share) == (np.mean(photos == 0), np.mean(photos == 255))
    for label in (0, 1):
        own = photos[data.labels == label].astype(np.float64)
        np.testing.assert_allclose(found.means[label], own.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(found.deviations[label], own.std(axis=0), rtol=1e-6, atol=1e-6)
    assert [group.tolist() for group in found.duplicates] == [[2, 4]]


def test_large_images_are_averaged_down_first():
    data = random_data(6, side=64)
    assert class_neighbours(data).side == 32
    averaged = Dataset(data.images.reshape(6, 32, 2, 32, 2, 1).mean(axis=(2, 4)), data.labels, data.class_names, "")
    np.testing.assert_allclose(class_neighbours(data).other, class_neighbours(averaged).other, rtol=1e-4)


def test_a_page_shows_what_was_planted(tmp_path):
    names = (HOSTILE, "b", "never seen")
    training, test = random_data(60, 1, names=names[:2]), random_data(40, 2, names=names[:2])
    training = Dataset(training.images, training.labels, names, "training data")
    test.images[5], test.images[6] = training.images[17], test.images[2]
    test = Dataset(test.images, test.labels, names, HOSTILE)
    path = write_exploration({"training": training, "test": test}, tmp_path / "data.html")
    seen = seen_in_browser(path, width=390)
    assert "1 image of the test split is also in the training split" in seen.text
    assert "No two images are equal in every pixel." in seen.text  # in the training split
    assert "images 2, 6" in seen.text and "training 17: " in seen.text
    assert "Without any image: never seen." in seen.text
    assert seen.text.count(HOSTILE) > 20


def test_a_page_of_one_split_says_what_would_tell_of_the_other(tmp_path):
    page = write_exploration({"images": random_data(6)}, tmp_path / "data.html").read_text()
    assert "do they share images?" not in page
    assert page.count("featurelens explore --data TEST --training-data TRAINING") == 1
    both = write_exploration({"a": random_data(6), "b": random_data(6, 1)}, tmp_path / "both.html").read_text()
    assert "do they share images?" in both and "--training-data" not in both


def test_the_reports_section_says_what_would_tell_of_other_splits():
    data = random_data(6)
    section = split_part(data, explore(data))
    assert "whether it holds some of the same images, <code>featurelens explore" in section.html


def test_the_reports_section_tells_the_classes_of_the_training_split_too():
    even = dataset([[0.0], [0.2], [0.5], [0.7]], [0, 0, 1, 1], names=("a", "b"))
    assert "<p>Every class has 2 images.</p>" in split_part(even, explore(even)).html
    told = split_part(even, explore(even), trained_on=np.array([7, 7])).html
    assert "<p>Every class has 2 images; in the training split, 7.</p>" in told
    drawn = split_part(even, explore(even), trained_on=np.array([7, 9])).html
    assert "training: 16 images, 7 to 9 a class; these images: 4 images, 2 to 2 a class." in drawn


def test_splits_of_two_sizes_are_not_said_to_share_nothing(tmp_path):
    splits = {"training": random_data(6), "test": random_data(6, side=7)}
    page = write_exploration(splits, tmp_path / "data.html").read_text()
    assert "two sizes, 6 × 6 × 1 in the training split, 7 × 7 × 1 in the test split. --size brings both" in page
    assert "No image of the test split" not in page


def test_every_form_of_data_makes_a_page(tmp_path):
    many = random_data(90, names=tuple(f"class {n}" for n in range(45)), channels=4)
    for data in (dataset([[0.0], [0.5]], [1, 1]), many, random_data(1), random_data(5, side=130, channels=3)):
        page = write_exploration({"images": data}, tmp_path / "data.html").read_text()
        assert "nan" not in page.split("</style>")[1].split("<script>")[0].lower()


def test_splits_of_two_kinds_are_refused(tmp_path):
    with pytest.raises(ValueError, match="same class names and scale"):
        write_exploration({"a": random_data(4), "b": random_data(4).scaled(0, 255)}, tmp_path / "data.html")
    with pytest.raises(ValueError, match="Make it first"):
        write_exploration({"a": random_data(4)}, tmp_path / "missing" / "data.html")
