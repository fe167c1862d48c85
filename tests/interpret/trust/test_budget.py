"""What a budget buys, worked out by hand, and that a report stays within it."""

from __future__ import annotations

import dataclasses

import pytest

from featurelens.interpret import METHODS
from featurelens.interpret.trust.budget import usual_budget, within_budget
from featurelens.interpret.trust.record import Samples, TrustPlan

DRAWN = [known for known in METHODS if known.name in ("Grad-CAM", "HiResCAM", "Saliency")]
SIZES = Samples(curves=100, filled=0, noise=0, shuffled=64)
WANTED = TrustPlan(cheap=SIZES, expensive=SIZES, seed=7)


def cost(plan):
    """Passes by hand: one for all three maps, half a pass for each variant of a curve, of three methods and two controls."""
    blanks = len(plan.baselines)
    variants = 1 + blanks + 2 * blanks * (plan.steps - 1) * 5
    return plan.cheap.curves * (1 + variants / 2) + plan.cheap.shuffled * (plan.stops + 1)


def test_small_pictures_get_all_that_is_wanted():
    plan = within_budget(usual_budget(28, 28), DRAWN, WANTED, 10_000)
    assert plan == dataclasses.replace(WANTED, budget=102_040)
    assert cost(plan) == 100 * 78 + 64 * 7  # 154 variants forward


def test_photos_stay_within_their_budget_by_hand():
    # 1,600: a third is 533, at 7 passes 76 images for the shuffling, 64 wanted, 448 passes. 1,152 are left. 78 passes an image
    # in 6 steps: 14 images, which is not enough; 3 steps cost 1 + (1 + 3 + 2 * 3 * 2 * 5) / 2 = 33: 34 images
    plan = within_budget(usual_budget(224, 224), DRAWN, WANTED, 1000)
    assert (plan.budget, plan.steps, plan.baselines) == (1600, 3, ("zero", "blur", "mean"))
    assert plan.cheap == Samples(curves=34, filled=0, noise=0, shuffled=64)
    assert (plan.stops, plan.seed, plan.epochs) == (WANTED.stops, WANTED.seed, WANTED.epochs)


@pytest.mark.parametrize("passes", [200, 900, 1600, 4000, 8248, 20_000])
def test_a_budget_is_not_overdrawn_and_more_buys_more(passes):
    plan, more = (within_budget(budget, DRAWN, WANTED, 1000) for budget in (passes, 2 * passes))
    assert cost(plan) <= passes
    assert more.cheap.curves * more.steps >= plan.cheap.curves * plan.steps
    assert more.cheap.shuffled >= plan.cheap.shuffled


def test_fine_curves_as_soon_as_they_leave_enough_images():
    assert within_budget(8248, DRAWN, WANTED, 1000).steps == 6
    assert within_budget(8247, DRAWN, WANTED, 1000).steps == 3
    few = within_budget(1600, DRAWN, WANTED, 12)  # of 12 images, all can be measured in 6 steps
    assert (few.steps, few.cheap.curves, few.cheap.shuffled) == (6, 12, 12)


def test_a_budget_of_next_to_nothing_still_measures_one_image():
    plan = within_budget(1, DRAWN, WANTED, 1000)
    assert (plan.cheap.curves, plan.cheap.shuffled, plan.cheap.filled) == (1, 1, 0)
    with pytest.raises(ValueError, match="Give passes=1 or more"):
        within_budget(0, DRAWN, WANTED, 1000)


def test_all_methods_share_it_evenly_between_the_cheap_and_the_expensive():
    every = within_budget(100_000, METHODS.usual, TrustPlan(), 10_000)
    half = within_budget(50_000, [known for known in METHODS.usual if not known.is_expensive], TrustPlan(), 10_000)
    assert every.cheap.shuffled == half.cheap.shuffled == 64
    assert every.steps == 3, "there is not enough for the expensive ones"
    assert 0 < every.expensive.curves < 100 and every.expensive.filled and every.expensive.noise
    # 1,151 passes for the maps of an image by the expensive ones: in 7 runs 15,000 passes are enough for one
    assert every.expensive.shuffled == 1
    assert within_budget(10**9, METHODS, TrustPlan(), 10_000) == dataclasses.replace(TrustPlan(), budget=10**9)


def test_the_usual_budget_grows_with_the_images_asked_for_and_not_with_their_size():
    assert usual_budget(224, 224) == usual_budget(1024, 768) == 1600
    assert usual_budget(224, 224, 300) == 4800 and usual_budget(224, 224, 10) == 1600
    assert 1600 < usual_budget(160, 160) < usual_budget(96, 96)
