"""The garbage collector of a gateway."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from edge.agent.gc_tuning import tune_gc
tune_gc()
assert gc.isenabled()
before = gc.get_stats()[0]["collections"]
rows = [(n, [n]) for n in range(200_000)]
after = gc.get_stats()[0]["collections"]
class Node: pass
for _ in range(60_000):
    node = Node(); node.itself = [node]
del node
print(after - before, gc.get_stats()[0]["collected"] > 10_000)
"""


def test_the_collector_runs_seldom_and_still_frees_cycles() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    collections, is_collected = done.stdout.split()
    assert int(collections) < 20
    assert is_collected == "True"
