"""The report for programs: figures and arrays of a small model, held against the model itself, and read back."""

import json

import numpy as np
import pytest
from hand_set_models import random_cnn

from featurelens.interpret import HiResCAM
from featurelens.models import Dataset
from featurelens.reports import write_report
from featurelens.reports.files.report_files import VERSION, read_report

COUNT = 60


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    images = np.random.default_rng(0).random((COUNT, 6, 6, 2), np.float32)
    dataset = Dataset(images, np.arange(COUNT) % 3, ("a", "b", "</script>"), "made")
    model = random_cnn(3)
    write_report(
        model,
        dataset,
        folder / "r.html",
        json=folder / "r.json",
        arrays=folder / "r.npz",
        trust_images=4,
        trust_budget=400,
    )
    return folder, model, dataset


def test_the_answers_are_the_models(written):
    folder, model, dataset = written
    found = read_report(folder / "r.json")
    answers = np.asarray(model(dataset.images))
    assert found["version"] == VERSION and found["arrays"] == "r.npz"
    assert found["answers"]["true"] == dataset.labels.tolist()
    assert found["answers"]["predicted"] == answers.argmax(axis=1).tolist()
    np.testing.assert_allclose(found["answers"]["probability"], answers.max(axis=1), atol=2e-6)
    np.testing.assert_allclose(found["answers"]["of_true"], answers[np.arange(COUNT), dataset.labels], atol=2e-6)


def test_every_section_is_there_and_the_json_is_strict(written):
    folder, *_ = written
    text = (folder / "r.json").read_text(encoding="utf-8")
    found = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    for section in ("model", "soundness", "exploration", "performance", "screening", "trust", "mistakes", "reasons"):
        assert section in found
    assert found["about"]["classes"] == ["a", "b", "</script>"] and len(found["about"]["weights"]) == 64
    assert all({"sentence", "severity", "number", "anchor"} <= finding.keys() for finding in found["findings"])


def test_the_arrays_are_the_maps_by_image_number(written):
    folder, model, dataset = written
    with np.load(folder / "r.npz", allow_pickle=False) as arrays:
        numbers, contrast = arrays["mistakes.numbers"], arrays["mistakes.contrast"]
        pictures = arrays["mistakes.pictures"]
        names = set(arrays)
    said = np.asarray(model(dataset.images)).argmax(axis=1)
    assert set(numbers) == set(np.flatnonzero(said != dataset.labels))
    expected = HiResCAM(model)(dataset.images[numbers], said[numbers], dataset.labels[numbers])
    np.testing.assert_allclose(contrast, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(pictures, dataset.images[numbers])
    assert {"mistakes.grad_cam.0", "mistakes.grad_cam.1", "mistakes.saliency.0"} <= names


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda found: [], "of another kind"),
        (lambda found: {**found, "format": "other"}, "of another kind"),
        (lambda found: {**found, "version": 99}, "version 99"),
        (lambda found: {**found, "answers": {}}, "answers are missing"),
        (lambda found: {**found, "answers": {**found["answers"], "true": [0]}}, "unequal length"),
        (lambda found: {**found, "answers": {**found["answers"], "true": [7] * COUNT}}, "none of its 3 classes"),
        (lambda found: {**found, "about": None}, "answers are missing"),
    ],
)
def test_other_files_are_refused(written, tmp_path, change, remedy):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(change(json.loads((written[0] / "r.json").read_text()))))
    with pytest.raises(ValueError, match=remedy):
        read_report(path)


@pytest.mark.parametrize(("text", "remedy"), [(None, "cannot be read"), ("{", "not JSON")])
def test_no_file_and_no_json_are_refused(tmp_path, text, remedy):
    path = tmp_path / "other.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match=remedy):
        read_report(path)
