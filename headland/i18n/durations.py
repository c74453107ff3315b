"""Durations in words: the two largest units, in English and Chinese."""

from __future__ import annotations

from typing import Final

from headland.i18n import CatalogText, Language

#: Units by their length [s], from the largest.
_UNITS: Final = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def duration_text(seconds: float, language: Language) -> str:
    """Return a duration in words: "6 h 22 min", "6 小时 22 分"; seconds only below ten minutes."""
    whole = max(0, round(seconds))
    if whole >= 600:
        whole = round(whole / 60) * 60
    parts: list[tuple[str, int]] = []
    for name, length in _UNITS:
        count, whole = divmod(whole, length)
        if count:
            parts.append((name, count))
        elif parts:
            break  # 1 day 3 min is as good as 1 day
        if len(parts) == 2:
            break
    if len(parts) == 1 and parts[0][0] == "minutes":
        parts = [("minutes_alone", parts[0][1])]
    told = [CatalogText("durations", name, {"n": str(count)}).text(language) for name, count in parts]
    return " ".join(told) or CatalogText("durations", "seconds", {"n": "0"}).text(language)
