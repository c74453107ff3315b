"""Records whose kind several threads decode for the first time at once: no process may end by that."""

from __future__ import annotations

import subprocess
import sys

#: msgspec 0.22 showed a kind to other threads before it had the types of its fields, and read them at address 0.
DECODE = """
import sys, threading
import msgspec

sys.setswitchinterval(1e-6)
body = b'{"g0": [{"f0": 1, "f39": 2}]}'
for number in range(150):
    inner = msgspec.defstruct(f"I{number}", [(f"f{at}", int | None, None) for at in range(40)])
    kind = msgspec.defstruct(f"O{number}", [(f"g{at}", list[inner], []) for at in range(10)])
    together = threading.Barrier(4)

    def decode():
        together.wait()
        assert msgspec.json.decode(body, type=kind).g0[0].f39 == 2

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_decode_a_kind_for_the_first_time_at_once_end_no_process() -> None:
    done = subprocess.run([sys.executable, "-c", DECODE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
