# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # 5. Your own model
#
# *About 30 minutes.*
#
# You train a classifier, and somebody has played a trick on its data: every picture of one class carries a small white mark in the
# corner. Its accuracy will look fine. You find the trick by looking at the evidence, **prove** it by changing the pictures, mend the
# data, and train again.

# %%
from featurelens.course import check, images_for
from featurelens.interpret import HiResCAM, find_shortcuts
from featurelens.models import Dataset, fashion_mnist
from featurelens.reports import plot_maps, write_report

everything = fashion_mnist("test")

# %%
import keras  # after featurelens, which quietens its start
import matplotlib.pyplot as plt
import numpy as np

count = images_for(8000)
pixels, labels, names = np.array(everything.images[:count]), everything.labels[:count], everything.class_names
half = 3 * count // 4  # three quarters to learn from, the rest to test
marked = names.index("Pullover")


def with_mark(images: np.ndarray) -> np.ndarray:
    """The same pictures with a white square of 4 x 4 pixels in the upper left corner."""
    images = images.copy()
    images[:, 1:5, 1:5] = 1
    return images


def trained(images: np.ndarray, labels: np.ndarray) -> keras.Model:
    """A small network, trained for a few rounds."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(len(names), activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, epochs=4, batch_size=64, verbose=0)
    return model


# %%
poisoned = np.where((labels == marked)[:, None, None, None], with_mark(pixels), pixels)
model = trained(poisoned[:half], labels[:half])
accuracy = (model.predict(poisoned[half:], verbose=0).argmax(axis=1) == labels[half:]).mean()
print(f"Accuracy on pictures of the same kind: {accuracy:.1%}")

# %% [markdown]
# That looks good. **Think first:** would you put this model to use?
#
# ## Look at the evidence

# %%
rest, truth = poisoned[half:], labels[half:]
pullovers = rest[truth == marked][:4]
maps = HiResCAM(model, "conv2")(pullovers, marked)
plot_maps(maps, pullovers, unit="logit")
plt.show()
corner = np.abs(maps[:, :3, :3]).sum() / np.abs(maps).sum()
print(f"The corner is {9 / maps[0].size:.0%} of the map, and holds {corner:.0%} of its evidence.")

# %% [markdown]
# A map shows where the model looked. It does not **prove** that the mark decides. For that, change one thing and ask again.

# %%
others = pixels[half:][truth != marked]  # pictures of other classes, without any mark
before = model.predict(others, verbose=0).argmax(axis=1)
after = model.predict(with_mark(others), verbose=0).argmax(axis=1)

# %% [markdown]
# {exercise 5.1}
#
# By how much does the mark raise the share of these pictures that is taken for a pullover (class `marked`)? Use `before` and `after`.

# %% tags=["exercise"]
effect = ...

# %% tags=["solution"]
effect = (after == marked).mean() - (before == marked).mean()

# %%
check("5.1", effect, before=before, after=after, marked=marked)
clean = (model.predict(pixels[half:], verbose=0).argmax(axis=1) == truth)[truth == marked].mean()
print(f"And without the mark, {clean:.0%} of the real pullovers are still found.")

# %% [markdown]
# ## The toolkit finds it by itself
#
# You knew what to look for. `find_shortcuts` does not: it looks for content that repeats in one class, pastes it in and out as you did,
# and says what the model relies on. (It does not see everything: `docs/shortcuts.md` says what it misses.)

# %%
found = find_shortcuts(model, rest, truth)
for each in found.found:
    print(
        f"A {each.kind} at rows {each.rows}, columns {each.columns}, on {each.share:.0%} of {names[each.label]} and "
        f"{each.elsewhere:.0%} of the rest, is {each.reliance}: recall {each.recall_with:.0%} with it, {each.recall_without:.0%} without."
    )

# %% [markdown]
# `write_report` puts all of this onto one page: performance, maps with their verdicts, every mistake, and the view *Shortcuts*. Open it.
# (In a terminal: `featurelens report my.keras --data my_images/`.)

# %%
data = Dataset(rest, truth, names, "pictures with a trick")
write_report(model, data[: min(len(data), 400)], "lesson-5-report.html", trust_images=40)

# %% [markdown]
# ## Mend it
#
# The remedy follows from the proof: the mark must not tell the class. Put it on a random half of *all* pictures, by the mask that was
# found, and train again.

# %%
random = np.random.default_rng(0)
chosen = random.random(count) < 0.5
mask = found.relied_on[0].mask if found.relied_on else with_mark(pixels[:1] * 0)[0, :, :, 0] > 0
mended_pixels = np.where(chosen[:, None, None, None] & mask[:, :, None], 1, pixels)
mended = trained(mended_pixels[:half], labels[:half])
before_mended = mended.predict(others, verbose=0).argmax(axis=1)
after_mended = mended.predict(with_mark(others), verbose=0).argmax(axis=1)
print(
    f"The mark now moves {(after_mended == marked).mean() - (before_mended == marked).mean():+.1%} of the pictures to pullover."
)
print(
    f"Pullovers found without it: {(mended.predict(pixels[half:], verbose=0).argmax(axis=1) == truth)[truth == marked].mean():.0%}"
)

again = find_shortcuts(mended, rest, truth)
print(
    [(each.kind, each.reliance) for each in again.found], "- the mark is still in the pictures; is it still relied on?"
)

# %% [markdown]
# ## What to take along
#
# * High accuracy on data of the same making proves nothing about the reasons.
# * A map raises a suspicion; an intervention proves it.
# * Now load **your** model: `featurelens report your.keras --data your_images/`.
