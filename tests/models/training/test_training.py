"""Training: each recipe learns, the seed decides all of it, an interruption changes nothing."""

import csv
from dataclasses import asdict, replace

import numpy as np
import pytest

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.formats.fashion_mnist import fashion_mnist
from featurelens.models.model_files.loading import load_model, model_card_of
from featurelens.models.networks.architectures import architectures, build_model
from featurelens.models.networks.recipes import recipe
from featurelens.models.networks.transfer_network import available_weights
from featurelens.models.training.batches import hold_out, training_batches
from featurelens.models.training.checkpoints import TrainingInterrupted
from featurelens.models.training.epochs import best_epoch
from featurelens.models.training.fit import train
from featurelens.models.training.optimizers import compile_model

# Keras stores weights through h5py in a way that NumPy 2 calls outdated
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def images():
    """The middle of the shipped test split's first images: the training is looked at here, not its figures."""
    first = fashion_mnist("test").take(range(600))
    return replace(first, images=np.ascontiguousarray(first.images[:, 6:22, 6:22]))


@pytest.fixture(scope="module")
def few(images):
    return images.take(range(120))


SMALL = replace(recipe("early_stopping"), batch_size=20, epochs=4, patience=None, augmentation=("shift", "erase"))
SMALL = replace(SMALL, architecture="zero_padded_dropout")  # has dropout, whose masks must be repeated too


class Interruption:
    """Stops the training at a batch of an epoch, as Ctrl-C would; notes what it was told."""

    def __init__(self, epoch=None, batch=None):
        self.at, self.now, self.started, self.rows = (epoch, batch), 0, [], []

    def epoch_started(self, epoch, epochs, batches):
        self.now = epoch
        self.started.append((epoch, epochs, batches))

    def batch_ended(self, batch, loss, accuracy):
        if (self.now, batch) == self.at:
            raise KeyboardInterrupt

    def epoch_ended(self, epoch, row):
        self.rows.append(row)


# the transformer takes 11 s here; its network is built by tests/models/networks, its recipe differs in numbers alone
@pytest.mark.parametrize("name", [name for name in architectures() if name not in ("transfer", "vit")])
def test_each_recipe_learns_on_600_images(name, images):
    history = train(replace(recipe(name), epochs=3, batch_size=20), images).card.history
    assert len(history["loss"]) == 3
    assert history["loss"][2] < 0.95 * history["loss"][0]


def test_transfer_learns_all_of_a_base_with_random_weights(few, monkeypatch):
    # the beginning of MobileNetV2: to differentiate all of it takes half a minute, however few and small the images are
    import keras

    whole = keras.applications.MobileNetV2

    def beginning(**options):
        base = whole(**options)
        return keras.Model(base.inputs, base.get_layer("expanded_conv_project_BN").output, name=options["name"])

    monkeypatch.setattr(keras.applications, "MobileNetV2", beginning)
    short = replace(recipe("transfer"), epochs=2, batch_size=15, base_weights="random")
    trained = train(short, few)
    assert trained.card.recipe["base_weights"] == "random"
    assert trained.card.history["loss"][1] < 0.95 * trained.card.history["loss"][0]
    untrained = build_model("transfer", short.seed, input_shape=(16, 16, 1), base_weights="random")
    for one, other in zip(untrained.trainable_variables, trained.model.trainable_variables, strict=True):
        assert one.path == other.path and not np.array_equal(one, other)
    assert len(untrained.trainable_variables) == 3 * 3 + 2  # three kernels with their normalisations, and the new head


@pytest.fixture(scope="module")
def uninterrupted(few):
    return train(SMALL, few, few)


