"""What TensorFlow frees while it trains is kept: fewer pages are taken from the system."""

import os
import subprocess
import sys

import pytest

from featurelens.scripts.terminal.memory import keep_freed_memory

_BLOCKS = 40
_WORK = """
import resource, sys
from featurelens.scripts.terminal.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
import tensorflow as tf
ones = tf.ones((12, 2**20))  # 48 MB
float(tf.reduce_sum(ones + 1.0))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(int(sys.argv[2])):
    ones + 1.0  # a new block, freed at once
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    as_it_is = {name: value for name, value in os.environ.items() if name != "TF_CPU_ALLOCATOR_USE_BFC"}
    command = [sys.executable, "-c", _WORK, how, str(_BLOCKS)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=as_it_is)
    return int(found.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the page faults of Linux")
def test_memory_that_is_kept_is_not_taken_page_by_page_again():
    as_it_is = faults("as it is")
    if as_it_is < _BLOCKS:  # not one for each block: nothing was given back to the system
        pytest.skip(f"this system keeps freed blocks by itself: {as_it_is} page faults for {_BLOCKS} blocks of 48 MB")
    assert faults("kept") < as_it_is / 4


def test_a_setting_of_the_users_own_stays(monkeypatch):
    monkeypatch.setenv("TF_CPU_ALLOCATOR_USE_BFC", "false")
    keep_freed_memory()
    assert os.environ["TF_CPU_ALLOCATOR_USE_BFC"] == "false"
    monkeypatch.delenv("TF_CPU_ALLOCATOR_USE_BFC")
    keep_freed_memory()
    assert os.environ["TF_CPU_ALLOCATOR_USE_BFC"] == "true"
