"""The direction of the house: models, interpret -> reports -> course -> scripts; and no TensorFlow until a model is needed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MAY_IMPORT = {
    "interpret": {"interpret"},
    "models": {"models"},
    "reports": {"reports", "models", "interpret"},
    "course": {"course", "reports", "models", "interpret"},
    "scripts": {"scripts", "course", "reports", "models", "interpret"},
}
SHARED = {
    "Record",
    "Shown",
    "ask",
    "kinds",
}  # what the package's top, which imports none of the folders, has for all of them


def imported_folders(path: Path, folder: str) -> set[str]:
    """The top-level folders that a module imports from, relatively or by the package's name, also inside functions."""
    depth = len(path.relative_to(ROOT / folder).parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("featurelens.")}
        elif isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            if node.level > depth:
                found.add([name for name in names if name][node.level - depth - 1])
            elif node.level == 0 and names[0] == "featurelens":
                found.add(names[1])
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_no_arrow_runs_back(folder: str) -> None:
    modules = list((ROOT / folder).rglob("*.py"))
    assert modules, "the folder is empty"
    for module in modules:
        back = imported_folders(module, folder) - MAY_IMPORT[folder] - SHARED
        assert not back, f"{module.relative_to(ROOT)} imports from {', '.join(sorted(back))}"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ..models.datasets import Dataset", {"models"}),
        ("from .. import reports", {"reports"}),
        ("def f():\n    import featurelens.scripts.cli", {"scripts"}),
        ("from featurelens.models import load_model", {"models"}),
        ("from featurelens import reports", {"reports"}),
        ("from .tracing import Taps\nimport numpy", set()),
    ],
)
def test_the_walk_sees_an_arrow(
    source: str, expected: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "interpret").mkdir()
    module = tmp_path / "interpret" / "module.py"
    module.write_text(source)
    assert imported_folders(module, "interpret") == expected


def run(code: str, folder: Path, **environment: str) -> str:
    known = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_folder_with_its_own_models_shadows_nothing(tmp_path: Path) -> None:
    for name in ("models", "interpret", "reports", "scripts"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('the wrong one')")
    assert run("from featurelens.interpret import GradCAM; print(GradCAM.__module__)", tmp_path) == (
        "featurelens.interpret.methods.class_activation"
    )


@pytest.mark.parametrize("module", ["featurelens.interpret", "featurelens.models", "featurelens.scripts.cli"])
def test_importing_does_not_start_tensorflow(module: str, tmp_path: Path) -> None:
    loaded = f"import {module}, sys; print([n for n in ('tensorflow', 'keras', 'tf_keras') if n in sys.modules])"
    assert run(loaded, tmp_path) == "[]"
