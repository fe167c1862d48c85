"""A script with the public names, checked as strictly as pyright can: what editors tell a user is known and fits."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """# pyright: strict
from featurelens.interpret import METHODS, ActivationExtractor, Explainer, GradCAM, MultiLayerCAM, Saliency
from featurelens.interpret import channels, inspect_model, max_sensitivity, measure_trust, survey_layers
from featurelens.models import Dataset, evaluate, load_model, open_dataset
from featurelens.reports import FeatureMaps, explain, overlay, plot_confusion, plot_layer, plot_map, plot_maps, plot_trust
from featurelens.reports import upsample, write_report

model = load_model("zero_padded_dropout")
data: Dataset = open_dataset("fashion_mnist", model=model)[:10]
maps = GradCAM(model, 5)(data, classes="Shirt")
print(maps.shape, Saliency(model)(data.images, classes=[1, 2]).dtype)
print(ActivationExtractor(model, "conv2")(data)["conv2"].shape, MultiLayerCAM(model)(data)["conv1"].shape)
print(Explainer(model)(data).logits.shape, inspect_model(model).layers[0].name, evaluate(model, data).accuracy)
print(channels(model, data).silent, survey_layers(model, data).layers, data.to_json())
print(max_sensitivity(GradCAM(model), data, "Shirt").largest, measure_trust(model, data, METHODS[:1]).verdicts)
story = explain(model, data[0], versus="Coat", methods=["grad-cam", METHODS[3]])
print(story.maps["Grad-CAM"], story.save("a.png").name)
path = write_report(model, data, sections=["model"], methods=["rise"], classes=["Shirt", 3])
print(path.name, overlay(data[0], maps[0]).shape, upsample(maps, (28, 28)).shape)
ax = plot_map(maps[0], data[0], limits=(0, 1))
print([each.get_title() for each in plot_maps(maps, data)], plot_layer(model, 1, data[0])[0].get_title(), ax.get_title())
print(plot_confusion(evaluate(model, data)).get_title(), plot_trust(measure_trust(model, data, METHODS[:1])).get_title())
print(FeatureMaps(data, "conv1").epochs[0].layers[0].silent)
"""
WRONG = "from featurelens.reports import write_report\nwrite_report(1, 2, sections=3)\nwrite_report(1, 2, sectoins=['model'])\n"


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What pyright says of each script, read in one go: it reads the packages once."""
    folder = tmp_path_factory.mktemp("typed")
    scripts = {"right.py": SCRIPT, "wrong.py": WRONG}
    for name, script in scripts.items():
        (folder / name).write_text(script)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    found = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", *scripts],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
    )
    if "could not be resolved" in found.stdout:
        pytest.skip("pyright does not find the packages of this Python")
    told = json.loads(found.stdout[found.stdout.index("{") :])
    assert told["summary"]["filesAnalyzed"] == 2
    wrong = [each for each in told["generalDiagnostics"] if each["severity"] == "error"]
    return {name: [each["message"] for each in wrong if Path(each["file"]).name == name] for name in scripts}


def test_a_script_with_the_public_names_is_strictly_typed(errors: dict[str, list[str]]) -> None:
    assert errors["right.py"] == []


def test_a_wrong_argument_is_seen(errors: dict[str, list[str]]) -> None:
    assert len(errors["wrong.py"]) == 2, errors["wrong.py"]
