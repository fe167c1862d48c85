"""The pages of docs/ are true: samples run, commands and options exist, links lead somewhere, verdicts are of these weights."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image
from snapshots import command_line

from featurelens.interpret import METHODS
from featurelens.models import fashion_mnist, load_model
from featurelens.models.model_files.loading import SHIPPED_FOLDER, model_path
from featurelens.models.model_files.weights import weights_fingerprint
from featurelens.reports.sections.section import VIEWS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if not path.name.startswith("lesson_"))
GUIDE = sorted((DOCS / "guide").glob("*.md"))
INCLUDED = re.compile(
    r'```\{include\} (\S+)\n(?::relative-docs: docs/\n)?:start-after: "(.+)"\n(?::end-before: "(.+)"\n)?```'
)
MEASURED = json.loads((DOCS / "measured" / "verdicts.json").read_text("utf-8"))


def named(pages):
    return [pytest.param(path, id=path.relative_to(DOCS).as_posix()) for path in pages]


def samples(path: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the samples take for granted: my.keras with its card, and my_images/."""
    made = tmp_path_factory.mktemp("reader")
    for ending in (".keras", ".json"):
        kept = model_path("zero_padded_dropout").with_suffix(ending)
        (made / f"my{ending}").write_bytes(kept.read_bytes())
    few = fashion_mnist("test")[:40]
    for number, image in enumerate(few.images):
        place = made / "my_images" / f"{few.labels[number]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(image[..., 0] * 255).astype(np.uint8)).save(place / f"{number}.png")
    return made


