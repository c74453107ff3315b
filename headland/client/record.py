"""Record of an answer: immutable, ignoring what a newer station adds, and readable in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any, Final

import msgspec

#: So much of a value is shown; the rest is in the value itself.
_MOST_CHARACTERS: Final = 120


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record of an answer."""

    def _repr_html_(self) -> str:
        """Return the record as a table for a notebook."""
        values = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return table_to_html(type(self).__name__, ["", ""], [(name, shorten(value)) for name, value in values])


def shorten(value: Any) -> str:
    """Return a value as a text that fits into a cell."""
    if isinstance(value, list | dict) and len(value) > 8:
        return f"{len(value)} entries"
    text = str(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} ..."


def table_to_html(title: str, head: list[str], rows: list[tuple[str, ...]]) -> str:
    """Return a table for a notebook; texts of others are shown as they are and never read as HTML."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head) if any(head) else ""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(title)}</caption>{f'<tr>{top}</tr>' if top else ''}{body}</table>"
