"""What stands beside the code: the container's commands exist, the citation is of this version."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import typer.main
import yaml

from featurelens.scripts.cli import app

ROOT = Path(__file__).parent.parent.parent
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def require_command(words: list[str]) -> None:
    known = {word for each in COMMANDS[words[0]].params for word in each.opts}
    assert all(word in known for word in words[1:] if word.startswith("--")), words


def test_the_containers_commands_exist():
    told = (ROOT / "Dockerfile").read_text()
    assert 'ENTRYPOINT ["featurelens"]' in told
    require_command(json.loads(re.findall(r"^CMD (.*)$", told, re.MULTILINE)[0]))
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for service in services.values():
        require_command(service["command"])


def test_the_container_installs_extras_that_there_are():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for named in re.findall(r'"\.\[([^\]]+)\]"', (ROOT / "Dockerfile").read_text()):
        assert set(named.split(",")) <= set(extras)


def test_the_citation_is_of_this_version():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert told["version"] == version and told["cff-version"] == "1.2.0" and told["license"] == "MIT"
    assert {"message", "title", "authors"} <= told.keys()


def test_what_contributing_names_is_there():
    for named in re.findall(
        r"`((?:interpret|models|reports|tests|scripts)/[\w/.]+)`", (ROOT / "CONTRIBUTING.md").read_text()
    ):
        assert (ROOT / named).exists(), named
