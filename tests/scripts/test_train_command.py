"""`featurelens train`: its options reach the recipe, its files lie where it says, its errors come first."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from featurelens.models import architectures, load_model, open_dataset
from featurelens.models.formats.fashion_mnist import is_at_hand
from featurelens.models.model_files.loading import model_card_of
from featurelens.reports import write_report
from featurelens.scripts.cli import main
from featurelens.scripts.terminal.training_display import TrainingDisplay
from featurelens.scripts.train import train

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    np.savez("own.npz", images=random.random((40, 8, 8, 1), np.float32), labels=np.arange(40) % 2)
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    return "own.npz"


def _run(*arguments):
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, arguments)


def test_the_users_own_data_and_settings(data):
    options = "--class-names names.txt --seed 3 --epochs 2 --batch-size 9 --learning-rate 0.01 --augment flip,shift"
    result = _run("zero_padded_dropout", "--data", data, "--test-data", data, *options.split())
    assert result.exit_code == 0, result.exception
    card = model_card_of("zero_padded_dropout.keras")
    assert card is not None
    assert card.class_names == ("cat", "dog")
    chosen = [card.recipe[field] for field in ("seed", "epochs", "batch_size", "learning_rate", "augmentation")]
    assert chosen == [3, 2, 9, 0.01, ["flip", "shift"]]
    assert f"test {card.results['test']['accuracy']:.2%}" in result.output
    assert "epoch   2" in result.output
    again = _run("zero_padded_dropout", "--data", data)
    assert isinstance(again.exception, ValueError)
    assert "exists already" in str(again.exception)
    forced = _run("zero_padded_dropout", "--data", data, "--epochs", "1", "--augment", "none", "--force")
    assert forced.exit_code == 0, forced.exception
    card = model_card_of("zero_padded_dropout.keras")
    assert card is not None
    assert card.recipe["augmentation"] == []
    assert "test" not in card.results


def test_an_interruption_says_how_to_go_on_and_nothing_else(data, capfd, monkeypatch):
    def press_ctrl_c(display, epoch, row):
        raise KeyboardInterrupt  # after the first epoch

    command = ["train", "zero_padded_dropout", "--data", data, "--epochs", "2", "--output", "mine.keras"]
    with monkeypatch.context() as keyboard, pytest.raises(SystemExit) as stopped:
        keyboard.setattr(TrainingDisplay, "epoch_ended", press_ctrl_c)
        main(command)
    assert stopped.value.code == 130
    lines = [line for line in capfd.readouterr().err.splitlines() if "Interrupted" in line]
    (folder,) = Path("featurelens-runs").iterdir()
    assert lines == [
        "Interrupted. The same command resumes after the last finished epoch. What it needs is kept in "
        f"{folder}; delete that folder to start anew."
    ]
    with pytest.raises(SystemExit) as done:
        main(command)
    assert done.value.code == 0
    out = capfd.readouterr().out
    assert "epoch   2" in out and "epoch   1" not in out  # and so it does
    assert not Path("featurelens-runs").exists()


def test_an_interruption_before_the_first_epoch_keeps_nothing(data, capfd, monkeypatch):
    def press_ctrl_c(display, batch, loss, accuracy):
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingDisplay, "batch_ended", press_ctrl_c)
    with pytest.raises(SystemExit) as stopped:
        main(["train", "zero_padded_dropout", "--data", data])
    assert stopped.value.code == 130
    assert "Interrupted. No epoch was finished, so nothing is kept" in capfd.readouterr().err
    assert sorted(path.name for path in Path().iterdir()) == ["names.txt", "own.npz"]


def test_an_unknown_name_is_refused():
    result = _run("zero_paded_dropout")
    assert isinstance(result.exception, ValueError)
    assert "Did you mean 'zero_padded_dropout'" in str(result.exception)
    assert "Expected the name of an architecture" in str(result.exception)


@pytest.mark.parametrize("command", [["zero_padded_dropout"], ["transfer", "--base", "MobileNetV2"]])
def test_settings_are_refused_before_the_data_are_read(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wrong = {
        "zero_padded_dropout": (["--base", "MobileNetV2"], "build the architecture 'transfer'"),
        "transfer": (["--base-weights", "mine"], "imagenet, random"),
    }
    options, remedy = wrong[command[0]]
    result = _run(*command, *options, "--data", "absent.npz")
    assert isinstance(result.exception, ValueError)
    assert remedy in str(result.exception)


def test_the_help_tells_the_architectures():
    result = _run("--help")
    assert result.exit_code == 0
    assert "--learning-rate" in result.output
    listed = result.output[result.output.index("Architectures") :]
    for name, architecture in architectures().items():
        assert name in listed and architecture.summary.split()[0] in listed


def _grey(count):
    """Grey pictures of 8x8, half of them darker, and which half each is of."""
    labels = np.arange(count) % 2
    return (np.random.default_rng(0).random((count, 8, 8)) * (100 + 155 * labels[:, None, None])).astype(
        np.uint8
    ), labels


def test_a_csv_file_and_no_noise(tmp_path):
    images, labels = _grey(24)
    rows = [",".join(map(str, [label, *image.ravel()])) for image, label in zip(images, labels, strict=True)]
    header = ",".join(["label", *(f"pixel{number}" for number in range(64))])
    (tmp_path / "own.csv").write_text("\n".join([header, *rows]))
    silent = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    command = "-m featurelens.scripts.train three_conv --data own.csv --test-data own.csv --epochs 1"
    done = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, env=silent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")  # nothing of what TensorFlow says while it loads
    card = model_card_of(tmp_path / "three_conv.keras")
    assert card is not None
    assert (card.input_shape, card.class_names) == ((8, 8, 1), ("0", "1"))
    assert card.data["test"]["also_in_training"] == 24  # the same file
    assert card.data["test"]["images"] == 24 and "own.csv" in card.data["training"]["files"]
    assert sum(card.data["training"]["class_counts"]) == card.data["training"]["images"]


def test_an_idx_pair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images, labels = _grey(24)
    for name, array in (("own-images-idx3-ubyte", images), ("own-labels-idx1-ubyte", labels)):
        lengths = b"".join(int(length).to_bytes(4, "big") for length in array.shape)
        Path(name).write_bytes(bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes())
    pair = "own-images-idx3-ubyte,own-labels-idx1-ubyte"
    result = _run("early_stopping", "--data", pair, "--epochs", "1")
    assert result.exit_code == 0, result.exception
    card = model_card_of("early_stopping.keras")
    assert card is not None
    assert card.results["training"]["images"] + card.results["validation"]["images"] == 24
    assert set(card.data["training"]["files"]) == set(pair.split(","))


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """A folder per class of photos of different sizes, to train on and to test on; in the latter one class has none."""
    monkeypatch.chdir(tmp_path)
    for name, classes in (("mine", ("cat", "dog", "hen")), ("others", ("hen", "cat"))):
        for folder in classes:
            Path(name, folder).mkdir(parents=True)
            for number in range(4):
                picture = np.full((9 + number, 12, 3), 20 + 60 * len(folder) // 3, np.uint8)
                cv2.imwrite(str(Path(name, folder, f"{number}.png")), picture)


def test_photos_of_different_sizes_are_brought_to_one(photos):
    command = ["early_stopping", "--data", "mine", "--test-data", "others", "--epochs", "1"]
    refused = _run(*command)
    assert isinstance(refused.exception, ValueError)
    assert "--size HxW" in str(refused.exception)
    result = _run(*command, "--size", "8x10")
    assert result.exit_code == 0, result.exception
    card = model_card_of("early_stopping.keras")
    assert card is not None
    assert (card.input_shape, card.class_names) == ((8, 10, 3), ("cat", "dog", "hen"))
    assert card.data["test"]["images"] == 8


def test_test_images_of_other_classes_are_refused_and_not_renamed(photos):
    Path("others/cat").rename("others/cow")
    result = _run("three_conv", "--data", "mine", "--test-data", "others", "--size", "8x8")
    assert isinstance(result.exception, ValueError)
    assert "cat, dog, hen. Received cow, hen" in str(result.exception)
    assert not Path("featurelens-runs").exists()


@pytest.mark.skipif(not is_at_hand("train"), reason="needs Fashion-MNIST's training images")
def test_names_for_the_classes_of_fashion_mnist_are_not_ignored(data):
    result = _run("three_conv", "--class-names", "names.txt", "--size", "8x8", "--epochs", "1")
    assert isinstance(result.exception, ValueError)
    assert "each class of 'Fashion-MNIST, train split" in str(result.exception)


def test_a_diverging_training_says_what_to_lower(data, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "zero_padded_dropout", "--data", data, "--learning-rate", "1e12"])
    assert stopped.value.code == 1
    assert "Lower --learning-rate" in capsys.readouterr().err


def test_a_transfer_model_is_saved_loaded_and_reported_on(data, monkeypatch):
    import keras

    whole = keras.applications.MobileNetV2

    def beginning(**options):  # all of it takes half a minute to train, however few the images are
        base = whole(**options)
        return keras.Model(base.inputs, base.get_layer("expanded_conv_project_BN").output, name=options["name"])

    monkeypatch.setattr(keras.applications, "MobileNetV2", beginning)
    options = "--base MobileNetV2 --base-weights random --epochs 1 --batch-size 20 --output mine.keras"
    result = _run("transfer", "--data", data, *options.split())
    assert result.exit_code == 0, result.exception
    card = model_card_of("mine.keras")
    assert card is not None
    assert (card.recipe["base"], card.recipe["base_weights"]) == ("MobileNetV2", "random")
    path = write_report(load_model("mine.keras"), open_dataset(data), "mine.html", card=card, trust_images=0)
    page = path.read_text(encoding="utf-8")
    assert "expanded_conv_depthwise_relu" in page and "MobileNetV2" in page  # a layer inside of the base; the recipe
