"""What a crash may leave of a training: a damaged folder names itself, a killed writer pairs no model with another's card."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.model_files import writing
from featurelens.models.model_files.loading import load_model, model_card_of
from featurelens.models.networks.recipes import recipe
from featurelens.models.training.checkpoints import TrainingInterrupted
from featurelens.models.training.fit import train

# Keras's writer of weights
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SHORT = replace(recipe("zero_padded_dropout"), batch_size=8, epochs=3, patience=None)


class Stop:
    """Ctrl-C in the third epoch."""

    def epoch_started(self, epoch, epochs, batches):
        self.now = epoch

    def batch_ended(self, batch, loss, accuracy):
        if self.now == 3:
            raise KeyboardInterrupt

    def epoch_ended(self, epoch, row):
        pass


@pytest.fixture(scope="module")
def few():
    random = np.random.default_rng(0)
    return Dataset(random.random((20, 12, 12, 1), np.float32), np.arange(20) % 2, ("a", "b"), "noise")


def _cut(path):
    path.write_bytes(path.read_bytes()[:100])


DAMAGE = {
    "state.weights.h5": _cut,
    "best.weights.h5": _cut,
    "history.csv": lambda path: path.write_text("epoch,loss\n1,\n"),
    "seconds.txt": lambda path: path.write_text(""),
    "history.csv, an epoch short": lambda path: path.write_text("".join(path.read_text().splitlines(True)[:2])),
    "history.csv, gone": lambda path: path.unlink(),
}


@pytest.fixture(scope="module")
def interrupted(few, tmp_path_factory):
    """What is kept of a run that was stopped in its third epoch."""
    with pytest.raises(TrainingInterrupted) as stopped:
        train(SHORT, few, output=tmp_path_factory.mktemp("runs") / "m.keras", progress=Stop())
    assert stopped.value.folder is not None
    return stopped.value.folder


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_names_its_folder(damage, few, interrupted, tmp_path):
    output, folder = tmp_path / "m.keras", tmp_path / interrupted.parent.name / interrupted.name
    shutil.copytree(interrupted, folder)
    DAMAGE[damage](folder / damage.partition(",")[0])
    with pytest.raises(ValueError, match="Delete that folder") as refused:
        train(SHORT, few, output=output)
    assert str(folder) in str(refused.value) and folder.is_dir() and not output.exists()


def test_what_is_advised_of_a_damaged_run_works(few, interrupted, tmp_path):
    output, folder = tmp_path / "m.keras", tmp_path / interrupted.parent.name / interrupted.name
    shutil.copytree(interrupted, folder)
    _cut(folder / "state.weights.h5")
    with pytest.raises(ValueError, match="Delete that folder"):
        train(SHORT, few, output=output)
    shutil.rmtree(folder)
    train(SHORT, few, output=output)
    assert model_card_of(output) is not None


@pytest.mark.parametrize("step", ["write_history", "write_model_card"])
def test_a_run_killed_while_it_writes_leaves_no_model_beside_the_card_of_another(step, few, tmp_path, monkeypatch):
    output = tmp_path / "m.keras"
    first = train(replace(SHORT, epochs=1), few, output=output)

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, step, killed)
    with pytest.raises(TrainingInterrupted):
        train(replace(SHORT, seed=5), few, output=output, overwrite=True)
    found = load_model(output).get_weights()[0]
    assert not np.array_equal(found, first.model.get_weights()[0])
    assert model_card_of(output) is None
    monkeypatch.undo()
    again = train(replace(SHORT, seed=5), few, output=output, overwrite=True)  # from what was kept
    np.testing.assert_array_equal(again.model.get_weights()[0], found)
    card = model_card_of(output)
    assert card is not None and card.seed == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.csv", "m.json", "m.keras"]
