"""What is freed is kept: fewer pages are taken from the system, and without glibc nothing happens."""

import ctypes
import subprocess
import sys

import pytest

from featurelens.scripts import memory

_WORK = """
import ctypes, resource, sys
from featurelens.scripts.memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
for _ in range(40):  # numpy asks for huge pages, which hide what is measured here
    block = ctypes.c_void_p(library.malloc(ctypes.c_size_t(48 * 2**20)))
    library.memset(block, 1, ctypes.c_size_t(48 * 2**20))
    library.free(block)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how):
    found = subprocess.run([sys.executable, "-c", _WORK, how], capture_output=True, text=True, check=True)
    return int(found.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_memory_that_is_kept_is_not_taken_page_by_page_again():
    assert faults("kept") < faults("as it is") / 4


def test_another_allocator_is_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    assert memory.keep_freed_memory() is False
