"""Tests. What each of their processes, and those that it starts, has in its environment."""

import os

# As the command line has it (station/cli/main.py); here before anything loads numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