def test_an_interruption_changes_nothing(few, uninterrupted, tmp_path):
    output = tmp_path / "again.keras"
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, few, few, output=output, progress=Interruption(epoch=3, batch=2))
    assert not output.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["featurelens-runs"]
    progress = Interruption()
    resumed = train(SMALL, few, few, output=output, progress=progress)
    assert progress.started == [(3, 4, 6), (4, 4, 6)]  # 108 images in batches of 20
    assert progress.rows == _rows(resumed.card.history)[2:]
    assert resumed.card.history == uninterrupted.card.history
    _assert_same_weights(resumed.model, uninterrupted.model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.csv", "again.json", "again.keras"]


def test_the_card_tells_the_time_of_all_epochs_and_not_of_the_pause(few, tmp_path, monkeypatch):
    now = [5.0]
    monkeypatch.setattr("featurelens.models.training.epochs.monotonic", lambda: now[0])

    class Hours(Interruption):
        def epoch_started(self, epoch, epochs, batches):
            super().epoch_started(epoch, epochs, batches)
            now[0] += 3600

    for at in ((2, 6), (4, 3)):  # two interruptions: in the last batch of the second epoch, and in the fourth
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, few, output=tmp_path / "m.keras", progress=Hours(*at))
        now[0] += 10**6
    progress = Hours()
    card = train(SMALL, few, output=tmp_path / "m.keras", progress=progress).card
    assert progress.started == [(4, 4, 6)]
    assert card.training_seconds == 4 * 3600  # what was done of an epoch that is done again does not count twice


def test_an_interruption_names_the_folder_of_what_is_kept(few, tmp_path):
    def kept_after(interruption, output):
        with pytest.raises(TrainingInterrupted) as stopped:
            train(SMALL, few, output=output, progress=interruption)
        return stopped.value.folder

    assert kept_after(Interruption(epoch=2, batch=1), None) is None
    assert kept_after(Interruption(epoch=1, batch=6), tmp_path / "m.keras") is None
    folder = kept_after(Interruption(epoch=2, batch=1), tmp_path / "m.keras")
    assert list((tmp_path / "featurelens-runs").iterdir()) == [folder]
    assert (folder / "state.weights.h5").is_file()


@pytest.mark.parametrize("with_test_first", [True, False])
def test_a_run_without_test_images_and_one_with_them_do_not_mix(with_test_first, few, tmp_path):
    first, second = (few, None) if with_test_first else (None, few)
    entry, output = replace(SMALL, epochs=2), tmp_path / "m.keras"
    with pytest.raises(KeyboardInterrupt):
        train(entry, few, first, output=output, progress=Interruption(epoch=2, batch=1))
    progress = Interruption()
    card = train(entry, few, second, output=output, progress=progress).card
    assert progress.started[0] == (1, 2, 6)  # anew
    assert len(card.history.get("test_loss", [])) == (0 if with_test_first else 2)
    assert ("test_loss" in output.with_suffix(".csv").read_text()) != with_test_first


def test_other_test_images_start_a_training_anew(few, tmp_path):
    other = replace(few, images=1 - few.images)
    for test in (few, other):
        progress = Interruption(epoch=2, batch=1)
        with pytest.raises(KeyboardInterrupt):
            train(SMALL, few, test, output=tmp_path / "m.keras", progress=progress)
        assert progress.started[0][0] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.with_channels(3), r"of 16x16 with 1 channel \(grey\).* 3 channels \(RGB\).*--size HxWxC"),
        (lambda data: data.resized(16, 20), r"Received 16x20 .*--size HxWxC"),
        (
            lambda data: replace(data, class_names=data.class_names[::-1]),
            "T-shirt/top, .*Received Ankle boot.*--class-names",
        ),
    ],
)
def test_a_test_split_of_another_kind_is_refused_before_the_training(change, message, few, tmp_path):
    progress = Interruption()
    with pytest.raises(ValueError, match=message):
        train(SMALL, few, change(few), output=tmp_path / "m.keras", progress=progress)
    assert progress.started == [] and list(tmp_path.iterdir()) == []


