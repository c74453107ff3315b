"""Memory of a server process: cycles are freed, what survives is left out, once an hour all is looked through."""

from __future__ import annotations

import gc
import platform
import re
import subprocess
import sys
import weakref

import pytest

from station.server.process_memory import GarbageSearch


class Node:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself: Node | None = self


def test_what_a_search_leaves_is_out_of_the_next_ones_and_freed_by_that_of_the_hour() -> None:
    garbage = GarbageSearch()
    young, kept = Node(), Node()
    seen_young, seen_kept = weakref.ref(young), weakref.ref(kept)
    del young
    garbage.search()
    assert seen_young() is None
    assert len(gc.get_objects()) < gc.get_freeze_count() / 10
    del kept
    for _ in range(58):
        garbage.search()
    assert seen_kept() is not None
    garbage.search()
    assert seen_kept() is None


def test_what_was_left_out_is_still_freed_once_nothing_refers_to_it() -> None:
    garbage, node = GarbageSearch(), Node()
    seen = weakref.ref(node)
    garbage.search()
    node.itself = None
    del node
    assert seen() is None


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc counts its arenas")
def test_the_threads_of_a_server_share_two_arenas() -> None:
    code = """
import ctypes, threading
from station.server.process_memory import limit_arenas
limit_arenas()
libc, held = ctypes.CDLL(None), threading.Barrier(9)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
def work():
    libc.malloc(5000)
    held.wait()
    held.wait()
for _ in range(8):
    threading.Thread(target=work).start()
held.wait()
libc.malloc_stats()
held.wait()
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stderr
    assert len(re.findall(r"^Arena \d+:", told, re.MULTILINE)) <= 2
