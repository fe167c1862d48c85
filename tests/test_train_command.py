"""`featurelens train`: its options reach the recipe, its files lie where it says, its errors come first."""

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from featurelens.models.loading import model_card_of
from featurelens.scripts.cli import main
from featurelens.scripts.train import train
from featurelens.scripts.training_display import TrainingDisplay

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    np.savez("own.npz", images=random.random((40, 8, 8, 1), np.float32), labels=np.arange(40) % 2)
    (tmp_path / "names.txt").write_text("cat\ndog\n")
    return "own.npz"


def _run(*arguments):
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, arguments)


def test_the_users_own_data_and_settings(data):
    options = "--class-names names.txt --seed 3 --epochs 2 --batch-size 9 --learning-rate 0.01 --augment flip,shift"
    result = _run("zero_padded_dropout", "--data", data, "--test-data", data, *options.split())
    assert result.exit_code == 0, result.exception
    card = model_card_of("zero_padded_dropout.keras")
    assert card is not None
    assert card.class_names == ("cat", "dog")
    chosen = [card.recipe[field] for field in ("seed", "epochs", "batch_size", "learning_rate", "augmentation")]
    assert chosen == [3, 2, 9, 0.01, ["flip", "shift"]]
    assert f"test {card.results['test']['accuracy']:.2%}" in result.output
    assert "epoch   2" in result.output
    again = _run("zero_padded_dropout", "--data", data)
    assert isinstance(again.exception, ValueError)
    assert "exists already" in str(again.exception)
    forced = _run("zero_padded_dropout", "--data", data, "--epochs", "1", "--augment", "none", "--force")
    assert forced.exit_code == 0, forced.exception
    card = model_card_of("zero_padded_dropout.keras")
    assert card is not None
    assert card.recipe["augmentation"] == []
    assert "test" not in card.results


def test_an_interruption_says_how_to_go_on_and_nothing_else(data, capfd, monkeypatch):
    def press_ctrl_c(display, epoch, row):
        raise KeyboardInterrupt  # after the first epoch

    command = ["train", "zero_padded_dropout", "--data", data, "--epochs", "2", "--output", "mine.keras"]
    with monkeypatch.context() as keyboard, pytest.raises(SystemExit) as stopped:
        keyboard.setattr(TrainingDisplay, "epoch_ended", press_ctrl_c)
        main(command)
    assert stopped.value.code == 130
    lines = [line for line in capfd.readouterr().err.splitlines() if "Interrupted" in line]
    assert lines == ["Interrupted. The same command goes on after the last epoch that was finished."]
    with pytest.raises(SystemExit) as done:
        main(command)
    assert done.value.code == 0
    out = capfd.readouterr().out
    assert "epoch   2" in out and "epoch   1" not in out  # and so it does


def test_an_unknown_name_is_refused():
    result = _run("zero_paded_dropout")
    assert isinstance(result.exception, ValueError)
    assert "Did you mean 'zero_padded_dropout'" in str(result.exception)
