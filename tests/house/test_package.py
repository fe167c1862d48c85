"""The package as it is imported and installed: three subpackages on demand, a version, and its types."""

import importlib.metadata
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import featurelens

ROOT = Path(__file__).parent.parent.parent
VERSION = importlib.metadata.version("featurelens")


def run(*arguments: str, folder: Path) -> str:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_the_subpackages_are_imported_when_they_are_first_used(tmp_path):
    code = (
        "import sys, featurelens\n"
        "assert {'interpret', 'models', 'reports', '__version__'} <= set(dir(featurelens))\n"
        "print(sorted({'numpy', 'featurelens.interpret', 'featurelens.models', 'featurelens.reports'} & set(sys.modules)))\n"
        "print(featurelens.interpret.GradCAM.__name__, featurelens.models.Dataset.__name__)\n"
        "print(featurelens.reports.write_report.__name__, featurelens.__version__, 'tensorflow' in sys.modules)\n"
    )
    assert run("-c", code, folder=tmp_path).split() == ["[]", "GradCAM", "Dataset", "write_report", VERSION, "False"]


def test_the_tests_are_of_the_package_that_is_installed(tmp_path):
    assert run("-c", "import featurelens; print(featurelens.__file__)", folder=tmp_path).strip() == featurelens.__file__


def test_help_of_a_subpackage_lists_its_methods(tmp_path):
    said = run("-c", "import featurelens; help(featurelens.interpret)", folder=tmp_path)
    assert "Which places of a layer speak for the class?" in said


def test_a_name_that_is_not_there_says_what_is():
    with pytest.raises(
        AttributeError, match=r"no attribute 'interprets'\. It has interpret, models, reports and __version__"
    ):
        featurelens.interprets  # noqa: B018


@pytest.mark.parametrize(
    "arguments", [("-m", "featurelens"), ("-m", "featurelens.scripts.cli"), (str(ROOT / "scripts/cli.py"),)]
)
def test_the_version_and_the_help_are_there_however_it_is_called(arguments, tmp_path):
    assert run(*arguments, "--version", folder=tmp_path).strip() == f"featurelens {VERSION}"
    assert "Usage: featurelens" in run(*arguments, "--help", folder=tmp_path)


def test_every_folder_of_modules_is_installed_with_its_types():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    tops = ("course", "interpret", "models", "reports", "scripts")
    folders = {path.parent for top in tops for path in (ROOT / top).rglob("*.py")} - {ROOT / "course" / "lessons"}
    packages = {
        "featurelens",
        *(f"featurelens.{folder.relative_to(ROOT).as_posix().replace('/', '.')}" for folder in folders),
    }
    assert set(settings["packages"]) == packages
    assert settings["package-dir"]["featurelens"] == "."
    assert "py.typed" in settings["package-data"]["featurelens"] and (ROOT / "py.typed").is_file()
