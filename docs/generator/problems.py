"""Problems of the API: a section each, at the address that its answers name."""

from __future__ import annotations

from api.http.problems import TYPE_PREFIX
from headland.i18n import Language, load_terms


def to_markdown(language: Language) -> str:
    """Return a section for each kind of problem, by name."""
    kinds = sorted(load_terms()["problems"].items())
    return "\n\n".join(f"## {kind} {{#{kind}}}\n\n`{TYPE_PREFIX}{kind}`\n\n{text[language]}" for kind, text in kinds)
