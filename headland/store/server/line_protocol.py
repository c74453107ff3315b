"""InfluxDB line protocol: lines of samples, made of templates of each series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from headland.store.core.batch_rows import Rows
from headland.store.port import SeriesKey

#: Ending of the field with a channel's quality flag, written only where the flag is not `GOOD`.
QUALITY_ENDING: Final = ".q"
#: Ending of the field with the residue of a value, where a server rounds values.
RESIDUE_ENDING: Final = ".r"
GOOD: Final = 1

_TAG_SYMBOLS: Final = re.compile(r"([,= ])")
_MEASUREMENT_SYMBOLS: Final = re.compile(r"([, ])")
# A line end ends a record, a trailing backslash would escape the separator after it, and servers reserve some names.
_INVALID_NAME: Final = re.compile(r"[\x00-\x1f\x7f]|\\$|^_|^time$")
_TAGS: Final = ("organisation", "site", "device", "simulated")
#: Measurements with this prefix are the store's own records, not device kinds.
OWN_PREFIX: Final = "headland_"


@lru_cache(maxsize=65_536)
def invalid_name_reason(key: SeriesKey) -> str | None:
    """Return why a series cannot be named in line protocol, or None."""
    words = (key.organisation, key.site, key.kind, key.device, key.channel)
    bad = next((word for word in words if _INVALID_NAME.search(word)), None)
    if bad is not None:
        return f"{bad!r} cannot be a name in line protocol"
    if not key.kind or not key.channel:
        return "a series without a kind or a channel has no name in line protocol"
    if key.kind.startswith(OWN_PREFIX):
        return f"kinds that begin with {OWN_PREFIX!r} are reserved for the store"
    if key.channel in _TAGS or key.channel.endswith((QUALITY_ENDING, RESIDUE_ENDING)):
        return f"a channel cannot be called {key.channel!r} here"
    return None


def tags_of(key: SeriesKey) -> dict[str, str]:
    """Return the tags of a series in the order in which servers sort them; writers leave out empty ones."""
    simulated = "true" if key.simulated else ""
    return {"device": key.device, "organisation": key.organisation, "simulated": simulated, "site": key.site}


def head(measurement: str, tags: Mapping[str, str]) -> str:
    """Return the head of a line: the measurement and its tags, escaped."""
    pairs = (f"{escape(name)}={escape(value)}" for name, value in tags.items() if value)
    return ",".join((_MEASUREMENT_SYMBOLS.sub(r"\\\1", measurement), *pairs))


def escape(name: str) -> str:
    """Return a tag or a field key, escaped."""
    return _TAG_SYMBOLS.sub(r"\\\1", name)


def quote(text: str) -> str:
    """Return the value of a string field, quoted."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class _Templates:
    """What the lines of a series are made of: its head, and the names of its field and of that field's flag."""

    head: str
    field: str
    flag: str


class SeriesLines:
    """Formats the lines of samples with templates of each series, made once. Not thread-safe.

    Values are finite, and written as floats.
    """

    def __init__(self) -> None:
        self._templates: dict[SeriesKey, _Templates] = {}

    def write(self, keys: Sequence[SeriesKey], rows: Rows) -> list[str]:
        """Return a line for each sample; `keys[rows.sid]` is its series."""
        heads = [self._get(keys[sid]).head for sid in rows.sid.tolist()]
        parts = zip(heads, self._fields(keys, rows), rows.time_ms.tolist(), strict=True)
        return [f"{head} {field} {time_ms}" for head, field, time_ms in parts]

    def write_together(self, keys: Sequence[SeriesKey], rows: Rows) -> list[str]:
        """Return a line for each instant of a device, with all its channels: a server parses its tags once.

        No series has two samples of one instant.
        """
        number_of: dict[str, int] = {}
        heads_of = np.zeros(len(keys), np.int64)
        for sid in np.unique(rows.sid).tolist():
            heads_of[sid] = number_of.setdefault(self._get(keys[sid]).head, len(number_of))
        heads = heads_of[rows.sid]
        order = np.lexsort((rows.time_ms, heads))
        rows, heads = rows.take(order), heads[order]
        fields = self._fields(keys, rows)
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (np.diff(heads) != 0) | (np.diff(rows.time_ms) != 0)
        first = np.flatnonzero(is_first)
        texts = list(number_of)
        return [
            f"{texts[head]} {','.join(fields[start:end])} {time_ms}"
            for head, time_ms, start, end in zip(
                heads[first].tolist(),
                rows.time_ms[first].tolist(),
                first.tolist(),
                [*first[1:].tolist(), len(order)],
                strict=True,
            )
        ]

    def _fields(self, keys: Sequence[SeriesKey], rows: Rows) -> list[str]:
        """Return the fields of each sample: its value, and its flag where that is not `GOOD`."""
        used = {sid: self._get(keys[sid]) for sid in np.unique(rows.sid).tolist()}
        sids = rows.sid.tolist()
        names = {sid: templates.field for sid, templates in used.items()}
        # JSON has the same shortest digits as `repr`, and an encoder writes them three times as fast.
        digits = msgspec.json.encode(rows.value.tolist())[1:-1].decode().split(",") if sids else []
        fields = [names[sid] + number for sid, number in zip(sids, digits, strict=True)]
        for at in np.flatnonzero(rows.quality != GOOD).tolist():
            fields[at] += f",{used[sids[at]].flag}{rows.quality[at]:d}.0"
        return fields

    def _get(self, key: SeriesKey) -> _Templates:
        return self._templates.get(key) or self._make(key)

    def _make(self, key: SeriesKey) -> _Templates:
        field = escape(key.channel)
        made = _Templates(head(key.kind, tags_of(key)), f"{field}=", f"{field}{QUALITY_ENDING}=")
        self._templates[key] = made
        return made
