"""Maps beside the masks of their objects: worked out by hand, as loops, planted, and refused."""

import dataclasses
import json

import numpy as np
import pytest
from planted_patch import PATCH, SIZE, noise_images, planted_maps, planted_model

from featurelens.interpret import (
    METHODS,
    Samples,
    TrustPlan,
    box_masks,
    localization,
    measure_trust,
    pointing_game,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
)
from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.interpret.trust.located import located
from featurelens.interpret.trust.record import Location
from featurelens.models.records import from_twin
from featurelens.reports.evidence.twin import json_text, twin

pytestmark = pytest.mark.numeric

HAND = np.float32([[4, 3, 0], [1, -9, 0]])  # positive evidence 8
OBJECT = np.array([[True, False, True], [False, False, False]])  # two of six pixels


def one(values):
    return np.asarray(values)[np.newaxis]


def test_by_hand():
    found = localization(one(HAND), one(OBJECT))
    assert found.pointing.tolist() == [1]  # 4 lies in it
    assert found.mass.tolist() == [0.5]  # (4 + 0) / 8
    assert found.rank.tolist() == [0.5]  # of the two strongest, 4 and 3, one lies in it
    assert found.share.tolist() == pytest.approx([2 / 6])
    assert pointing_game(one(-HAND), one(OBJECT)).tolist() == [0]  # 9, the largest now, lies beside it


def test_ties_are_shared_out_evenly():
    flat = np.float32([[2, 2, 2], [2, 1, 1]])
    assert pointing_game(one(flat), one(OBJECT)).tolist() == [0.5]  # two of four peaks lie in it
    assert relevance_rank_accuracy(one(flat), one(OBJECT)).tolist() == [0.5]  # 2 places for 4 pixels: 0.5 * 2 / 2
    steep = np.float32([[2, 5, 2], [2, 2, 1]])  # 5 beside it takes a place, four tie for the other: 1/4 * 2 / 2
    assert relevance_rank_accuracy(one(steep), one(OBJECT)).tolist() == [0.25]


def test_near_the_object_counts_within_the_tolerance_only():
    mask = np.zeros((1, 5, 9), bool)
    mask[0, 1, 1] = True
    peak = np.zeros((1, 5, 9), np.float32)
    peak[0, 4, 5] = 1  # three down, four across: five pixels away
    assert [pointing_game(peak, mask, tolerance=radius).tolist() for radius in (0, 4, 5)] == [[0], [0], [1]]


@pytest.mark.parametrize("value", [0.0, 0.7, -3.0])
def test_a_map_that_says_nothing_is_left_out(value):
    flat = np.full((1, 2, 3), value, np.float32)
    found = localization(flat, one(OBJECT))
    assert np.isnan(found.pointing).all() and np.isnan(found.rank).all()
    assert np.isnan(found.mass).all() if value <= 0 else found.mass.tolist() == pytest.approx([2 / 6])


def test_an_object_of_no_pixel_or_of_all_asks_nothing():
    masks = np.stack([np.zeros_like(OBJECT), np.ones_like(OBJECT)])
    found = localization(np.stack([HAND, HAND]), masks)
    for values in (found.pointing, found.mass, found.rank):
        assert np.isnan(values).all()
    assert found.share.tolist() == [0, 1]


def test_a_coarse_map_is_enlarged_to_the_mask():
    """A column of evidence on the left half: after enlarging, weights 1, 3/4, 1/4, 0 across."""
    mask = np.zeros((1, 2, 4), bool)
    mask[:, :, :2] = True
    found = localization(np.float32([[[1, 0]]]), mask)
    assert found.mass.tolist() == pytest.approx([1.75 / 2])
    assert (found.pointing.tolist(), found.rank.tolist()) == ([1], [1])


def test_maps_that_know_nothing_get_the_share_of_the_object():
    draw = np.random.default_rng(0)
    maps, masks = draw.random((4000, 4, 4)), np.zeros((4000, 4, 4), bool)
    masks[:, :2, 1:] = True
    found = localization(maps.astype(np.float32), masks)
    for values in (found.pointing, found.mass, found.rank):
        assert values.mean() == pytest.approx(6 / 16, abs=0.03)  # four standard deviations of the widest of them


def test_against_loops_of_the_definitions():
    draw = np.random.default_rng(1)
    maps, masks = draw.normal(size=(6, 5, 4)).astype(np.float32), draw.random((6, 5, 4)) < 0.4
    for place in range(6):
        values, inside = maps[place].ravel().tolist(), masks[place].ravel().tolist()
        pairs = sorted(zip(values, inside, strict=True), reverse=True)
        size = sum(inside)
        total = sum(max(value, 0) for value in values)
        mass = sum(max(value, 0) for value, held in pairs if held) / total
        rank = sum(held for _, held in pairs[:size]) / size
        found = localization(maps[place : place + 1], masks[place : place + 1])
        assert [float(found.pointing[0]), float(found.mass[0]), float(found.rank[0])] == pytest.approx(
            [float(pairs[0][1]), mass, rank], rel=1e-6
        )


