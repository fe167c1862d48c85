"""Pictures of two or more classes with planted content, and set-weight models that read it, or the object, and nothing else."""

import numpy as np

SIZE, CLASSES = 12, 3
CORNER = (slice(1, 4), slice(1, 4))


def plain_images(seed, count, size=SIZE, classes=CLASSES):
    """(float32[count,S,S,1], int64[count]): noise, with a bright bar at the lower edge whose place is the class's."""
    random = np.random.default_rng(seed)
    images = random.uniform(0, 0.5, (count, size, size, 1)).astype(np.float32)
    labels = np.arange(count) % classes
    for image, label in zip(images, labels, strict=True):
        image[size - 4 : size - 1, 4 * label : 4 * label + 3] += 0.4
    return images, labels


def with_corner(images, rows):
    """The pictures with a bright square in the corner of some."""
    made = images.copy()
    made[np.asarray(rows)[:, np.newaxis, np.newaxis], np.arange(1, 4)[:, np.newaxis], np.arange(1, 4), 0] = 1.0
    return made


def marked(seed, count, label=1, share=0.95, elsewhere=0.02, **sizes):
    """(images, labels, bool[count]): a mark on most pictures of one class and on few others."""
    images, labels = plain_images(seed, count, **sizes)
    chosen = np.random.default_rng(seed + 1).random(count) < np.where(labels == label, share, elsewhere)
    return with_corner(images, np.flatnonzero(chosen)), labels, chosen


def reader(corner=0.0, label=1, size=SIZE, classes=CLASSES, dtype="float32", scale=1.0):
    """A linear model under a softmax: the sum of each class's bar; of one class so many times the corner's sum instead."""
    import keras

    weights = np.zeros((size, size, 1, classes), np.float32)
    for each in range(classes):
        weights[size - 4 : size - 1, 4 * each : 4 * each + 3, 0, each] = 0 if corner and each == label else 3
    weights[(*CORNER, 0, label)] += corner
    inputs = keras.Input((size, size, 1), dtype=dtype)
    found = keras.layers.Rescaling(scale)(inputs)
    logits = keras.layers.Conv2D(classes, size, use_bias=False, name="read")(found)
    model = keras.Model(inputs, keras.layers.Softmax()(keras.layers.Flatten()(logits)))
    model.get_layer("read").set_weights([weights])
    return model
