"""What the libraries write while they load is held back, also where a process has no stderr."""

import os
import sys

import pytest

from featurelens.models.quiet_start import quiet_start


def test_a_process_without_stderr_starts(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # pythonw, or 2>&-
    with quiet_start():
        held = True
    assert held


@pytest.mark.parametrize(("error", "shown"), [(ImportError, True), (KeyboardInterrupt, False)])
def test_what_was_held_is_shown_where_loading_fails_but_not_at_ctrl_c(error, shown, capfd):
    with pytest.raises(error), quiet_start():
        os.write(2, b"the cause\n")
        raise error
    assert ("the cause" in capfd.readouterr().err) is shown