def test_a_box_holds_the_pixels_whose_centres_lie_in_it():
    assert box_masks(np.array([[0.6, 0, 2.5, 1]]), (2, 3)).astype(int).tolist() == [[[0, 1, 0], [0, 0, 0]]]
    np.testing.assert_array_equal(box_masks(np.array([[1, 4, 4, 6]]), (SIZE, SIZE)), planted_maps(1).astype(bool))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: pointing_game(HAND, one(OBJECT)), "Expected a map float"),
        (lambda: pointing_game(one(HAND), OBJECT), "Expected masks as bool"),
        (lambda: pointing_game(one(HAND), one(OBJECT * 3)), "other values than 0 and 1"),
        (lambda: relevance_mass_accuracy(one(HAND * np.nan), one(OBJECT)), "NaN or Inf"),
        (lambda: pointing_game(one(HAND), one(OBJECT), tolerance=-1), "tolerance"),
        (lambda: box_masks(np.array([[5, 0, 9, 1]]), (2, 3)), "with a pixel within 2 x 3"),
        (lambda: box_masks(np.array([5, 0, 9, 1]), (2, 3)), "Expected boxes as float"),
    ],
)
def test_what_does_not_fit_is_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()


# --- in the measures of trust ---------------------------------------------------------------------------------------

IMAGES = noise_images(0, 24)
FEW = Samples(curves=22, filled=0, noise=0, shuffled=0)
PLAN = TrustPlan(cheap=FEW, expensive=FEW, steps=2, baselines=("zero",))
CHOSEN = [
    *(known for known in METHODS if known.name in ("HiResCAM", "Input x Gradient")),
    KnownMethod("top left", lambda *_: lambda images, _: corner(images), "grey", False, 2),
    KnownMethod("scores", lambda *_: lambda images, _: corner(images), "grey", False, 2, has_zero=False),
]


def corner(images):
    maps = np.zeros(images.shape[:3], np.float32)
    maps[:, 0, 0] = 1
    return maps


def measured(labels=None, masks=None):
    masks = planted_maps(24).astype(bool) if masks is None else masks
    return measure_trust(planted_model(), IMAGES, CHOSEN, PLAN, masks=masks, labels=labels)


@pytest.fixture(scope="module")
def trust():
    return measured(labels=np.zeros(24, np.int64))


def test_maps_of_a_model_that_looks_at_the_patch_lie_on_it(trust):
    for name in ("HiResCAM", "Input x Gradient"):
        found = trust.methods[name].location
        assert (found.pointing.mean, found.mass.mean, found.rank.mean) == pytest.approx((1, 1, 1))
        assert (found.images, found.share) == (22, pytest.approx(6 / 64))
    lost = trust.methods["top left"].location
    assert (lost.pointing.mean, lost.mass.mean, lost.rank.mean) == pytest.approx((0, 0, 5 / 63))
    assert trust.methods["scores"].location.mass is None
    row = next(each for each in trust.rows() if each["method"] == "HiResCAM")
    assert (row["points at object"], row["mass on object"], row["rank on object"]) == pytest.approx((1, 1, 1))


def test_the_class_of_the_object_is_the_one_explained():
    """Nothing on the patch speaks for class 1: all values are 0 or less, and the rest of the image ties at 0."""
    found = measured(labels=np.ones(24, np.int64)).methods["HiResCAM"].location
    assert found.mass.images == 0 and found.pointing.mean == 0


def test_images_without_an_object_are_not_counted():
    masks = planted_maps(24).astype(bool)
    masks[:12] = False
    found = measured(labels=np.zeros(24, np.int64), masks=masks).methods["HiResCAM"].location
    assert found.images == found.pointing.images < 22


def test_a_trust_without_masks_says_nothing_of_objects_and_reads_as_before(trust):
    plain = measure_trust(planted_model(), IMAGES, CHOSEN[:1], PLAN)
    assert plain.methods["HiResCAM"].location is None
    assert not any("object" in name for name in plain.rows()[0])
    kept = trust.methods["scores"].location
    assert from_twin(Location, json.loads(json_text(twin(kept)))) == kept


def test_masks_of_other_images_are_refused():
    with pytest.raises(ValueError, match="for the 24 images"):
        measured(masks=planted_maps(3).astype(bool))


def test_batches_do_not_matter(monkeypatch):
    methods = {"corner": lambda images, _: images[..., 0]}
    masks = np.zeros((24, SIZE, SIZE), bool)
    masks[(slice(None), *PATCH)] = True
    whole = located(methods, IMAGES, np.zeros(24, int), masks)
    monkeypatch.setattr("featurelens.interpret.trust.located.rows_at_once", lambda images: 5)
    assert dataclasses.asdict(located(methods, IMAGES, np.zeros(24, int), masks)["corner"]) == dataclasses.asdict(
        whole["corner"]
    )
