"""Series and volumes out of files, held against what TensorFlow, nibabel and NumPy read; what does not fit is refused."""

import importlib.util
import wave

import keras
import numpy as np
import pytest
import tensorflow as tf

from featurelens.models import Signals, evaluate, open_signals
from featurelens.models.formats.places.scans import read_scan
from featurelens.models.formats.places.sounds import read_wav

DRAW = np.random.default_rng(0)
layers = keras.layers


def model_of(*shape, kind=layers.Conv1D):
    return keras.Sequential([keras.Input(shape), kind(2, 1), layers.Flatten(), layers.Dense(2, activation="softmax")])


def write_wav(path, values, *, rate=100, width=2):
    """Whole numbers [L,C] as PCM."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((values.shape[1], width, rate, 0, "NONE", ""))
        file.writeframes(b"".join(int(v).to_bytes(width, "little", signed=width > 1) for v in values.ravel()))


def scan(values, path, zooms=(1, 2, 3)):
    nibabel = pytest.importorskip("nibabel")
    made = nibabel.Nifti1Image(values, np.diag([*zooms, 1]))
    nibabel.save(made, path)


# --- single files -------------------------------------------------------------------------------------------------


def test_sixteen_bits_are_what_tensorflow_decodes(tmp_path):
    values = DRAW.integers(-(2**15), 2**15, (50, 2))
    write_wav(tmp_path / "a.wav", values)
    found, rate = read_wav(tmp_path / "a.wav")
    expected = tf.audio.decode_wav((tmp_path / "a.wav").read_bytes()).audio.numpy()
    np.testing.assert_array_equal(found, expected)
    assert rate == 100


@pytest.mark.parametrize(
    ("width", "stored", "expected"),
    [
        (1, [0, 128, 192], [-1, 0, 0.5]),
        (3, [-(2**23), 0, 2**22], [-1, 0, 0.5]),
        (4, [-(2**31), 0, 2**30], [-1, 0, 0.5]),
    ],
)
def test_other_widths_by_hand(width, stored, expected, tmp_path):
    write_wav(tmp_path / "a.wav", np.array(stored)[:, np.newaxis], width=width)
    assert read_wav(tmp_path / "a.wav")[0][:, 0].tolist() == expected


def test_a_damaged_sound_is_refused(tmp_path):
    write_wav(tmp_path / "a.wav", np.zeros((50, 1), int))
    whole = (tmp_path / "a.wav").read_bytes()
    for content, told in ((whole[:80], "Received 18"), (b"RIFFnothing", "PCM"), (b"", "PCM")):
        (tmp_path / "b.wav").write_bytes(content)
        with pytest.raises(ValueError, match=told):
            read_wav(tmp_path / "b.wav")
    floats = bytearray(whole)
    floats[20] = 3  # the format of real numbers
    (tmp_path / "b.wav").write_bytes(bytes(floats))
    with pytest.raises(ValueError, match=r"unknown format.*ffmpeg"):
        read_wav(tmp_path / "b.wav")


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_scan_is_what_nibabel_reads(ending, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    values = DRAW.integers(-100, 100, (3, 4, 5)).astype(np.int16)
    scan(values, tmp_path / f"a{ending}")
    found, spacing = read_scan(tmp_path / f"a{ending}")
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(found, nibabel.load(tmp_path / f"a{ending}").get_fdata())
    assert spacing == (1, 2, 3)
    raw = (tmp_path / f"a{ending}").read_bytes()
    for content in (raw[: len(raw) // 2], b"no scan"):
        (tmp_path / f"b{ending}").write_bytes(content)
        with pytest.raises(ValueError, match="Check that it is whole"):
            read_scan(tmp_path / f"b{ending}")


def test_a_header_that_claims_more_than_is_taken_is_refused_before_memory_is(tmp_path):
    pytest.importorskip("nibabel")
    scan(np.zeros((3, 4, 5), np.int16), tmp_path / "a.nii")
    raw = bytearray((tmp_path / "a.nii").read_bytes())
    raw[42:48] = np.array([32000, 32000, 32000], "<i2").tobytes()
    (tmp_path / "b.nii").write_bytes(bytes(raw))
    with pytest.raises(ValueError, match="Expected at most"):
        read_scan(tmp_path / "b.nii")


def test_without_nibabel_a_scan_is_refused_by_its_name(tmp_path, monkeypatch):
    (tmp_path / "a.nii").write_bytes(b"x")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"package nibabel.*pip install .featurelens\[volumes\]"):
        open_signals(tmp_path / "a.nii")


# --- sets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "kind", "taken"),
    [
        ((6, 16), "series", (6, 16, 1)),
        ((6, 16, 2), "series", (6, 16, 2)),
        ((6, 3, 4, 5), "volumes", (6, 3, 4, 5, 1)),
        ((6, 3, 4, 5, 2), "volumes", (6, 3, 4, 5, 2)),
    ],
)
def test_arrays_and_files_of_arrays(shape, kind, taken, tmp_path):
    values, labels = DRAW.normal(size=shape), np.array([0, 1, 2] * 2)
    np.savez(tmp_path / "set.npz", x=values, y=labels, class_names=np.array(["a", "b", "c"]))
    np.save(tmp_path / "images.npy", values)
    np.save(tmp_path / "labels.npy", labels)
    for source in (
        (values, labels),
        tmp_path / "set.npz",
        tmp_path / "images.npy",
        f"{tmp_path}/images.npy,{tmp_path}/labels.npy",
    ):
        found = open_signals(source)
        assert (found.kind, found.images.shape, found.labels.tolist()) == (kind, taken, labels.tolist())
        np.testing.assert_array_equal(found.images.ravel(), values.astype(np.float32).ravel())
    assert open_signals(tmp_path / "set.npz").class_names == ("a", "b", "c")
    assert open_signals(values).labels is None


def test_the_model_tells_whether_there_is_a_channel():
    flat = DRAW.normal(size=(4, 16))
    with_channel, without = model_of(16, 1), keras.Sequential([keras.Input((16,)), layers.Dense(2)])
    assert open_signals(flat, model=with_channel).images.shape == (4, 16, 1)
    found = open_signals(flat[..., np.newaxis], model=without)
    assert (found.images.shape, found.has_channel, found.sizes) == ((4, 16), False, (16,))


@pytest.mark.parametrize(
    ("shape", "wanted", "told"),
    [
        ((4, 12), (16, 1), r"\(16, 1\).*Received \[12\].*fit='pad'"),
        ((4, 2, 16), (16, 2), "channels first"),
        ((4, 3, 4, 5), (3, 4, 6, 1), "Resample"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(shape, wanted, told):
    kind = layers.Conv1D if len(wanted) == 2 else layers.Conv3D
    with pytest.raises(ValueError, match=told):
        open_signals(np.zeros(shape), model=model_of(*wanted, kind=kind))


def test_padding_cuts_off_or_fills_up_and_only_when_asked(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(1, 12)
    for length in (16, 8):
        found = open_signals(values, model=model_of(length, 1), fit="pad").images[0, :, 0]
        assert found.tolist() == [*range(min(length, 12)), *[0] * (length - 12)]
    for name, length in (("a", 5), ("b", 7)):
        write_wav(tmp_path / f"{name}.wav", np.full((length, 1), 2**14))
    with pytest.raises(ValueError, match=r"\[5, 1\] in 'a.wav' and \[7, 1\].*--fit pad"):
        open_signals(tmp_path)
    assert open_signals(tmp_path, fit="pad").images[0, :, 0].tolist() == [*[0.5] * 5, 0, 0]
    assert open_signals(tmp_path, model=model_of(6, 1), fit="pad").images[1, :, 0].tolist() == [0.5] * 6
    with pytest.raises(ValueError, match="Expected fit None or 'pad'"):
        open_signals(values, fit="stretch")


def test_a_folder_per_class_of_sounds(tmp_path):
    for name in ("storm/a", "storm/b", "calm/a"):
        write_wav(tmp_path / f"{name}.wav", DRAW.integers(-99, 99, (20, 1)))
    found = open_signals(tmp_path)
    assert (found.class_names, found.labels.tolist()) == (("calm", "storm"), [0, 1, 1])
    assert found.names == ("calm/a.wav", "storm/a.wav", "storm/b.wav")
    assert (found.steps, found.unit) == ((0.01,), "s")
    turned = open_signals(tmp_path, class_names=["storm", "calm"])
    assert (turned.class_names, turned.labels.tolist()) == (("storm", "calm"), [1, 0, 0])
    with pytest.raises(ValueError, match="rain"):
        open_signals(tmp_path, class_names=["storm", "rain"])


def test_a_folder_of_scans_and_one_of_both(tmp_path):
    scan(np.ones((3, 4, 5), np.float32), tmp_path / "a.nii")
    scan(np.zeros((3, 4, 5), np.float32), tmp_path / "b.nii.gz")
    found = open_signals(tmp_path)
    assert (found.images.shape, found.steps, found.unit, found.labels) == ((2, 3, 4, 5, 1), (1, 2, 3), "mm", None)
    scan(np.zeros((3, 4, 5), np.float32), tmp_path / "c.nii", zooms=(1, 1, 1))
    with pytest.raises(ValueError, match=r"one step.*'a.nii'.*'c.nii'"):
        open_signals(tmp_path)
    write_wav(tmp_path / "d.wav", np.zeros((3, 1), int))
    with pytest.raises(ValueError, match="one kind of file"):
        open_signals(tmp_path)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.array([[1.0, np.nan]]), r"finite.*first at index 0"),
        (np.array([["a", "b"]]), "Expected numbers"),
        (np.zeros((0, 4)), "at least one"),
    ],
)
def test_what_is_no_signal_is_refused(values, told):
    with pytest.raises(ValueError, match=told):
        open_signals(values)


def test_a_model_of_pictures_is_sent_to_the_other_door():
    with pytest.raises(ValueError, match="open_dataset"):
        open_signals(np.zeros((2, 8, 8)), model=model_of(8, 8, 1, kind=layers.Conv2D))


def test_files_that_are_none_are_named(tmp_path):
    (tmp_path / "a.txt").write_text("1 2")
    for source, told in ((tmp_path / "a.txt", "np.savez"), (tmp_path, "Received none"), ("lost.wav", "lost.wav")):
        with pytest.raises(ValueError, match=told):
            open_signals(source)


def test_some_of_them():
    found = open_signals((DRAW.normal(size=(5, 8)), [0, 1, 0, 1, 1]))
    assert found[3].labels.tolist() == found[-2].labels.tolist() == [1]
    assert len(found[found.labels == 1]) == 3 and len(found[:2]) == 2
    with pytest.raises(ValueError, match="from 0 to 4"):
        found[7]
    with pytest.raises(ValueError, match="labels from 0 to 0"):
        Signals(found.images, found.labels, ("one",), "test")


def test_how_good_a_model_of_series_is():
    """The class is whether the sum is above 0, and the model says just that, but for one label that is turned."""
    model = keras.Sequential([keras.Input((8, 1)), layers.Flatten(), layers.Dense(2, activation="softmax")])
    model.set_weights([np.stack([-np.ones(8), np.ones(8)], 1), np.zeros(2)])
    values = DRAW.normal(size=(10, 8))
    labels = (values.sum(axis=1) > 0).astype(int)
    labels[0] = 1 - labels[0]
    found = evaluate(model, open_signals((values, labels), model=model))
    assert found.accuracy == pytest.approx(0.9) and found.confusion.sum() == 10
    with pytest.raises(ValueError, match="series with their classes"):
        evaluate(model, open_signals(values, model=model))


def test_a_damaged_sound_costs_that_file_alone(tmp_path):
    for name in ("calm/a", "calm/b", "storm/c", "storm/d"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_wav(tmp_path / f"{name}.wav", np.full((8, 1), 1000), rate=8)
    whole = open_signals(tmp_path)
    assert whole.notes == ("4 WAV files, mono, 8 values a second, 8 values (1 s) each.",) and whole.unreadable == ()
    (tmp_path / "calm" / "b.wav").write_bytes((tmp_path / "calm" / "a.wav").read_bytes()[:50])
    left = open_signals(tmp_path)
    assert left.unreadable == ("calm/b.wav",) and left.names == ("calm/a.wav", "storm/c.wav", "storm/d.wav")
    assert left.labels is not None and left.labels.tolist() == [0, 1, 1] and left.class_names == ("calm", "storm")
    assert left.notes[0].startswith("Left out, as it cannot be read: 'calm/b.wav'. Expected 8 frames")
    (tmp_path / "storm" / "c.wav").write_bytes(b"RIFF")
    (tmp_path / "storm" / "d.wav").write_bytes(b"")
    (tmp_path / "calm" / "a.wav").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"WAV file of whole numbers"):
        open_signals(tmp_path)


def test_stereo_for_a_model_of_one_channel_says_how_it_is_mixed(tmp_path):
    write_wav(tmp_path / "a.wav", np.zeros((8, 2)), rate=8)
    model = keras.Sequential([keras.Input((8, 1)), keras.layers.Conv1D(1, 3)])
    with pytest.raises(ValueError, match=r"2 channels where the model takes one: values.mean"):
        open_signals(tmp_path / "a.wav", model=model)


def test_a_series_for_each_file_of_a_folder_per_class(tmp_path):
    for label, name in enumerate(("calm", "storm")):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "a.npy", np.full(8, label))
    found = open_signals(tmp_path)
    assert found.images.shape == (2, 8, 1) and found.labels is not None and found.labels.tolist() == [0, 1]
