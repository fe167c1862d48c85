# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # 3. Why this class?
#
# *About 30 minutes.*
#
# A map of evidence colours the places of a picture that speak for an answer. You will write the best-known one, Grad-CAM, in ten
# lines, see what goes wrong when it explains the **probability** in the place of the **logit**, and ask the better question: why
# this class **rather than that one**?

# %%
from featurelens.course import check, images_for
from featurelens.interpret import Explainer, GradCAM, HiResCAM, Saturation
from featurelens.models import load_model, open_dataset
from featurelens.reports import plot_map, plot_maps

model = load_model("zero_padded_dropout")
data = open_dataset("fashion_mnist", model=model)[: images_for(2000)]
names = data.class_names

# %%
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf  # after featurelens, which quietens its start

first_few = GradCAM(model, "conv2")(data[:50])
number = int(first_few.max(axis=(1, 2)).argmax())  # the picture with the strongest map of these
print(f"Picture {number}: {names[data.labels[number]]}")
print(
    f"On {(first_few.max(axis=(1, 2)) == 0).sum()} of the 50 pictures this model's Grad-CAM is zero everywhere. Keep that in mind."
)

# %% [markdown]
# ## The two things that Grad-CAM needs
#
# The **activations** A of the last convolution, and how the score of the class moves with each of them: the **gradients** g.
# TensorFlow gives both. (This cell is the plumbing; read it, you need not write it.)

# %%
layers = model.layers
last = max(place for place, layer in enumerate(layers) if layer.name == "conv2")
values = tf.constant(data.images[number : number + 1])
for layer in layers[: last + 1]:
    values = layer(values, training=False) if "dropout" in layer.name else layer(values)
head = layers[-1]
with tf.GradientTape() as tape:
    tape.watch(values)
    after = values
    for layer in layers[last + 1 : -1]:
        after = layer(after, training=False) if "dropout" in layer.name else layer(after)
    logits = tf.matmul(after, head.kernel) + head.bias  # before the softmax
    score = tf.reduce_max(logits)
gradients = tape.gradient(score, values)[0].numpy()
activations = values[0].numpy()
print("activations", activations.shape, "gradients", gradients.shape)

# %% [markdown]
# {exercise 3.1}
#
# Selvaraju et al. (2017), equations 1 and 2, with k a channel and i, j a place:
#
# $$ \alpha_k = \operatorname{mean}_{i,j} g_{ijk} \qquad \text{map}_{ij} = \max\Big(0, \sum_k \alpha_k A_{ijk}\Big) $$

# %% tags=["exercise"]
grad_cam = ...

# %% tags=["solution"]
weights = gradients.mean(axis=(0, 1))
grad_cam = np.maximum((activations * weights).sum(axis=-1), 0)

# %%
check("3.1", grad_cam, activations=activations, gradients=gradients)
toolkit = GradCAM(model, "conv2")(data[number : number + 1])[0]
if isinstance(grad_cam, np.ndarray):
    print(
        f"Largest difference from the toolkit's: {np.abs(grad_cam - toolkit).max():.1e}, of values up to {toolkit.max():.2f}"
    )

# %%
plot_map(toolkit, data.images[number], unit="logit")
plt.show()

# %% [markdown]
# ## Logit or probability?
#
# Many tools explain the *probability*. But after a softmax its gradient is p (1 - p) times smaller along each logit: the surer the
# model, the less of it is left. **Think first:** how much is left of the gradient for a picture that is 99.9 % sure?

# %%
few = data[: min(len(data), 500)]
ratios = Saturation(model)(few)  # the gradient's size after the softmax over that before it, for each picture
probabilities = Explainer(model, [])(few).probabilities.max(axis=1)
plt.figure(figsize=(6, 3))
plt.semilogy(probabilities, ratios, ".", alpha=0.5)
plt.xlabel("probability of the answer")
plt.ylabel("what is left of the gradient")
plt.show()

# %% [markdown]
# {exercise 3.2}
#
# What is the median of `ratios` among the pictures whose probability is above 0.99?

# %% tags=["exercise"]
left = ...

# %% tags=["solution"]
left = np.median(ratios[probabilities > 0.99])

# %%
check("3.2", left, ratios=ratios, probabilities=probabilities)

# %% [markdown]
# A map that is scaled to its own largest value hides this completely: a picture of rounding noise looks as bright as real evidence. So
# maps here are in units of the **logit**, and their limits are printed.
#
# ## Why this rather than that?
#
# A shirt and a coat share most of their evidence: sleeves, buttons, a collar. What *decides* is the difference.

# %%
pair = (names.index("Shirt"), names.index("Coat"))
chosen = np.flatnonzero(data.labels == pair[0])[:1]
first, second = (HiResCAM(model)(data[chosen], label)[0] for label in pair)

# %% [markdown]
# {exercise 3.3}
#
# HiResCAM is linear in the score. Make the map of *shirt rather than coat* out of `first` (for shirt) and `second` (for coat).

# %% tags=["exercise"]
contrast = ...

# %% tags=["solution"]
contrast = first - second

# %%
check("3.3", contrast, first=first, second=second)
asked = HiResCAM(model)(data[chosen], *pair)[0]
if isinstance(contrast, np.ndarray):
    print(f"Largest difference from versus='Coat': {np.abs(contrast - asked).max():.1e}")
plot_maps(np.stack([first, second, asked]), np.repeat(data.images[chosen], 3, axis=0), unit="logit")
plt.show()

# %% [markdown]
# From left to right: shirt, coat, shirt rather than coat.
#
# ## What to take along
#
# * A map answers a question: for which class, of which score, rather than what?
# * Explain the logit. Print the limits.
# * A map that looks right has proven nothing yet. That is the next lesson.
