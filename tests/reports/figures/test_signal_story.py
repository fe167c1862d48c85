"""A series is explained as a curve with its evidence, a volume as slices; what is drawn are the numbers of the maps."""

import base64
import re

import cv2
import keras
import numpy as np
import pytest
from planted_signals import planted

from featurelens.models import Signals, evaluate, open_signals
from featurelens.reports import explain, write_report
from featurelens.reports.drawing.signal_form import SignalForm, along_axis, shown_slices, thinned

AT = {(24,): (slice(6, 10),), (9, 6, 8): (slice(5, 7), slice(2, 4), slice(1, 5))}
METHODS = ("hirescam", "occlusion")


def signals(sizes, **more):
    values = np.random.default_rng(0).random((4, *sizes, 1), dtype=np.float32) + 0.1
    return Signals(values, np.array([0, 1, 0, 1]), ("yes", "no"), "made", **more)


@pytest.fixture(scope="module")
def stories():
    """One of each kind, explained."""
    told = {}
    for sizes, at in AT.items():
        steps = (0.5,) if len(sizes) == 1 else (2.0, 1.0, 1.0)
        data = signals(sizes, steps=steps, unit="s" if len(sizes) == 1 else "mm")
        told[sizes] = explain(planted(sizes, at), data[0], methods=METHODS)
    return told


@pytest.fixture(params=AT)
def story(request, stories):
    return request.param, stories[request.param]


def test_the_maps_are_the_evidence_of_each_place(story):
    sizes, told = story
    expected = np.zeros(sizes, np.float32)
    expected[AT[sizes]] = signals(sizes).images[0][AT[sizes]][..., 0]
    np.testing.assert_allclose(told.maps["HiResCAM"], expected, atol=1e-5)
    assert told.maps["Occlusion"].shape == sizes
    assert told.shown.class_names == ("yes", "no") and told.shown.true == 0


def test_the_curve_of_the_evidence_is_drawn_in_its_unit_and_time(stories):
    data, figure = signals((24,)), stories[(24,)].plot.figure
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles[0] == "signal, true class: yes" and [t for t in titles[1:] if t] == ["HiResCAM", "Occlusion"]
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_ydata(), data.images[0, :, 0])
    np.testing.assert_allclose(line.get_xdata(), np.arange(24) * 0.5)
    shown = next(axis for axis in figure.axes if axis.get_title(loc="left") == "HiResCAM")
    outline = shown.collections[0].get_paths()[0].vertices  # the area for the class
    assert outline[:, 1].max() == pytest.approx(data.images[0, 6:10, 0].max(), rel=1e-4)
    inside = outline[outline[:, 1] > 0.05, 0]
    assert (inside.min(), inside.max()) == (3.0, 4.5)  # steps 6 to 9, of half a second
    assert "time (s)" in {axis.get_xlabel() for axis in figure.axes}
    assert "4 steps covered" in " ".join(axis.get_title(loc="right") for axis in figure.axes)


def test_the_slices_hold_the_strongest_one_and_say_where_they_are(stories):
    figure = stories[(9, 6, 8)].plot.figure
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert len(titles) == 5 and any(title in ("slice 6 of 9, 10 mm", "slice 7 of 9, 12 mm") for title in titles)
    pictures = [axis for axis in figure.axes if axis.images]
    assert len(pictures) == 5 * 3  # the volume and two methods
    said = " ".join(text.get_text() for axis in figure.axes for text in axis.texts)
    assert "HiResCAM" in said and "4 × 4 × 4 voxels covered" in said and "true class: yes" in said


def test_both_are_written_as_files_and_told_in_words(story, tmp_path):
    told = story[1]
    assert told.save(tmp_path / "a.svg").stat().st_size > 5000
    assert "HiResCAM" in told.plot.description
    assert "<img" in told._repr_html_() and len(told._repr_html_()) < 200_000


def test_a_cell_has_every_slice_of_a_volume_with_its_maps(stories):
    shown = stories[(9, 6, 8)]._repr_html_()
    tiles = re.findall(r'<img src="data:image/jpeg;base64,([^"]+)" alt="(slice [^"]+)"', shown)
    assert [said for _, said in tiles] == [f"slice {n} of 9, {2 * n - 2} mm" for n in range(1, 10)]
    colours = []
    for encoded, _ in tiles:
        pixels = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR).astype(int)
        assert pixels.shape == (84, 3 * (112 + 4), 3)  # the volume and two methods
        colours.append(np.ptp(pixels[:, 116:228], axis=2).max())  # of HiResCAM: grey where nothing speaks
    assert max(colours[:5] + colours[7:]) < 40 < min(colours[5:7]), "evidence is in slices 6 and 7 alone"
    assert re.search(
        r"Scroll for the next slice; the most evidence by HiResCAM lies in slice [67] of 9, \d+ mm\.", shown
    )
    assert "Scroll" not in stories[(24,)]._repr_html_()


def test_arrays_and_files_are_taken_too(tmp_path):
    model, values = planted((24,), AT[(24,)]), signals((24,)).images
    np.save(tmp_path / "one.npy", values[:1, :, 0])
    expected = explain(model, values[0], methods=["hirescam"]).maps["HiResCAM"]
    found = explain(model, tmp_path / "one.npy", methods=["hirescam"]).maps["HiResCAM"]
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match=r"one series or volume, of the axes \(B, T, C\)"):
        explain(model, values)


def test_channels_beyond_the_fourth_are_counted_and_not_drawn():
    import keras

    model = keras.Sequential(
        [
            keras.Input((24, 6)),
            keras.layers.Conv1D(2, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    figure = explain(
        model, np.random.default_rng(0).random((24, 6), dtype=np.float32), methods=["saliency"]
    ).plot.figure
    assert figure.axes[0].get_title(loc="left") == "signal, 6 channels, of which the first 4 are drawn"
    assert len(figure.axes[0].lines) == 4


def test_series_are_refused_for_a_model_of_pictures_with_what_takes_them():
    model, data = planted((24,), AT[(24,)]), signals((24,))
    pictures = keras.Sequential([keras.Input((24, 1, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match=r"open_signals\(source, model=model\): write_report, explain"):
        write_report(pictures, data, "never.html")
    assert evaluate(model, data, head="linear").accuracy == 0.5  # the model says 'yes' to all
    assert open_signals((data.images, data.labels), model=model).kind == "series"


def test_a_map_along_an_axis_and_a_line_made_thin():
    np.testing.assert_allclose(along_axis(np.array([[0.0, 4.0]]), 4, axis=1), [[0, 1, 3, 4]])
    places, values = np.arange(10_000.0), np.zeros(10_000)
    values[7321], values[40] = 5, -3
    thin_places, thin = thinned(places, values, 100)
    assert len(thin) <= 100 and thin.max() == 5 and thin.min() == -3
    assert thin_places[thin.argmax()] == 7321
    assert thinned(places[:50], values[:50], 100)[1] is not None


def test_slices_are_spread_evenly_where_nothing_is_strongest():
    assert shown_slices(np.zeros(10), 5) == [1, 3, 5, 7, 9]
    assert shown_slices(np.arange(3.0), 5) == [0, 1, 2]
    assert shown_slices(np.eye(1, 20, 19)[0], 4) == [2, 7, 12, 19]


def test_words_of_a_place():
    assert SignalForm().axis_words(0) == "step" and SignalForm(steps=(0.1,), unit="s").axis_words(0) == "time (s)"
    assert SignalForm().slice_words(3, 9) == "slice 4 of 9"
