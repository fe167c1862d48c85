"""The commands of models of series and volumes, as typed; what does not fit says what does."""

import json
import wave
from pathlib import Path

import keras
import numpy as np
import pytest
from planted_signals import planted

from featurelens.models import evaluate
from featurelens.scripts.cli import main

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("signals")
    planted((24,), (slice(6, 10),)).save(place / "series.keras")
    planted((5, 6, 8), (slice(1, 3), slice(2, 4), slice(1, 5))).save(place / "volume.keras")
    draw = np.random.default_rng(0)
    values = draw.normal(size=(6, 24)).astype(np.float32)
    np.savez(place / "series.npz", images=values, labels=(values[:, 6:10].sum(axis=1) < 0).astype(int))
    np.savez(place / "volume.npz", images=draw.random((3, 5, 6, 8)).astype(np.float32), labels=[0, 1, 0])
    np.save(place / "alone.npy", values)
    for name in ("calm", "storm"):
        (place / "sounds" / name).mkdir(parents=True)
        with wave.open(str(place / "sounds" / name / "a.wav"), "wb") as file:
            file.setparams((1, 2, 100, 0, "NONE", ""))
            file.writeframes(draw.integers(-9999, 9999, 24).astype("<i2").tobytes())
    return place


@pytest.fixture(autouse=True)
def _in_the_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    printed = capsys.readouterr()
    return stopped.value.code, printed.out + printed.err


def test_one_of_the_data_and_one_of_the_volumes_are_drawn(capsys):
    code, said = run(capsys, "explain", "series.keras", "--data", "series.npz", "--image", "2", "--output", "s.svg")
    assert code == 0 and "image 2" in said and "Grad-CAM" in Path("s.svg").read_text()
    chosen = ("--method", "hirescam", "--class", "1", "--versus", "0")
    code, _ = run(capsys, "explain", "volume.keras", "--data", "volume.npz", *chosen, "--output", "v.svg")
    assert code == 0 and "slice 1 of 5" in Path("v.svg").read_text()


def test_a_sound_by_its_file_and_by_its_number_in_a_folder_per_class(capsys):
    given = ("--data", "sounds", "--method", "occlusion")
    code, said = run(
        capsys, "explain", "series.keras", "--image", "sounds/calm/a.wav", "--output", "a.svg", "--method", "saliency"
    )
    assert code == 0 and "a.wav" in said and "time (s)" in Path("a.svg").read_text()
    code, said = run(capsys, "explain", "series.keras", *given, "--image", "1", "--output", "b.svg")
    assert code == 0 and "storm/a.wav" in said and "true class: storm" in Path("b.svg").read_text()


def test_the_number_of_a_series_is_explained_and_its_report_is_refused(capsys):
    """Beside labels that are no classes: 3 times the first value, of the image called."""
    same = keras.layers.Conv1D(1, 1, use_bias=False)
    model = keras.Sequential([keras.Input((24, 1)), same, keras.layers.Flatten(), keras.layers.Dense(1)])
    model.set_weights([np.ones((1, 1, 1)), np.eye(24, 1) * 3, np.zeros(1)])
    model.save("number.keras")
    values = np.load("alone.npy")
    np.savez("numbers.npz", images=values, labels=values[:, 0] * np.float32(1.5))
    given = ("number.keras", "--data", "numbers.npz", "--task", "regression")
    code, said = run(capsys, "explain", *given, "--image", "2", "--method", "saliency", "--output", "n.svg")
    assert code == 0 and f"the answer is {3 * values[2, 0]:.3g}" in said.replace("\u2212", "-"), said
    code, said = run(capsys, "report", *given, "--output", "n.html")
    assert code == 1 and "where they answer one class" in " ".join(said.split()) and not Path("n.html").exists()
    with pytest.raises(ValueError, match=r"for the task 'regression'.*Saliency\(model\)\(values\)"):
        evaluate(model, (values[..., np.newaxis], values[:, 0]), task="regression")


def test_evaluate(capsys):
    code, said = run(capsys, "evaluate", "series.keras", "--data", "series.npz")
    assert code == 0 and "accuracy 100.00%" in said
    code, said = run(capsys, "evaluate", "series.keras", "--data", "series.npz", "--output", "plots")
    assert code == 1 and "Leave --output plots out" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("explain", "series.keras", "--data", "series.npz", "--image", "9"), "from 0 to 5"),
        (("explain", "series.keras", "--data", "series.npz", "--scale", "0-1"), "Expected no --scale"),
        (("explain", "series.keras", "--data", "volume.npz"), "as the model takes"),
        (("evaluate", "series.keras", "--data", "series.npz", "--fit", "stretch"), "None or 'pad'"),
        (("report", "series.keras", "--data", "series.npz", "--method", "rise"), "Leave --method out"),
        (("report", "series.keras", "--data", "series.npz", "--scale", "0-1"), "Expected no --scale"),
        (("report", "series.keras", "--data", "alone.npy"), "one folder per class"),
        (("report", "series.keras", "--data", "series.npz", "--task", "regression"), "where they answer one class"),
        (("trust", "series.keras", "--data", "series.npz", "--masks", "alone.npy"), "Leave --masks out"),
        (("report", "zero_padded_dropout", "--data", "sounds/calm/a.wav"), "models of series and volumes"),
        (("explain", "zero_padded_dropout", "--image", "sounds/calm/a.wav"), "Expected a PNG"),
        (("explain", "series.keras", "--image", "lost.wav"), "lost.wav"),
    ],
)
def test_what_does_not_fit_says_what_does(arguments, told, capsys):
    code, said = run(capsys, *arguments)
    assert code == 1 and told in " ".join(said.split())


def test_report_chooses_its_page_by_what_the_model_takes_and_shows_the_trust_measured_before(capsys):
    given = ("series.keras", "--data", "sounds")
    code, said = run(capsys, "trust", *given, "--method", "hirescam", "--images", "2")
    assert code == 0 and "HiResCAM" in said
    gates = ("--json", "told.json", "--fail-if", "images < 3", "--title", "Heard")
    code, said = run(capsys, "report", *given, *gates, "--output", "s.html")
    assert code == 3 and "The model takes series: this is the report of series." in said and "of 2 series" in said
    assert "2 WAV files, mono, 100 values a second" in said and "Stopped by --fail-if images < 3: it is 2" in said
    told = json.loads(Path("told.json").read_text())
    assert told["about"]["classes"] == ["calm", "storm"] and told["about"]["files"] == ["calm/a.wav", "storm/a.wav"]
    assert list(told["trust"]["trust"]["methods"]) == ["HiResCAM"] and "featurelens trust" in told["trust"]["command"]
    assert "<title>Heard</title>" in Path("s.html").read_text() and "testing the maps" not in said


def test_a_folder_of_arrays_for_each_class(capsys):
    for name in ("calm", "storm"):
        (Path("arrays") / name).mkdir(parents=True)
        np.save(Path("arrays") / name / "a.npy", np.ones(24, np.float32))
    code, said = run(capsys, "evaluate", "series.keras", "--data", "arrays")
    assert code == 0 and "accuracy 50.00%" in said
