"""The house as it is drawn: which hall may import which, no circle, no crowded hall, nothing missing from the wheel."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("interpret", "models", "reports", "scripts")
MOST_MODULES = 13

# Halls and single files from left to right: each imports only what stands to its left, or its own kind. A set holds
# neighbours that do not import each other. What is not named here stands behind all that is.
ORDER: dict[str, list[set[str]]] = {
    "interpret": [
        {"progress", "arguments", "intervals", "maps", "graph"},
        {"tracing"},
        {"given"},
        {"methods"},
        {"stream"},
        {"layers", "pixel_removal", "sanity", "reference"},
        {"dissection", "trust", "shortcuts"},
    ],
    "models": [
        {
            "known_names",
            "opencv",
            "file_limits",
            "registry",
            "visible_text",
            "forward_pass",
            "keras_backend",
            "remote_files",
        },
        {"json_files", "records", "quiet_start", "signals", "truth"},
        {"datasets", "networks", "model_files"},
        {"formats", "evaluation", "screening"},
        {"training"},
    ],
    "reports": [
        {"drawing", "evidence", "free_memory"},
        {"html", "plots"},
        {"sections", "files", "explanation"},
        {"figures"},
        {"notebook"},
        {"report_choice"},
        {"store", "unlabelled", "tasks"},
        {"classification", "regression", "several_labels", "segmentation", "signals"},
        {"report_request"},
        {"report_kinds"},
        {"report", "data_page", "comparison"},
    ],
    "scripts": [{"terminal"}, {"options"}, {"serving", "benchmarks"}],
}


def modules(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> Iterator[Path]:
    """The files of the project that a file imports, also inside functions; names of a package lead to its `__init__`."""
    here = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("featurelens."):
                    yield _file(tuple(alias.name.split(".")[1:]))
        elif isinstance(node, ast.ImportFrom):
            named = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                start = (*here[: len(here) - node.level + 1], *named)
            elif named[:1] == ("featurelens",):
                start = named[1:]
            else:
                continue
            for alias in node.names:
                found = _file((*start, alias.name)) if start else _file((alias.name,))
                yield found if found.exists() else _file(start)


def _file(parts: tuple[str, ...]) -> Path:
    folder = ROOT.joinpath(*parts)
    return folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")


def hall(path: Path) -> tuple[str, str]:
    """The package, and the folder or the file directly below it."""
    package, first, *_ = path.relative_to(ROOT).with_suffix("").parts
    return package, first


def rank(path: Path) -> int:
    package, first = hall(path)
    order = ORDER[package]
    return next((place for place, halls in enumerate(order) if first in halls), len(order))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_hall_imports_only_what_stands_to_its_left(package: str) -> None:
    for path in modules(package):
        for other in imports_of(path):
            if not other.exists() or other.name == "__init__.py" or hall(other)[0] != package:
                continue
            if hall(other) == hall(path) or (path.parent == ROOT / package and path.name in ("__init__.py", "cli.py")):
                continue
            shown = f"{path.relative_to(ROOT)} imports {other.relative_to(ROOT)}"
            assert rank(other) <= rank(path), shown
            assert rank(other) < rank(path) or not _keeps_apart(path, other), shown


def _keeps_apart(path: Path, other: Path) -> bool:
    """Folders of one rank do not import each other; single files of one rank may (a command and its part)."""
    return (path.parent != ROOT / hall(path)[0]) and (other.parent != ROOT / hall(other)[0])


def test_the_walk_follows_relative_names_and_functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_halls.ROOT", tmp_path)
    for name in ("interpret/maps/state", "interpret/tracing/inputs", "models/opencv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.py").write_text("")
    path = tmp_path / "interpret/maps/state.py"
    path.write_text("def late():\n    from ..tracing.inputs import Arrays\nfrom ...models import opencv\n")
    assert {found.relative_to(tmp_path).as_posix() for found in imports_of(path)} == {
        "interpret/tracing/inputs.py",
        "models/opencv.py",
    }
    assert rank(tmp_path / "interpret/tracing/inputs.py") > rank(path)


def test_no_file_imports_itself_by_a_detour() -> None:
    edges = {
        path: {other for other in imports_of(path) if other.exists() and other.name != "__init__.py"}
        for package in PACKAGES
        for path in modules(package)
        if path.name != "__init__.py"
    }
    while edges:
        free = {path for path, others in edges.items() if not others & edges.keys()}
        assert free, f"a circle among {', '.join(sorted(str(path.relative_to(ROOT)) for path in edges))}"
        edges = {path: others for path, others in edges.items() if path not in free}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_hall_is_crowded(package: str) -> None:
    for folder in {path.parent for path in modules(package)}:
        held = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert len(held) <= MOST_MODULES, f"{folder.relative_to(ROOT)} holds {len(held)} modules: {', '.join(held)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folders_contents_are_listed_where_it_is_entered(package: str) -> None:
    for folder in {path.parent for path in modules(package)} - {ROOT / package}:
        contents = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
        listed = re.findall(r"^(\w+) {2,}", contents, re.MULTILINE)
        held = [path.stem for path in folder.glob("*.py") if path.name != "__init__.py"]
        assert sorted(listed) == sorted(held), f"the contents of {folder.relative_to(ROOT)} are not those of the folder"
        starts = {len(entry) for entry in re.findall(r"^\w+/? {2,}", contents, re.MULTILINE)}
        assert len(starts) <= 1, f"the contents of {folder.relative_to(ROOT)} are not aligned"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_or_module_bears_a_name_that_its_package_exports(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    exported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    held = {path.stem for path in (ROOT / package).iterdir()}
    assert not exported & held


def test_every_folder_is_in_the_wheel() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {path.parent for package in PACKAGES for path in modules(package)}
    named = {"featurelens." + ".".join(folder.relative_to(ROOT).parts) for folder in folders} | {"featurelens.course"}
    assert set(settings["packages"]) - {"featurelens"} == named
    without_init = [folder for folder in folders if not (folder / "__init__.py").exists()]
    assert not without_init
