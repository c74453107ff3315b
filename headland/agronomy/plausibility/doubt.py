"""Doubt about what a person entered: it is possible and improbable, so a person is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headland.agronomy.series.finding import FieldChange


@dataclass(frozen=True, slots=True)
class RecordDoubt:
    """Doubt about an improbable value that a person entered.

    `cause` is the slug of a text in the groups `doubts` and `doubt_effects` of `headland.i18n`, whose places `facts`
    fill. `value` is what is doubted, as text: whoever says that it is right says it of this value. `changes` are those
    that together make it plausible, empty where the value does not tell which.
    """

    cause: str
    value: str
    facts: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[FieldChange, ...] = ()
