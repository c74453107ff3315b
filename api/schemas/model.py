"""Shapes of answers that differ from the records they are made of, and the time of the examples."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

#: Time of the examples: 2026-11-24T08:00:00Z.
EXAMPLE_MS: Final = 1_795_507_200_000


def fill(kind: type[T], record: object, /, **values: Any) -> T:
    """Return a shape with `values`, and in every other field what `record` has under the same name, else its default.

    Raises TypeError for a field that has neither.
    """
    names = [name for name in kind.__struct_fields__ if name not in values and hasattr(record, name)]
    return kind(**values, **{name: getattr(record, name) for name in names})
