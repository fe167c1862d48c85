"""The optimizer and the loss that a recipe asks for."""

from typing import Any

from ..networks.recipes import Recipe

WARM_UP = 0.1  # share of a cosine schedule's steps over which the learning rate rises


def compile_model(model: Any, recipe: Recipe, batches: int) -> None:
    """Give the model the recipe's optimizer and loss, and accuracy as its metric.

    Args:
        model: a Keras model whose output is probabilities.
        recipe: how it will be trained.
        batches: number of batches of an epoch; a schedule ends with the last epoch's last batch.
    """
    import keras

    rate = _learning_rate(recipe, batches)
    if recipe.optimizer == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    else:
        optimizer = keras.optimizers.Adam(rate)
    if recipe.loss == "categorical_crossentropy":
        loss: Any = keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
    else:
        loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])


def _learning_rate(recipe: Recipe, batches: int) -> Any:
    """A number, or the cosine schedule of Loshchilov and Hutter, 2016, arXiv:1608.03983, with a linear start."""
    import keras

    if recipe.schedule == "constant":
        return recipe.learning_rate
    steps = recipe.epochs * batches
    rising = max(1, round(WARM_UP * steps))
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 100, max(1, steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
