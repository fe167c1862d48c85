"""The typical image: the medoid of the correctly classified."""

import numpy as np

from featurelens.interpret.stream.image_choice import typical_images


def test_the_right_image_nearest_to_the_mean_is_taken():
    # class 0: logits 1, 2, 6 of which the mean is 3: image 1 is nearest; image 3 is wrong and left out
    logits = np.array([[1, 0], [2, 0], [6, 0], [3, 9], [0, 5]], np.float32)
    assert typical_images(logits, np.array([0, 0, 0, 0, 1])) == {0: 1, 1: 4}


def test_a_class_without_a_right_answer_still_has_one():
    logits = np.array([[1, 0], [0, 2], [0, 3]], np.float32)
    assert typical_images(logits, np.array([1, 0, 0])) == {0: 1, 1: 0}
