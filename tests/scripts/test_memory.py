"""What TensorFlow frees while it trains is kept: fewer pages are taken from the system."""

import os
import subprocess
import sys

import pytest

_WORK = """
import resource, sys
from featurelens.scripts.terminal.memory import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
import tensorflow as tf
ones = tf.ones((12, 2**20))  # 48 MB
float(tf.reduce_sum(ones + 1.0))
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(40):
    ones + 1.0  # a new block, freed at once
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> int:
    as_it_is = {name: value for name, value in os.environ.items() if name != "TF_CPU_ALLOCATOR_USE_BFC"}
    command = [sys.executable, "-c", _WORK, how]
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=as_it_is)
    return int(found.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts the page faults of Linux")
def test_memory_that_is_kept_is_not_taken_page_by_page_again():
    assert faults("kept") < faults("as it is") / 4
