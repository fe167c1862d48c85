# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # 1. Look
#
# *About 20 minutes. You need no more than this notebook: the pictures and the classifier come with the package.*
#
# Before asking **why** a classifier decides as it does, look at **what** it is given and **what** it answers. At the end you can
# say how often it is right, what it confuses most, and what its "90 % sure" is worth.

# %%
import matplotlib.pyplot as plt
import numpy as np

from featurelens.course import check, images_for
from featurelens.models import evaluate, load_model, open_dataset
from featurelens.reports import plot_confusion

model = load_model("zero_padded_dropout")
data = open_dataset("fashion_mnist", model=model)[: images_for(2000)]
names = data.class_names
print(f"{len(data):,} pictures of {data.images.shape[1]} x {data.images.shape[2]} pixels, {len(names)} classes:")
print(", ".join(names))

# %% [markdown]
# ## The pictures
#
# Each is a photograph of one piece of clothing, made small and grey. **Think first:** which two of the ten classes would *you*
# mix up at this size?

# %%
figure, axes = plt.subplots(2, 10, figsize=(13, 3))
for axis, number in zip(axes.ravel(), range(20), strict=True):
    axis.imshow(data.images[number][..., 0], cmap="gray")
    axis.set_title(names[data.labels[number]], fontsize=8)
    axis.axis("off")
plt.show()

# %% [markdown]
# ## What the classifier answers
#
# It gives a probability for each class. The class with the largest one is its answer.

# %%
evaluation = evaluate(model, data)
probabilities, labels, predictions = evaluation.probabilities, evaluation.labels, evaluation.predictions
number = int(np.argmin(np.abs(probabilities.max(axis=1) - 0.6)))  # one that it is not sure of
for label in np.argsort(-probabilities[number])[:4]:
    print(f"{names[label]:>12}: {probabilities[number, label]:.1%}")
print(f"The label says: {names[labels[number]]}")

# %% [markdown]
# {exercise 1.1}
#
# What share of the pictures is classified correctly? Compute it from `labels` and `predictions`, in one line of NumPy.

# %% tags=["exercise"]
accuracy = ...

# %% tags=["solution"]
accuracy = (labels == predictions).mean()

# %%
check("1.1", accuracy, labels=labels, predictions=predictions)

# %% [markdown]
# ## Who is taken for whom
#
# One number hides a lot. Each row of this table is a true class, each column an answer.
# **Think first:** will the table be symmetric - is a shirt taken for a T-shirt as often as the other way round?

# %%
plot_confusion(evaluation)
plt.show()
mistaken = {(t, p): evaluation.confusion[t, p] for t in range(10) for p in range(10) if t != p}
for (true, said), count in sorted(mistaken.items(), key=lambda pair: -pair[1])[:5]:
    print(
        f"{names[true]:>12} taken for {names[said]:<12} {count:3}, the other way round {evaluation.confusion[said, true]:3}"
    )

# %% [markdown]
# {exercise 1.2}
#
# Find the largest confusion by a program: the pair (true class, what it is taken for), as numbers.

# %% tags=["exercise"]
counts = np.zeros((10, 10), int)
# count how often each true class is taken for each class, set the diagonal to 0, and find the largest
pair = ...

# %% tags=["solution"]
counts = np.zeros((10, 10), int)
np.add.at(counts, (labels, predictions), 1)
np.fill_diagonal(counts, 0)
pair = np.unravel_index(counts.argmax(), counts.shape)

# %%
check("1.2", pair, labels=labels, predictions=predictions)

# %% [markdown]
# ## Sure, and wrong
#
# **Think first:** of the pictures that it is more than 90 % sure of, how many are wrong - none, a few, a tenth?

# %%
sure = probabilities.max(axis=1) > 0.9
print(
    f"{sure.mean():.1%} of the answers have more than 90 % probability; {np.mean(predictions[sure] == labels[sure]):.1%} of these are right."
)
print(f"Of the others {np.mean(predictions[~sure] == labels[~sure]):.1%} are right.")

# %% [markdown]
# {exercise 1.3}
#
# How many pictures are answered with more than 90 % probability, and wrong?

# %% tags=["exercise"]
sure_mistakes = ...

# %% tags=["solution"]
sure_mistakes = ((probabilities.max(axis=1) > 0.9) & (predictions != labels)).sum()

# %%
check("1.3", sure_mistakes, labels=labels, probabilities=probabilities)

# %%
wrong = np.flatnonzero((probabilities.max(axis=1) > 0.9) & (predictions != labels))[:8]
figure, axes = plt.subplots(1, max(len(wrong), 1), figsize=(1.6 * max(len(wrong), 1), 2.2), squeeze=False)
for axis, number in zip(axes[0], wrong, strict=False):
    axis.imshow(data.images[number][..., 0], cmap="gray")
    axis.set_title(
        f"{names[labels[number]]}?\n{names[predictions[number]]} {probabilities[number].max():.0%}", fontsize=8
    )
for axis in axes[0]:
    axis.axis("off")
plt.show()

# %% [markdown]
# **Look at them.** Would you have said what the label says? Some labels may be wrong: a mistake of the classifier, or of the data?
#
# ## What to take along
#
# * Accuracy is one number; the confusions say where it comes from.
# * A probability is what the model says of itself. What it is worth is measured, on pictures with labels: compare the shares that you
#   printed with 90 %. A model can be too sure of itself, and just as well too modest.
# * Next: what happens *inside*, from the pixels to these ten numbers.
