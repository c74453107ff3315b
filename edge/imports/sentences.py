"""Sentences about log files, in English and in the other languages of the catalogue."""

from __future__ import annotations

from typing import Self

from headland.i18n import CatalogText, Language

_GROUP = "log_files"


class Sentence(str):
    """A sentence of the catalogue: its English text, which can also be shown in another language."""

    __slots__ = ("_catalog_text",)
    _catalog_text: CatalogText

    def __new__(cls, identifier: str, **values: str) -> Self:
        """Return the sentence with the values of its placeholders."""
        catalog_text = CatalogText(_GROUP, identifier, values)
        sentence = super().__new__(cls, catalog_text.text("en"))
        sentence._catalog_text = catalog_text
        return sentence

    def text(self, language: Language) -> str:
        """Return the text in a language."""
        return self._catalog_text.text(language)


def in_language(text: str, language: Language) -> str:
    """Return a text in a language where the catalogue has it, else as it is."""
    return text.text(language) if isinstance(text, Sentence) else text