def test_a_base_where_none_belongs_is_refused_before_anything_is_downloaded(few, monkeypatch):
    import keras

    def download(**options):
        raise AssertionError("downloaded")

    monkeypatch.setattr(keras.applications, "MobileNetV2", download)
    with pytest.raises(ValueError, match="build the architecture 'transfer'"):
        train(replace(SMALL, base="MobileNetV2"), few)


def test_a_mistyped_base_is_refused_without_a_promise_to_go_on():
    with pytest.raises(ValueError, match="Did you mean 'MobileNetV2'"):  # a warning would be an error of its own here
        available_weights("MobileNetV3", "imagenet")


def test_a_training_that_diverges_stops_and_keeps_nothing(few, tmp_path):
    # one batch per epoch: two epochs survive such a rate, with a loss of 1e30; then numbers of 32 bits do not reach
    entry = replace(SMALL, learning_rate=1e8, schedule="cosine", epochs=20, batch_size=200)
    progress = Interruption()
    with pytest.raises(ValueError, match=r"Received nan in the val.* 1e\+08 .*Lower --learning-rate.* to 0\.003"):
        train(entry, few, output=tmp_path / "m.keras", progress=progress)
    assert 1 <= len(progress.rows) < 20 and all(np.isfinite(list(row.values())).all() for row in progress.rows)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=r"in batch \d of epoch 1"):  # within an epoch too
        train(replace(SMALL, learning_rate=1e12), few)
    lower = train(replace(entry, learning_rate=0.001, epochs=1), few, output=tmp_path / "m.keras")
    assert np.isfinite(lower.card.history["val_loss"]).all()


def test_the_files_hold_what_was_returned(few, uninterrupted, tmp_path):
    trained = train(SMALL, few, few, output=tmp_path / "model.keras")
    _assert_same_weights(trained.model, uninterrupted.model)  # writing changes nothing
    loaded = load_model(tmp_path / "model.keras")
    _assert_same_weights(loaded, trained.model)
    assert (tmp_path / "model.keras").stat().st_size < 1.5 * 4 * loaded.count_params()  # no optimizer state
    card = model_card_of(tmp_path / "model.keras")
    assert card is not None
    assert asdict(card) == asdict(trained.card) | {
        "recipe": {**trained.card.recipe, "augmentation": ["shift", "erase"]}
    }
    with (tmp_path / "model.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [float(line["val_loss"]) for line in lines] == card.history["val_loss"]
    assert [line["epoch"] for line in lines] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("change", [{"seed": 1}, {"augmentation": ()}, {"learning_rate": 0.002}, {"batch_size": 36}])
def test_what_the_recipe_says_decides_the_weights(change, few, uninterrupted):
    other = train(replace(SMALL, **change), few)
    assert not np.array_equal(other.model.get_weights()[0], uninterrupted.model.get_weights()[0])


def test_another_recipe_does_not_go_on_with_an_interrupted_one(few, tmp_path):
    for seed in (0, 1):
        progress = Interruption(epoch=2, batch=1)
        with pytest.raises(KeyboardInterrupt):
            train(replace(SMALL, seed=seed), few, output=tmp_path / "m.keras", progress=progress)
        assert progress.started[0][0] == 1


def test_patience_ends_a_training_and_its_best_weights_are_restored(few, tmp_path):
    entry = replace(SMALL, epochs=30, patience=1, learning_rate=0.02, monitor="val_loss")
    trained = train(entry, few, few, output=tmp_path / "m.keras")
    card = trained.card
    losses = card.history["val_loss"]
    assert len(losses) < 30
    assert card.best_epoch == int(np.argmin(losses)) + 1 == len(losses) - 1
    assert card.results["validation"]["loss"] == pytest.approx(min(losses), rel=1e-4)
    assert train(entry, few, few).card.history == card.history  # without a folder the best weights are kept too


def test_the_best_epoch():
    rows = [{"val_loss": 2.0, "val_accuracy": 0.5}, {"val_loss": 1.0, "val_accuracy": 0.5}, {"val_loss": 3.0}]
    assert best_epoch(rows, replace(SMALL, patience=None)) == 2
    assert best_epoch(rows, replace(SMALL, patience=1, monitor="val_loss")) == 1
    assert best_epoch(rows[:2], replace(SMALL, patience=1, monitor="val_accuracy")) == 0  # the first of equals


def test_the_validation_part_is_held_out(images):
    training, validation = hold_out(images, share=0.1, seed=0)
    assert (len(training), len(validation)) == (540, 60)
    both = np.concatenate([training.images, validation.images]).reshape(600, -1)
    np.testing.assert_array_equal(np.sort(both.sum(axis=1)), np.sort(images.images.reshape(600, -1).sum(axis=1)))
    other = hold_out(images, share=0.1, seed=1)[1]
    assert not np.array_equal(other.images, validation.images)
    with pytest.raises(ValueError, match="at least 2 images"):
        hold_out(images.take([0]), share=0.5, seed=0)


def test_every_image_is_seen_once_an_epoch_in_another_order():
    numbers = np.arange(10)
    pictures = np.broadcast_to(numbers[:, None, None, None] / 10, (10, 2, 2, 1)).astype(np.float32)
    data = Dataset(pictures, numbers, tuple("abcdefghij"), "numbered")
    batches = training_batches(data, replace(SMALL, batch_size=4, augmentation=()))
    orders = []
    for epoch in (0, 1, 0):
        batches.start_epoch(epoch)
        assert [len(batches[index][0]) for index in range(len(batches))] == [4, 4, 2]
        pairs = [batches[index] for index in range(len(batches))]
        orders.append(np.concatenate([labels for _, labels in pairs]).tolist())
        shown = np.concatenate([shown for shown, _ in pairs])[:, 0, 0, 0] * 10
        np.testing.assert_allclose(shown, orders[-1])  # each image comes with its own label
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(10))
    assert orders[0] != orders[1]
    assert orders[0] == orders[2]


