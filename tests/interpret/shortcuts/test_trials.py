import numpy as np
import pytest

from featurelens.interpret.shortcuts.candidates import Candidate
from featurelens.interpret.shortcuts.pixels.contents import Content
from featurelens.interpret.shortcuts.pool import Pool
from featurelens.interpret.shortcuts.transplants import paired
from featurelens.interpret.shortcuts.trials import Trial, Trials

EACH = 200


class Answerer:
    """Answers by one pixel of the mark, or by another one that tells the class; counts what it is asked."""

    def __init__(self, read, noise=0.0):
        self.read, self.noise, self.seen = read, noise, []

    def run(self, pictures, *, batch_size, names):
        self.seen += [picture.tobytes() for picture in pictures]
        marked, truth = pictures[:, 0, 0, 0] > 0.5, np.rint(pictures[:, 3, 3, 0] * 10).astype(int)
        unsure = pictures[:, 2, 2, 0] < self.noise  # these say class 0 without the mark
        return {"classes": np.where(marked, 0, np.where((truth == 0) & self.read & unsure, 1, truth))}


def trial_of(count=800, classes=4):
    """A trial of one pixel that class 0 bears, and its pool."""
    random = np.random.default_rng(0)
    images, labels = random.uniform(0, 0.4, (count, 4, 4, 1)).astype(np.float32), np.arange(count) % classes
    images[:, 3, 3, 0], images[labels == 0, 0, 0] = labels / 10, 1
    images[:, 2, 2, 0] = random.random(count)
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = True
    numbers, content = np.arange(count), Content("mark", mask)
    pairing = paired(labels, numbers >= 0, numbers[labels == 0], numbers[labels > 0], EACH, np.random.default_rng(1))
    candidate = Candidate(9.0, labels == 0, (content,))
    return Trial(candidate, content, np.arange(classes) == 0, pairing, labels[pairing.images]), Pool(
        images, None, labels
    )


def ran(answerer, budget=15_000):
    trial, pool = trial_of()
    trials = Trials(pool, lambda: answerer, 32, budget)
    trials.run([trial], EACH, None)
    return trial, trials.passes


def test_what_the_model_does_not_read_is_closed_after_a_few_images_of_its_class():
    trial, passes = ran(Answerer(read=False, noise=1))
    # the mark turns everything into class 0, which is right for all that are asked
    assert trial.tested and trial.closed and passes <= 40
    assert trial.effects.images.tolist() == [20, 0, 0, 0] and trial.effects.own[0] == 0


def test_a_clear_effect_is_proven_on_64_images_of_its_class_and_twice_as_many_others():
    trial, passes = ran(Answerer(read=True, noise=1))
    assert trial.tested and trial.closed and trial.effects.own[0] == 1 and trial.effects.others[0] == 1
    assert trial.effects.images[0] == 64 and trial.effects.images[1:].sum() == 128 and passes <= 2 * 192


def test_an_effect_near_the_threshold_is_asked_about_with_all_images():
    trial, _ = ran(Answerer(read=True, noise=0.2))
    assert trial.tested and trial.effects.images[0] == EACH and 0.1 < trial.effects.own[0] < 0.3


@pytest.mark.parametrize("noise", [0.2, 1])
def test_no_picture_is_answered_twice_and_the_passes_are_those_run(noise):
    answerer = Answerer(read=True, noise=noise)
    (one, pool), (same, _) = trial_of(), trial_of()
    trials = Trials(pool, lambda: answerer, 32, 15_000)
    trials.run([one, same], EACH, None)
    assert len(answerer.seen) == len(set(answerer.seen)) == trials.passes
    assert (one.with_it == same.with_it).all() and (one.without == same.without).all()


@pytest.mark.parametrize("budget", [1, 31, 32, 100, 333])
def test_no_more_passes_than_allowed_are_run_and_too_few_test_nothing(budget):
    trial, passes = ran(Answerer(read=True, noise=1), budget)
    assert passes <= budget and (passes == 0) == (budget < 32) == (not trial.tested)


def test_more_images_give_the_same_answers_to_the_first():
    one, _ = ran(Answerer(read=True, noise=0.2), budget=200)
    all_of_them, _ = ran(Answerer(read=True, noise=0.2))
    known = one.with_it >= 0
    assert 0 < known.sum() < len(known)
    assert (one.with_it[known] == all_of_them.with_it[known]).all()
