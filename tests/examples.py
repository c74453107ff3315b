"""How many examples of a property are tried: a quarter of them by `make test`, all of them by CI."""

from __future__ import annotations

import os
from typing import Final

#: As for the cases of the API's document (tests/api/every_case.py): CI tries all in a step of its own.
_IS_FULL: Final = os.environ.get("HEADLAND_EVERY_CASE") == "1"
_SHARE: Final = 4
#: Fewer would not reach the edges that Hypothesis tries first.
_LEAST: Final = 10


def examples(full: int) -> int:
    """Return the number of examples to try of a property that has `full` of them in CI.

    Each run tries others, and one that failed is tried again until it passes: what a run leaves out, the next ones try.
    """
    return full if _IS_FULL else min(full, max(_LEAST, full // _SHARE))
