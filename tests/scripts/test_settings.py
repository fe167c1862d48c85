"""[tool.featurelens]: what it sets, that typing counts more, and what it refuses."""

from typing import Annotated

import pytest
import typer

from featurelens.scripts.cli import app as real_app
from featurelens.scripts.cli import main
from featurelens.scripts.terminal.running import run
from featurelens.scripts.terminal.settings import settings

app = typer.Typer()
seen = []


@app.command("draw")
def draw(
    seed: int = 0,
    fail_if: Annotated[list[str] | None, typer.Option()] = None,
    fast: bool = False,
    allow_code: bool = False,
) -> None:
    """One command."""
    seen.append((seed, fail_if, fast))


@app.command("weigh")
def weigh(seed: int = 0, scale: str = "0-1") -> None:
    """Another one."""
    seen.append((seed, scale))


def table(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    return tmp_path


def called(tmp_path, *words):
    seen.clear()
    with pytest.raises(SystemExit) as ended:
        run(app, words, settings=lambda: settings(app, tmp_path))
    return seen[-1] if ended.value.code == 0 else ended.value.code


def test_options_are_set_for_all_commands_and_for_one(tmp_path):
    table(
        tmp_path, '[tool.featurelens]\nseed = 3\n[tool.featurelens.draw]\nfail-if = ["a < 1", "b > 2"]\nfast = true\n'
    )
    assert called(tmp_path, "draw") == (3, ["a < 1", "b > 2"], True)
    assert called(tmp_path, "weigh") == (3, "0-1")


def test_what_is_typed_counts(tmp_path):
    table(tmp_path, "[tool.featurelens]\nseed = 3\nscale = '0-255'\n")
    assert called(tmp_path, "draw", "--seed", "5") == (5, None, False)
    assert called(tmp_path, "weigh", "--scale", "-1-1") == (3, "-1-1")


def test_the_nearest_folder_above_counts(tmp_path):
    table(tmp_path, "[tool.featurelens]\nseed = 3\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert called(tmp_path / "a" / "b", "weigh")[0] == 3
    table(tmp_path / "a", "[tool.ruff]\nline-length = 9\n")
    assert called(tmp_path / "a" / "b", "weigh")[0] == 0


@pytest.mark.parametrize("text", ["", "[tool]\n", "[project]\nname = 'x'\n", "[tool.featurelens]\n"])
def test_without_a_table_nothing_is_set(tmp_path, text):
    assert settings(app, table(tmp_path, text)) == {}


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("[tool.featurelens]\nsed = 3\n", "Did you mean 'seed'"),
        ("[tool.featurelens.drow]\nseed = 3\n", "Did you mean 'draw'"),
        ("[tool.featurelens.weigh]\nfast = true\n", "Correct"),
        ("[tool.featurelens]\nseed = [1]\n", "as it would be typed"),
        ("[tool.featurelens]\nseed = 1979-05-27\n", "as it would be typed"),
        ("[tool.featurelens]\nallow-code = true\n", "runs code"),
        ("[tool.featurelens.draw]\nallow_code = true\n", "runs code"),
        ("[tool.featurelens]\nseed = \n", "Mend that line"),
        ("[tool]\nfeaturelens = 3\n", "Write options below it"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path, text, remedy):
    with pytest.raises(ValueError, match="Expected") as refused:
        settings(app, table(tmp_path, text))
    assert remedy in str(refused.value)


def test_a_value_of_the_wrong_kind_is_wrong_usage(tmp_path):
    assert called(table(tmp_path, "[tool.featurelens]\nseed = 'many'\n"), "weigh") == 2


def test_the_command_line_reads_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(table(tmp_path, "[tool.featurelens.report]\nfail-if = 'acuracy < 0.9'\n"))
    assert set(settings(real_app)) == {"report"}
    with pytest.raises(SystemExit) as ended:
        main(["report"])
    assert ended.value.code == 1 and "accuracy" in capsys.readouterr().err
