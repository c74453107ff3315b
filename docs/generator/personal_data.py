"""Table of what is kept of a person and why, in one language, from the inventory that finds and erases it."""

from __future__ import annotations

from typing import Final

from docs.generator.tables import table
from headland.i18n import Language, load_terms
from headland.registry.models.personal_data import PERSON_ID_COLUMNS, PERSONAL_COLUMNS, PersonalKind, lifecycles_of

_HEADS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("data", "why", "legal basis", "how long", "on erasure", "tables"),
    "zh": ("数据", "用途", "法律依据", "保存期限", "删除时", "数据表"),
}


def to_markdown(language: Language = "en") -> str:
    """Return a row for each kind of personal data."""
    terms = load_terms()
    rows = []
    for kind in PersonalKind:
        part = [
            terms[f"personal_data{part}"][kind.value][language]
            for part in ("", "_purpose", "_basis", "_time", "_erasure")
        ]
        bounds = [terms["lifecycle_bounds"][slug][language] for slug in lifecycles_of(kind)]
        tables = [name for name, columns in PERSONAL_COLUMNS.items() if kind in columns.values()]
        tables += [name for name, (_, kind_) in PERSON_ID_COLUMNS.items() if kind_ is kind and name not in tables]
        rows.append((*part[:3], " ".join((part[3], *bounds)), part[4], ", ".join(f"`{name}`" for name in tables)))
    return table(_HEADS[language], rows)