@pytest.mark.parametrize("page", named(path for path in (DOCS / "start.md", *GUIDE) if samples(path)))
def test_the_samples_of_a_page_run_in_their_order(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    known: dict[str, object] = {}
    for sample in samples(page):
        exec(sample, known)
    plt.close("all")


def commands(text: str):
    """Each `featurelens ...` that a reader may type: between backticks, in fences, and in indented lines."""
    typed = re.sub(r"\\\n\s*", " ", text)
    for line in re.findall(r"(?:`|^ {4,}|&& |^\s*- run: )(featurelens [^`\n]+)", typed, re.MULTILINE):
        for one in line.split("&&"):
            if one.strip().startswith("featurelens "):
                yield one.split(" # ")[0].strip()


@pytest.mark.parametrize("page", named(PAGES))
def test_commands_and_their_options_exist(page):
    known = command_line()
    for command in commands(page.read_text("utf-8")):
        _, name, *words = shlex.split(command)
        assert name in known or name == "COMMAND", command
        options = {word for spelled in known.get(name, {"options": {}})["options"] for word in spelled.split(", ")}
        wrong = [word for word in words if word.startswith("--") and word not in options | {"--help"}]
        assert not wrong, command


def test_a_wrong_option_would_be_seen():
    assert list(
        commands("x `featurelens report --tilte a` and\n\n    pip install . && featurelens trust m --data d\n")
    ) == [
        "featurelens report --tilte a",
        "featurelens trust m --data d",
    ]


@pytest.mark.parametrize("page", named(PAGES))
def test_links_and_pictures_lead_to_files(page):
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        assert target.startswith("https://") or (page.parent / target).resolve().is_file(), target
    assert not re.search(r"!\[\]\(", text), "a picture without words"


@pytest.mark.parametrize("page", named(path for path in PAGES if "{include}" in path.read_text("utf-8")))
def test_what_is_included_is_there(page):
    text = page.read_text("utf-8")
    for source, start, end in INCLUDED.findall(text):
        whole = (page.parent / source).resolve().read_text("utf-8")
        start, end = (mark.replace("\\n", "\n") for mark in (start, end))
        assert whole.count(start) == 1, f"{source} has {start!r} {whole.count(start)} times"
        assert len(whole.split(start)[1].split(end)[0] if end else whole.split(start)[1]) > 100
        assert not end or end in whole.split(start)[1], f"{source} has no {end!r} behind {start!r}"
    whole = text.count("TEACHING.md\n") + text.count(
        "{include} ../measured/"
    )  # files that are included from end to end
    assert len(INCLUDED.findall(text)) + whole == text.count("{include}")
    for source in re.findall(r"{include} (\.\./measured/\S+)", text):
        assert len((page.parent / source).read_text("utf-8")) > 100


def test_the_verdicts_are_of_the_models_that_ship():
    assert set(MEASURED["models"]) == {path.stem for path in SHIPPED_FOLDER.glob("*.keras")}
    for name, found in MEASURED["models"].items():
        assert found["weights"] == weights_fingerprint(load_model(name)), f"{name}: python docs/measure.py {name}"


def test_the_verdicts_are_those_of_the_file_of_trust():
    kept = json.loads(model_path("zero_padded_dropout").with_suffix(".trust.json").read_text("utf-8"))["trust"][
        "methods"
    ]
    mine = MEASURED["models"]["zero_padded_dropout"]["methods"]
    assert {name: mine[name]["level"] for name in kept} == {
        name: found["verdict"]["level"] for name, found in kept.items()
    }


PAPERS = "\n".join(path.read_text("utf-8") for path in (ROOT / "interpret" / "methods").rglob("*.py"))


def told_of(known) -> str:
    """The page of a method, or its part of the page of those that are taken by name alone."""
    folder = DOCS / "methods"
    if (folder / f"{known.slug}.md").is_file():
        text = (folder / f"{known.slug}.md").read_text("utf-8")
        assert text.startswith(f"# {known.name}\n") and "## When it fails" in text
        assert f"\n{known.slug}\n" in (folder / "index.md").read_text("utf-8")
        return text
    parts = re.split(r"^##+ ", (folder / "further.md").read_text("utf-8"), flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(f"{known.name}\n"))


@pytest.mark.parametrize("known", METHODS, ids=lambda known: known.slug)
def test_every_method_has_a_page_with_its_papers(known):
    """A new method wants docs/methods/NAME.md or a part of further.md; `docs/measure.py NAME` and `docs/draw.py methods`."""
    text = told_of(known)
    every = MEASURED["models"].values()
    assert all(known.name in {**found["methods"], **found["refused"]} for found in every), "python docs/measure.py"
    is_measured = any(known.name in found["methods"] for found in every)
    assert (f"```{{verdicts}} {known.name}\n" in text) == is_measured, "its verdicts, where there are some"
    assert (f"pictures/{known.slug}.webp" in text) == is_measured, "its picture, where the shipped models take it"
    source = re.findall(r"\*Source:\*(.*(?:\n.+)*)", text)[0]
    papers = re.findall(r"arXiv:[\d.]+\d|doi:[^\]\s]+", source)
    assert papers and all(paper in PAPERS for paper in papers), "another paper than the code's"


def test_every_view_of_the_report_is_explained():
    text = (DOCS / "views.md").read_text("utf-8")
    assert re.findall(r"^\((\w+)\)=\n## (.+)", text, re.MULTILINE) == list(VIEWS.items())
    assert all(f"pictures/view-{view}.webp" in text for view in VIEWS)


def test_the_pictures_are_small_and_used():
    text = "".join(path.read_text("utf-8") for path in PAGES)
    pictures = list((DOCS / "pictures").iterdir())
    assert all(f"pictures/{path.name}" in text for path in pictures), "one that no page shows"
    assert sum(path.stat().st_size for path in pictures) < 1e6


def test_what_was_not_run_is_not_run():
    told = re.findall(
        r"## What was not run\n\n(.*?) were \*\*not run\*\*", (DOCS / "comparison.md").read_text("utf-8"), re.S
    )
    tools = [re.sub(r"\W", "", tool).lower() for tool in re.split(r", (?:and )?", told[0])]
    code = "\n".join(path.read_text("utf-8") for top in ("tests", "scripts") for path in (ROOT / top).rglob("*.py"))
    imported = {name.lower() for name in re.findall(r"^\s*(?:import|from) (\w+)", code, re.MULTILINE)}
    assert len(tools) > 5 and not imported & set(tools)
