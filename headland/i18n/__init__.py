"""Catalogue of terms in English and Chinese, shared by the dashboard, reports and alarms.

`terms.json` groups terms by subject: quantities, units, reasons, methods and so on. The key is the identifier of the
contract (a quantity's name, a `Method` id, a `kind`); each term has a text per language. The dashboard reads the same
file when it is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")


@cache
def load_terms() -> Mapping[str, Mapping[str, Mapping[Language, str]]]:
    """Return all terms as {group: {identifier: {language: text}}}."""
    terms: Mapping[str, Mapping[str, Mapping[Language, str]]] = json.loads(
        files(__name__).joinpath("terms.json").read_text(encoding="utf-8")
    )
    return terms


def find_term(group: str, identifier: str, language: Language) -> str | None:
    """Return a term's text, or None where the group has no such term. Raises `KeyError` for an unknown group."""
    term = load_terms()[group].get(identifier)
    return None if term is None else term[language]
