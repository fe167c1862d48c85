# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # 2. Through the layers
#
# *About 25 minutes.*
#
# It is often said: *the first layers see edges, the middle ones parts, and the last layers keep only what decides.* You will
# **predict** what that means in numbers, then **measure** it, and so see which part of the sentence is true of this model.

# %%
import matplotlib.pyplot as plt
import numpy as np

from featurelens.course import check, images_for
from featurelens.interpret import ActivationExtractor, inspect_model, survey_layers
from featurelens.models import load_model, open_dataset
from featurelens.reports import plot_layer

model = load_model("zero_padded_dropout")
data = open_dataset("fashion_mnist", model=model)[: images_for(2000)]
for layer in inspect_model(model, data[:32]).layers:
    print(f"{layer.name:>10}  {layer.kind:<14} {tuple(layer.output_shape)[1:]}")

# %% [markdown]
# ## One picture, layer by layer
#
# Each small picture below is what one **channel** of a layer puts out: bright where it fires.

# %%
picture = data[0]
plt.imshow(picture.images[0, ..., 0], cmap="gray")
plt.title(data.class_names[picture.labels[0]])
plt.axis("off")
plt.show()
for name in ("conv1", "conv2"):
    plot_layer(model, name, picture.images[0], channels=list(range(8)))
    plt.show()

# %% [markdown]
# **Think first:** which share of all values of `conv1` is above 0 - most, about half, few? And of `conv2`: more or fewer?
# Write your guesses down before you go on.

# %%
found = ActivationExtractor(model, ["conv1", "conv2"])(data[:200])
activations = found["conv1"]  # (images, rows, columns, channels)
print(activations.shape)

# %% [markdown]
# {exercise 2.1}
#
# Which share of all values of `activations` is above 0?

# %% tags=["exercise"]
active_share = ...

# %% tags=["solution"]
active_share = (activations > 0).mean()

# %%
check("2.1", active_share, activations=activations)
print(f"conv2: {(found['conv2'] > 0).mean():.1%}")

# %% [markdown]
# ## How much of the picture is left?
#
# If a channel still draws the picture, its map and the picture go up and down together: their correlation is near 1 (or near -1).
#
# $$ r = \frac{\sum (a - \bar a)(p - \bar p)}{\sqrt{\sum (a - \bar a)^2}\,\sqrt{\sum (p - \bar p)^2}} $$

# %%
busiest = activations[0].mean(axis=(0, 1)).argmax()  # the channel that fires most on this picture
channel = activations[0, ..., busiest]
shown = data.images[0][..., 0]
assert channel.shape == shown.shape

# %% [markdown]
# {exercise 2.2}
#
# Compute Pearson's r between `channel` and the picture `shown`, over all places, by the formula.

# %% tags=["exercise"]
r = ...

# %% tags=["solution"]
a, p = channel - channel.mean(), shown - shown.mean()
r = (a * p).sum() / np.sqrt((a**2).sum() * (p**2).sum())

# %%
check("2.2", r, channel=channel, picture=shown)

# %% [markdown]
# ## All layers at once
#
# `survey_layers` measures three things of each layer over all pictures: how much fires, how alike the maps still are to the picture,
# and the **linear probe**: how often a linear classifier that sees this layer *only* finds the class.
#
# **Think first:** will the probe get better from layer to layer? Where will it be best?

# %%
survey = survey_layers(model, data, layers=["conv1", "pool1", "conv2", "pool2", "dense1"])
print(f"{'layer':>8} {'active':>8} {'like the picture':>17} {'probe':>7}")
accuracies = {}
for row in survey.rows():
    told = [
        f"{row[name]:.1%}" if row[name] is not None else "-"
        for name in ("active share", "image correlation", "probe accuracy")
    ]
    print(f"{row['layer']:>8} {told[0]:>8} {told[1]:>17} {told[2]:>7}")
    if row["probe accuracy"] is not None:
        accuracies[row["layer"]] = row["probe accuracy"]

# %% [markdown]
# {exercise 2.3}
#
# From which layer can the class be read off best? Give its name.

# %% tags=["exercise"]
best = ...

# %% tags=["solution"]
best = max(accuracies, key=accuracies.get)

# %%
check("2.3", best, accuracies=accuracies)

# %%
names = list(accuracies)
plt.figure(figsize=(7, 3))
plt.plot(names, [accuracies[name] for name in names], "o-", label="linear probe")
like = {row["layer"]: row["image correlation"] for row in survey.rows() if row["image correlation"] is not None}
plt.plot(list(like), list(like.values()), "s--", label="likeness to the picture")
plt.ylim(0, 1)
plt.legend(loc="best")
plt.show()

# %% [markdown]
# **So, is the sentence true?** Compare with your guesses. Is the likeness to the picture smaller behind each layer, or does pooling bring
# some of it back? And look how far the class can already be read off the *pixels* (the layer called `image`): much of what "deep layers
# find" lies open in the picture.
#
# ## What to take along
#
# * Look at the numbers before repeating a sentence about layers.
# * A probe says what *could* be read off a layer, not what the network *uses*.
# * Next: which places of the picture speak for the answer.
