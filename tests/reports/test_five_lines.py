"""Scripts of five lines, as a user writes them, each run as a program of its own; what it writes is what it says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from featurelens.models import build_model, fashion_mnist
from featurelens.models.model_files.loading import model_path

ROOT = Path(__file__).parents[2]

SCRIPTS = {
    "a report of one's own choice": """
from featurelens.models import load_model, open_dataset
from featurelens.reports import write_report
model = load_model("zero_padded_dropout")
data = open_dataset("fashion_mnist", model=model)[:60]
print(write_report(model, data, sections=["performance", "mistakes"], json="figures.json", trust_images=0))
""",
    "the mistakes as a table": """
from featurelens.models import evaluate, load_model, open_dataset
model = load_model("zero_padded_dropout")
mistakes = evaluate(model, open_dataset("fashion_mnist", model=model)[:100]).mistakes()
print(mistakes.head())
""",
    "why one image rather than another class": """
from featurelens.models import load_model, open_dataset
from featurelens.reports import explain
model = load_model("zero_padded_dropout")
print(explain(model, open_dataset("fashion_mnist", model=model)[23], versus="Shirt").save("why.png"))
""",
    "maps of a layer over their pictures": """
from featurelens.interpret import LayerCAM
from featurelens.models import load_model, open_dataset
from featurelens.reports import plot_maps
model = load_model("zero_padded_dropout"); data = open_dataset("fashion_mnist", model=model)[:5]
plot_maps(LayerCAM(model, "conv1")(data, classes="Shirt"), data, unit="logit")[0].figure.savefig("maps.png")
""",
    "a training with its film": """
from featurelens.models import build_model, open_dataset
from featurelens.reports import FeatureMaps
data, model = open_dataset("fashion_mnist")[:64], build_model("zero_padded_dropout")
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(data.images, data.labels, epochs=1, verbose=0, callbacks=[FeatureMaps(data[:16], "conv1", trust_images=0)])
""",
}
WRITES = {
    "a report of one's own choice": ["featurelens-report.html", "figures.json"],
    "the mistakes as a table": [],
    "why one image rather than another class": ["why.png"],
    "maps of a layer over their pictures": ["maps.png"],
    "a training with its film": ["feature-maps.html"],
}


# each script by itself, in a folder of its own; one program for all of them, as to load TensorFlow takes longer than they do
PROGRAM = """
import json, os, sys
from pathlib import Path
scripts, folder = json.loads(sys.argv[1]), Path.cwd()
for number, script in enumerate(scripts):
    os.chdir(folder / str(number))
    exec(script, {"__name__": "__main__"})
    for stream in (sys.stdout, sys.stderr):
        print(end="\\0", file=stream, flush=True)
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """For each script what it printed, what it complained of, and its folder."""
    place = tmp_path_factory.mktemp("scripts")
    folders = [place / str(number) for number in range(len(SCRIPTS))]
    for folder in folders:
        folder.mkdir()
    words = [sys.executable, "-c", PROGRAM, json.dumps(list(SCRIPTS.values()))]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *told, _ = done.stdout.split("\0")
    *complaints, last = done.stderr.split("\0")
    assert not last.strip()
    return {what: found for what, *found in zip(SCRIPTS, told, complaints, folders, strict=True)}


@pytest.mark.parametrize("what", list(SCRIPTS))
def test_it_runs_quietly_and_writes_what_it_says(what, ran):
    assert len(SCRIPTS[what].strip().splitlines()) <= 5
    told, complaints, folder = ran[what]
    assert not complaints.strip()
    assert sorted(path.name for path in folder.iterdir()) == WRITES[what]
    if what == "a report of one's own choice":
        written = json.loads((folder / "figures.json").read_text("utf-8"))
        assert {"format", "version", "about", "findings", "performance", "mistakes"} <= set(written)
        assert not {"layers", "trust", "causes"} & set(written), "what was not asked for"
    if what == "the mistakes as a table":
        assert "confidence" in told


def test_the_readmes_scripts_run_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.keras").write_bytes(model_path("zero_padded_dropout").read_bytes())
    few = fashion_mnist("test")[:24]
    for number, image in enumerate(few.images):
        folder = tmp_path / "my_images" / f"{few.labels[number]}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(image[..., 0] * 255).astype(np.uint8)).save(folder / f"{number}.png")
    part = (ROOT / "README.md").read_text("utf-8").split("## From Python")[1].split("\n## ")[0]
    scripts = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    known = {"x": few.images, "y": few.labels}
    for script in scripts:
        if "fit(" in script:
            known["model"] = build_model("zero_padded_dropout")
            known["model"].compile("adam", "sparse_categorical_crossentropy")
            known["data"], script = few, script.replace("epochs=5", "epochs=1")
        script = script.replace('"fashion_mnist", model=model)', '"fashion_mnist", model=model)[:24]')
        exec(script, known)
    written = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert written == {"my.keras", "my.html", "my.json", "my.npz", "why.png", "feature-maps.html"}
    assert known["evidence"].shape == (5, 14, 14) and known["activations"]["conv2"].shape == (24, 14, 14, 64)
