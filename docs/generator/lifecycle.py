"""Table of what bounds everything that a station keeps, in the language of the page."""

from __future__ import annotations

from typing import Final

from docs.generator.tables import table
from headland.i18n import Language, load_terms
from headland.registry.lifecycle import KINDS, KeptDays

_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("records", "what bounds them", "by default", "set with", "what remains"),
    "zh": ("记录", "保存限制", "默认", "设置命令", "删除后保留"),
}
_FOR_EVER: Final[dict[Language, str]] = {"en": "for ever", "zh": "永久"}
_DAYS: Final[dict[Language, str]] = {"en": "{days} days, {least} at least", "zh": "{days} 天，至少 {least} 天"}


def to_markdown(language: Language = "en") -> str:
    """Return the table of all kinds."""
    terms = load_terms()
    rows = [
        (
            terms["lifecycle"][kind.slug][language],
            terms["lifecycle_bounds"][kind.slug][language],
            "" if kind.days is None else _days(kind.days, language),
            f"`{kind.command}`" if kind.command else "",
            terms["lifecycle_remains"][kind.slug][language],
        )
        for kind in KINDS
    ]
    return table(_HEADS[language], rows)


def _days(kept: KeptDays, language: Language) -> str:
    if kept.default is None:
        return _FOR_EVER[language]
    return _DAYS[language].format(days=kept.default, least=kept.least)
