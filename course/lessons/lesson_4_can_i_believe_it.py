# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # 4. Can I believe the picture?
#
# *About 30 minutes.*
#
# A map can convince and know nothing. Two tests find it out: **take the pixels away** that it calls important, and **shuffle the
# weights**: a map of what the model has learnt must change when the model forgets.

# %%
import matplotlib.pyplot as plt
import numpy as np

from featurelens.course import check, images_for
from featurelens.interpret import METHODS, HiResCAM, Samples, TrustPlan, measure_trust, randomization_check
from featurelens.models import load_model, open_dataset
from featurelens.reports import plot_map, upsample

model = load_model("zero_padded_dropout")
data = open_dataset("fashion_mnist", model=model)[: images_for(2000)]
names = data.class_names
number = 5
image = np.asarray(data.images[number])
label = int(model.predict(image[np.newaxis], verbose=0).argmax())
print(f"Picture {number} is taken for: {names[label]}")

# %% [markdown]
# ## Take pixels away
#
# If a map names the pixels that the model uses, the probability should fall fast when those go first.

# %%
small = HiResCAM(model)(image[np.newaxis])[0]
strength = upsample(small[np.newaxis], image.shape[:2])[0]  # at the size of the picture
order = np.argsort(-strength, axis=None)  # places, the strongest first
shares = [0.0, 0.1, 0.2, 0.4, 0.7]
plot_map(small, image, unit="logit")
plt.show()


def without(places: np.ndarray) -> np.ndarray:
    """The picture with these places black."""
    flat = image.reshape(-1).copy()
    flat[places] = 0
    return flat.reshape(image.shape)


def probability(picture: np.ndarray) -> float:
    return float(model.predict(picture[np.newaxis], verbose=0)[0, label])


# %% [markdown]
# {exercise 4.1}
#
# For each of the `shares`, take that share of the pixels away, in the given `order`, and ask for the probability. Round the number of
# pixels down with `int(...)`. Give the list of the five probabilities.

# %% tags=["exercise"]
curve = ...

# %% tags=["solution"]
curve = [probability(without(order[: int(share * order.size)])) for share in shares]

# %%
truth = [probability(without(order[: int(share * order.size)])) for share in shares]
check("4.1", curve, curve=truth)

# %% [markdown]
# **Think first:** and if the pixels go in a *random* order - will the probability fall more slowly?

# %%
random = np.random.default_rng(0)
by_chance = [
    np.mean([probability(without(random.permutation(order.size)[: int(s * order.size)])) for _ in range(5)])
    for s in shares
]
plt.figure(figsize=(6, 3))
plt.plot(shares, truth, "o-", label="the map's order")
plt.plot(shares, by_chance, "s--", label="random order, mean of 5")
plt.xlabel("share of the pixels that is gone")
plt.ylabel(f"probability of {names[label]}")
plt.legend(loc="best")
plt.show()

# %% [markdown]
# ## Shuffle the weights
#
# **Think first:** which of two maps can survive that the model forgets everything - one that shows what the model learnt, or one that
# draws the outlines of the picture?

# %%
known = {each.name: each for each in METHODS}
methods = {
    "HiResCAM": lambda copy: known["HiResCAM"].make(copy, "conv2", 28),
    "Input x Gradient": lambda copy: known["Input x Gradient"].make(copy, None, 28),
}
checked = randomization_check(model, data[: min(len(data), 100)], methods, sample=40)
for name, found in checked.items():
    print(f"{name:>18}: likeness {np.nanmean(found.rank_correlation[-1]):.2f} once all weights are shuffled")

# %% [markdown]
# *Input x Gradient* is the gradient times the picture, so wherever the picture is black its map is 0, whatever the weights are: it keeps
# the outline of a shoe even when the model knows nothing of shoes. It convinces, and on this test it knows little.
#
# ## All methods, one verdict each
#
# A method may be cited here if its order beats a random one **and** the picture's own brightness on most images, **and** its maps
# change once the weights are shuffled.

# %%
some = Samples(curves=60, filled=0, noise=0, shuffled=40)
tested = [known[name] for name in ("Grad-CAM", "HiResCAM", "LayerCAM", "Saliency", "Input x Gradient")]
trust = measure_trust(
    model, data[: min(len(data), 200)], tested, TrustPlan(cheap=some, expensive=some), cam_layer="conv2"
)
verdicts = {}
for name, found in trust.methods.items():
    random_order, brightness, shuffled = (each.number.mean for each in found.verdict.findings)
    verdicts[name] = found.verdict.level
    print(
        f"{name:>18}: beats random {random_order:4.0%}, brightness {brightness:4.0%}, likeness {shuffled:5.2f} -> {verdicts[name]}"
    )

# %% [markdown]
# {exercise 4.2}
#
# Which of these methods may be cited on this model? Give the list of their names: those whose level is `good`.

# %% tags=["exercise"]
cited = ...

# %% tags=["solution"]
cited = [name for name, level in verdicts.items() if level == "good"]

# %%
check("4.2", cited, verdicts=verdicts)

# %% [markdown]
# **Surprised by Grad-CAM?** On another model it may pass. That is the point: a method is not good or bad, it is tested *on a model*.
#
# ## What to take along
#
# * A map is a claim. Removing pixels and shuffling weights test it.
# * Compare with a control that knows nothing: a random order, the picture's brightness.
# * `featurelens trust MODEL` runs these tests for thirteen methods, and the report puts the verdict beside each map.
