"""Examples of a property and cases of a large table: a quarter of them in `make test`, all of them in CI."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.every_case import IS_EVERY_CASE_SENT

_SHARE: Final = 4
#: Fewer would not reach the edges that Hypothesis tries first.
_LEAST: Final = 10


def examples(full: int) -> int:
    """Return the number of examples to try of a property that has `full` of them in CI.

    A run tries the same ones as the one before; with HEADLAND_OTHER_EXAMPLES=1 it tries others.
    """
    return full if IS_EVERY_CASE_SENT else min(full, max(_LEAST, full // _SHARE))


def some_long(cases: Sequence[Any]) -> list[Any]:
    """Return the cases of a table, each parameters of a test, of which all but a quarter are long tests.

    The first and the last are not; a case of several parameters is a `pytest.param`.
    """
    near = {*range(0, len(cases), _SHARE), len(cases) - 1}
    return [case if at in near else _long(case) for at, case in enumerate(cases)]


def _long(case: Any) -> Any:
    if isinstance(case, type(pytest.param())):
        return pytest.param(*case.values, id=case.id, marks=(*case.marks, pytest.mark.long))
    return pytest.param(case, marks=pytest.mark.long)
