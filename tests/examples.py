"""Number of examples of a property: a quarter of them in `make test`, all of them in CI."""

from __future__ import annotations

from typing import Final

from tests.every_case import IS_EVERY_CASE_SENT

_SHARE: Final = 4
#: Fewer would not reach the edges that Hypothesis tries first.
_LEAST: Final = 10


def examples(full: int) -> int:
    """Return the number of examples to try of a property that has `full` of them in CI.

    A run tries the same ones as the one before; with HEADLAND_OTHER_EXAMPLES=1 it tries others.
    """
    return full if IS_EVERY_CASE_SENT else min(full, max(_LEAST, full // _SHARE))
