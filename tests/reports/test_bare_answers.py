"""Several numbers without an activation: taken as logits of classes only with a word, or where something names the classes."""

from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest
from hand_set_models import random_cnn

from featurelens.interpret import declare_task
from featurelens.reports import explain, write_report
from featurelens.reports.explanation import Picture, explained_image
from featurelens.scripts.cli import main
from featurelens.scripts.options.methods import usual_methods

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
TOLD = "they are taken as the logits of 3 classes"


@pytest.fixture
def bare() -> keras.Model:
    return random_cnn(0, head=None)


def remarks(model: keras.Model, names: tuple[str, ...] | None = None) -> str:
    pixels = np.random.default_rng(0).random((6, 6, 2), dtype=np.float32)
    return " ".join(explained_image(model, Picture(pixels, class_names=names), usual_methods(None))[1])


def test_it_is_said_where_nothing_names_the_classes(bare):
    assert TOLD in remarks(bare) and "--task regression" in remarks(bare)


def test_it_is_not_said_of_classes_with_names_nor_of_a_softmax(bare):
    assert TOLD not in remarks(bare, ("a", "b", "c"))
    assert TOLD not in remarks(random_cnn(0))


def test_a_regression_that_was_declared_has_no_class_and_no_probability(bare):
    declare_task(bare, "regression")
    pixels = np.random.default_rng(0).random((6, 6, 2), dtype=np.float32)
    shown, told = explained_image(bare, Picture(pixels), usual_methods(None))
    assert TOLD not in " ".join(told)
    assert all(name.startswith("answer") for name in shown.class_names) and np.isnan(shown.probabilities).all()
    np.testing.assert_allclose(
        [float(answer.split(" is ")[1]) for answer in shown.answers],
        bare.predict(pixels[np.newaxis], verbose=0)[0],
        rtol=1e-3,
    )


def test_inspect_says_it(bare, tmp_path, capsys):
    keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]).save(tmp_path / "m.keras")
    with pytest.raises(SystemExit):
        main(["inspect", str(tmp_path / "m.keras")])
    assert "nothing in the model tells classes from quantities" in " ".join(capsys.readouterr().out.split())


def test_the_report_of_pictures_without_labels_says_it(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(3)])
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8), 40 * number, np.uint8))
    page = write_report(model, tmp_path, tmp_path / "p.html", trust_images=0).read_text()
    assert TOLD in page


def test_in_python_too(bare):
    pixels = np.random.default_rng(0).random((6, 6, 2), dtype=np.float32)
    assert TOLD in explain(bare, pixels)._repr_html_()
