"""InfluxDB's line protocol, which VictoriaMetrics takes too: one prepared string a write, one template a series."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from headland.store.port import SeriesKey

#: Beside each channel's field lies its quality flag in a field of this ending, only where the flag is not `GOOD`.
QUALITY_ENDING: Final = ".q"
#: Where a server rounds values, what is missing of them lies in a field of this ending.
RESIDUE_ENDING: Final = ".r"
GOOD: Final = 1

_TAG_SYMBOLS: Final = re.compile(r"([,= ])")
_MEASUREMENT_SYMBOLS: Final = re.compile(r"([, ])")
# A line ends a record, a trailing backslash would swallow the separator behind it, and servers keep some names.
_UNSAYABLE: Final = re.compile(r"[\x00-\x1f\x7f]|\\$|^_|^time$")
_TAGS: Final = ("organisation", "site", "device", "simulated")
#: Measurements of this beginning are the store's own records, no device kinds.
OWN_BEGINNING: Final = "headland_"


@lru_cache(maxsize=65_536)
def why_unsayable(key: SeriesKey) -> str | None:
    """Return why a series cannot be named in line protocol, or None where it can."""
    words = (key.organisation, key.site, key.kind, key.device, key.channel)
    bad = next((word for word in words if _UNSAYABLE.search(word)), None)
    if bad is not None:
        return f"{bad!r} cannot be a name in line protocol"
    if not key.kind or not key.channel:
        return "a series without a kind or a channel has no name in line protocol"
    if key.kind.startswith(OWN_BEGINNING):
        return f"kinds that begin with {OWN_BEGINNING!r} are the store's own"
    if key.channel in _TAGS or key.channel.endswith((QUALITY_ENDING, RESIDUE_ENDING)):
        return f"a channel cannot be called {key.channel!r} here"
    return None


def tags_of(key: SeriesKey) -> dict[str, str]:
    """Return the tags of a series in the order servers sort them; an empty one is left out by whoever writes it."""
    simulated = "true" if key.simulated else ""
    return {"device": key.device, "organisation": key.organisation, "simulated": simulated, "site": key.site}


def head(measurement: str, tags: Mapping[str, str]) -> str:
    """Return a line's beginning: the measurement and its tags, escaped."""
    said = (f"{escape(name)}={escape(value)}" for name, value in tags.items() if value)
    return ",".join((_MEASUREMENT_SYMBOLS.sub(r"\\\1", measurement), *said))


def escape(name: str) -> str:
    """Return a tag or a field key as line protocol takes it."""
    return _TAG_SYMBOLS.sub(r"\\\1", name)


def quote(text: str) -> str:
    """Return the value of a string field."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class SeriesLines:
    """Makes the lines of samples from a template of each series, made once. Not safe against threads."""

    def __init__(self, tags: Callable[[SeriesKey], Mapping[str, str]] = tags_of) -> None:
        self._tags = tags
        self._templates: dict[SeriesKey, tuple[str, str, str]] = {}

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

    def write_residues(
        self, keys: Sequence[SeriesKey], index: Iterable[int], time_ms: Iterable[int], residue: Iterable[int]
    ) -> list[str]:
        """Return a line for each residue."""
        templates = self._get(keys)
        return [templates[at][2] % (part, moment) for at, part, moment in zip(index, residue, time_ms, strict=True)]

    def _get(self, keys: Sequence[SeriesKey]) -> list[tuple[str, str, str]]:
        return [self._templates.get(key) or self._make(key) for key in keys]

    def _make(self, key: SeriesKey) -> tuple[str, str, str]:
        beginning = head(key.kind, self._tags(key)).replace("%", "%%")
        field = f"{beginning} {escape(key.channel).replace('%', '%%')}"
        quality = f"{escape(key.channel).replace('%', '%%')}{QUALITY_ENDING}"
        made = (f"{field}=%r %d", f"{field}=%r,{quality}=%d.0 %d", f"{field}{RESIDUE_ENDING}=%d.0 %d")
        self._templates[key] = made
        return made
