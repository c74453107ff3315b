"""Memory of a server process: cycles are freed, what survives is left out, once an hour all is looked through."""

from __future__ import annotations

import gc
import os
import platform
import re
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from station.server.process_memory import GarbageSearch, read_memory_bytes


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


def test_the_memory_is_the_least_of_the_machine_and_of_the_groups_around_the_process(tmp_path: Path) -> None:
    def limit(file: str, text: str) -> None:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)

    machine = read_memory_bytes(tmp_path)
    assert machine == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit("proc/self/cgroup", "9:cpu:/a\n4:memory:/docker/abc\n0::/system.slice/headland.service\n")
    assert read_memory_bytes(tmp_path) == machine
    limit("sys/fs/cgroup/system.slice/headland.service/memory.max", "max\n")
    limit("sys/fs/cgroup/system.slice/memory.max", str(300 * 2**20))
    assert read_memory_bytes(tmp_path) == 300 * 2**20
    # A container of the first version sees the path of its host, and its own limit at the top.
    limit("sys/fs/cgroup/memory/memory.limit_in_bytes", str(200 * 2**20))
    assert read_memory_bytes(tmp_path) == 200 * 2**20
    limit("sys/fs/cgroup/memory/memory.limit_in_bytes", str(2**63 - 4096))
    limit("sys/fs/cgroup/cpu/a/memory.limit_in_bytes", "1")
    assert read_memory_bytes(tmp_path) == 300 * 2**20