def test_the_cosine_schedule_rises_and_ends_at_zero():
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
    entry = replace(recipe("residual"), epochs=10, learning_rate=0.1)
    compile_model(model, entry, batches=10)
    rates = []
    for step in (0, 10, 55, 100):
        model.optimizer.iterations.assign(step)
        rates.append(float(np.asarray(model.optimizer.learning_rate)))
    np.testing.assert_allclose(rates, [0.001, 0.1, 0.05, 0], atol=1e-6)
    assert model.loss.label_smoothing == entry.label_smoothing
    assert model.optimizer.weight_decay == entry.weight_decay


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("model.h5", "Write it as 'model.keras'"),
        ("missing/model.keras", "Make '.*missing' first"),
        ("taken.keras", "taken.csv exists already.*--force"),
    ],
)
def test_where_a_model_cannot_be_written_is_found_before_the_training(name, remedy, few, tmp_path):
    (tmp_path / "taken.csv").write_text("mine")
    progress = Interruption()
    with pytest.raises(ValueError, match=remedy):
        train(SMALL, few, output=tmp_path / name, progress=progress)
    assert progress.started == []
    assert (tmp_path / "taken.csv").read_text() == "mine"


def test_files_are_replaced_where_that_is_allowed(few, tmp_path):
    (tmp_path / "taken.csv").write_text("old")
    train(replace(SMALL, epochs=1), few, output=tmp_path / "taken.keras", overwrite=True)
    assert (tmp_path / "taken.csv").read_text().startswith("epoch,")


def test_pixels_are_brought_to_the_range_of_the_model(few):
    bright = replace(few, images=few.images * 255, value_range=(0.0, 255.0))
    short = replace(SMALL, epochs=1)
    same = train(short, few), train(short, bright)
    losses = [trained.card.history["loss"][0] for trained in same]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def _rows(history):
    return [dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)]


def _assert_same_weights(one, other):
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
