"""InfluxDB line protocol: one string a write, one template a series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

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


class SeriesLines:
    """Formats the lines of samples with a template of each series, made once. Not thread-safe."""

    def __init__(self) -> None:
        self._templates: dict[SeriesKey, tuple[str, str]] = {}

    def write(
        self,
        keys: Sequence[SeriesKey],
        index: Iterable[int],
        time_ms: Iterable[int],
        value: Iterable[float],
        quality: Iterable[int],
    ) -> list[str]:
        """Return a line for each sample; `keys[index]` is its series. Values are finite, and written as floats."""
        templates = self._get(keys)
        return [
            templates[at][0] % (number, moment) if flag == GOOD else templates[at][1] % (number, flag, moment)
            for at, moment, number, flag in zip(index, time_ms, value, quality, strict=True)
        ]

    def _get(self, keys: Sequence[SeriesKey]) -> list[tuple[str, str]]:
        return [self._templates.get(key) or self._make(key) for key in keys]

    def _make(self, key: SeriesKey) -> tuple[str, str]:
        line_head = head(key.kind, tags_of(key)).replace("%", "%%")
        field = f"{line_head} {escape(key.channel).replace('%', '%%')}"
        quality = f"{escape(key.channel).replace('%', '%%')}{QUALITY_ENDING}"
        templates = (f"{field}=%r %d", f"{field}=%r,{quality}=%d.0 %d")
        self._templates[key] = templates
        return templates
