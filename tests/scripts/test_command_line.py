"""The command line as a newcomer uses it: help at once, typos answered, nothing lost."""

import gc
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from featurelens.models import fashion_mnist, load_model
from featurelens.scripts.cli import main
from featurelens.scripts.terminal.saying import say

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sample(tmp_path):
    """Forty test images as a .npz."""
    some = fashion_mnist("test").take(np.arange(40))
    np.savez(tmp_path / "sample.npz", images=(some.images * 255).round().astype(np.uint8), labels=some.labels)
    return "sample.npz"


def refused(capsys, *arguments):
    """The one line that a command ends with."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 1
    written = capsys.readouterr().err.strip().splitlines()
    assert len(written) == 1 and written[0].startswith("Error: ")
    return written[0]


def done(capsys, *arguments):
    """What a command prints when it works."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    return capsys.readouterr().out


def test_letters_that_the_terminal_lacks_become_escapes(monkeypatch):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    with pytest.raises(SystemExit):
        main(["diff", "--help"])
    say("28 × 28")
    terminal.flush()
    assert terminal.buffer.getvalue().endswith(rb"28 \xd7 28" + b"\n")


def test_help_imports_nothing_heavy():
    program = (
        "import sys\nfrom featurelens.scripts.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'cv2', 'sklearn', 'numpy'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    for command in ("report", "train", "evaluate", "inspect", "explain", "benchmark"):
        assert command in found.stdout


@pytest.mark.parametrize(("asked", "runs"), [(None, "1"), ("2", "2")])
@pytest.mark.parametrize("library", ["OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"])
def test_numpy_and_opencv_run_in_one_thread_unless_told(asked, runs, library):
    program = (
        "import os\nfrom featurelens.scripts.cli import main\n"
        f"try:\n    main(['--version'])\nexcept SystemExit: print(os.environ['{library}'])\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != library}
    environment |= {} if asked is None else {library: asked}
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout.split()[-1] == runs


def test_python_collects_garbage_as_before_once_a_command_has_run():
    before = gc.get_threshold()
    with pytest.raises(SystemExit):
        main(["--version"])
    assert gc.get_threshold() == before


@pytest.mark.parametrize("script", ["report", "train", "evaluate", "inspect_model", "explain", "benchmark"])
def test_each_script_runs_by_itself(script):
    found = subprocess.run([sys.executable, SCRIPTS / f"{script}.py", "--help"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "Usage: featurelens" in found.stdout


def test_a_mistyped_command_names_the_nearest(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["explian"])
    assert stopped.value.code == 2
    assert "explain" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ([""], "No such command ''"),
        (["report", "--seed", "99999999999999999999"], "less than or equal to 4294967295"),
        (["train", "three_conv", "--epochs", "0"], "Invalid value for '--epochs'"),
        (["train", "three_conv", "--seed", "-1"], "Invalid value for '--seed'"),
    ],
)
def test_what_no_command_takes_is_wrong_usage(capsys, line, told):
    with pytest.raises(SystemExit) as stopped:
        main(line)
    said = re.sub(r"[\s│]+", " ", capsys.readouterr().err)
    assert stopped.value.code == 2 and told in said


def test_a_benchmark_of_two_things_or_of_none_that_is_named_does_not_start(capsys):
    assert "Received --report, --serve" in refused(capsys, "benchmark", "--report", "--serve")
    for option, value, mode in (
        ("--kinds", "digits:nothing", "--shortcuts"),
        ("--keep", "networks", "--shortcuts"),
        ("--scale-images", "20480", "--scale"),
        ("--photos", "40", "--report"),
    ):
        assert f"Add {mode}, or leave {option} out" in refused(capsys, "benchmark", option, value)


def test_one_model_twice_is_not_two_to_compare(capsys):
    assert "Received residual 2 times." in refused(capsys, "compare", "residual", "residual")
    assert "Received residual alone." in refused(capsys, "compare", "residual")


def test_a_mistyped_task_lists_every_one(capsys):
    said = refused(capsys, "report", "--task", "regresion")
    assert "Expected --task binary, regression, labels or segmentation. Received 'regresion'." in said


def test_a_mistyped_model_lists_the_shipped_ones(capsys):
    assert "zero_padded_dropout" in refused(capsys, "report", "zero_paded_dropout")


def test_a_report_goes_where_it_is_told_and_says_so(capsys, sample):
    out = done(capsys, "report", "--data", sample, "--output", "mine.html", "--trust-images", "0")
    assert "mine.html" in out
    assert Path("mine.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_report_path_that_cannot_be_written_is_found_first(capsys):
    assert "Make it first" in refused(capsys, "report", "--output", "nowhere/report.html")


def test_an_interruption_says_so_and_keeps_the_old_report(capsys, sample, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("featurelens.reports.classification.page_size.report_html", interrupted)
    Path("mine.html").write_text("old")
    with pytest.raises(SystemExit) as stopped:
        main(["report", "--data", sample, "--output", "mine.html", "--trust-images", "0"])
    assert stopped.value.code == 130
    assert "Interrupted. No half-written file is left." in capsys.readouterr().err
    assert Path("mine.html").read_text() == "old"
    assert {path.name for path in Path().iterdir()} == {"sample.npz", "mine.html"}


def test_data_of_another_size_say_what_the_model_wants(capsys):
    np.savez("wide.npz", images=np.full((4, 40, 30, 3), 200, np.uint8), labels=np.arange(4))
    message = refused(capsys, "report", "--data", "wide.npz")
    assert "28x28" in message and "40x30" in message and "--resize" in message


def test_an_unknown_source_lists_the_kinds(capsys):
    assert "Did you mean 'fashion_mnist'" in refused(capsys, "report", "--data", "fashion_mnst")


def test_verbose_shows_the_traceback(capsys):
    with pytest.raises(SystemExit):
        main(["report", "--data", "nothing.npz", "--verbose"])
    assert "Traceback" in capsys.readouterr().err


def test_inspect_prints_the_layers_and_draws_one(capsys):
    out = done(capsys, "inspect", "--layer", "conv1", "--image", "3", "--output", "maps.png", "--save", "maps.npz")
    assert "conv2" in out and "proof: softmax(logits)" in out
    assert "0.5, 0.5" in out  # pool1: the middle of the first 2x2 of convolutions centred on pixels 0 and 1
    assert cv2.imread("maps.png").shape[2] == 3
    saved = np.load("maps.npz")
    assert saved["conv1"].shape == (1, 28, 28, 32)
    model = load_model("zero_padded_dropout")
    kernel, bias = (np.asarray(weight) for weight in model.get_layer("conv1").weights)
    padded = np.pad(saved["image"][0, :, :, 0], 1)
    by_hand = max(0.0, float((padded[10:13, 10:13] * kernel[:, :, 0, 5]).sum() + bias[5]))
    assert saved["conv1"][0, 10, 10, 5] == pytest.approx(by_hand, abs=1e-5)


def test_inspect_of_an_unknown_layer_names_the_nearest(capsys):
    assert "Did you mean 'conv1'" in refused(capsys, "inspect", "--layer", "cnov1")
    assert not list(Path().iterdir())


def test_explain_draws_a_class_against_another(capsys):
    out = done(capsys, "explain", "--image", "23", "--class", "shirt", "--versus", "T-shirt/top", "--output", "why.png")
    assert "image 23: Shirt has" in out
    assert cv2.imread("why.png") is not None


def test_a_class_rather_than_itself_is_told(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["explain", "--image", "3", "--versus", "Trouser", "--method", "saliency"])
    assert stopped.value.code == 0 and "Trouser is what the model answers" in capsys.readouterr().err


def test_explain_takes_a_picture_file_only_at_the_models_size_or_when_told(capsys):
    cv2.imwrite("photo.png", np.full((40, 30, 3), 128, np.uint8))
    assert "--resize" in refused(capsys, "explain", "--image", "photo.png")
    assert "photo.png: " in done(capsys, "explain", "--image", "photo.png", "--resize", "--output", "why.svg")
    assert Path("why.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("--image", "10000"), "from 0 to 9999"),
        (("--class", "Shrit"), "Shirt"),
        (("--image", "absent.png"), "absent.png"),
        (("--output", "why.gif"), "Change the ending"),
        (("--layer", "dense1"), "conv2"),
        (("--class", "Shirt", "--versus", "shirt"), "Received 'Shirt' twice"),
    ],
)
def test_explain_refuses_with_the_remedy(capsys, arguments, remedy):
    assert remedy in refused(capsys, "explain", *arguments)
    assert not list(Path().iterdir())


def test_evaluate_has_a_dash_where_a_class_has_no_figure(capsys, tmp_path):
    some = fashion_mnist("test").take(np.flatnonzero(fashion_mnist("test").labels[:40] == 1))
    np.savez(tmp_path / "trousers.npz", images=(some.images * 255).round().astype(np.uint8), labels=some.labels)
    out = done(capsys, "evaluate", "--data", "trousers.npz")
    assert "–" in out and "nan" not in out


def test_evaluate_prints_and_writes(capsys, sample):
    out = done(capsys, "evaluate", "--data", sample, "--output", "figures")
    assert "accuracy" in out and "Ankle boot" in out
    figures = json.loads(Path("figures/evaluation.json").read_text())
    some = fashion_mnist("test").take(np.arange(40))
    answers = np.asarray(load_model("zero_padded_dropout")(some.images)).argmax(axis=1)
    assert figures["accuracy"] == pytest.approx((answers == some.labels).mean())
    assert [entry["image"] for entry in figures["misclassified"]] == np.flatnonzero(answers != some.labels).tolist()
    assert cv2.imread("figures/confusion_matrix.png") is not None


def test_a_file_is_no_folder_for_figures(capsys):
    Path("taken").write_text("")
    assert "Choose another" in refused(capsys, "evaluate", "--output", "taken")
