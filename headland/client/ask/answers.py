"""Text of an answer: the API's JSON, its units, its gaps and its address.

Names and notes in it were typed by people, and may try to speak to the model that reads them. They stay data: the text
is one JSON value, in which every character that a reader could take for markup or cannot see is written as an escape.
A reader of JSON gets each value back unchanged.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from headland.contract.quantities import unit_of_name

#: Length of an answer's text. More would fill a model's memory with rows; the API has means for long windows.
MOST_CHARACTERS: Final = 200_000
#: Gaps that are listed; `gaps_more` counts the rest.
MOST_GAPS: Final = 50
#: What begins markup of HTML, of Markdown and of models' own templates.
_MARKUP: Final = frozenset("<>&`![]|")
_UNSEEN: Final = frozenset(("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"))
_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


def answer_text(body: Any, question: Mapping[str, Any], link: str) -> tuple[str, bool]:
    """Return an answer as text, and whether it is whole: a too long one becomes a sentence with the remedy."""
    gaps = list(gaps_of(body))
    units = dict(sorted(units_of(body)))
    shown: dict[str, Any] = {"question": question, "link": link, "units": units, "gaps": gaps[:MOST_GAPS]}
    if len(gaps) > MOST_GAPS:
        shown["gaps_more"] = len(gaps) - MOST_GAPS
    text = inert_json(shown | {"answer": body})
    if len(text) <= MOST_CHARACTERS:
        return text, True
    sentence = (
        f"The answer has {len(text)} characters, more than {MOST_CHARACTERS}: ask for a shorter time, for fewer "
        "items with 'limit', or for means with 'by' or 'max_points'."
    )
    return inert_json({"question": question, "link": link, "problem": sentence}), False


def units_of(body: Any) -> Iterator[tuple[str, str]]:
    """Yield (name, unit) of each name in a body that ends in a unit."""
    if isinstance(body, dict):
        for name, value in body.items():
            unit = unit_of_name(name)
            if unit is not None and _is_number(value):
                yield name, unit
            yield from units_of(value)
    elif isinstance(body, list):
        for value in body:
            yield from units_of(value)


def gaps_of(body: Any, at: str = "") -> Iterator[dict[str, str]]:
    """Yield where a body has no value, with the reason that it gives."""
    if isinstance(body, dict):
        reason = body.get("reason")
        if isinstance(reason, str) and reason and body.get("value", 0) is None:
            yield {"at": at.lstrip("."), "reason": reason}
        for name, value in body.items():
            yield from gaps_of(value, f"{at}.{name}")
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from gaps_of(value, f"{at}[{index}]")


def inert_json(value: Any) -> str:
    """Return JSON whose texts show every unseen character and every sign of markup as an escape."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _STRINGS.sub(lambda found: "".join(map(_escaped, found[0])), written)


def _escaped(character: str) -> str:
    if character not in _MARKUP and (character == " " or unicodedata.category(character) not in _UNSEEN):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _is_number(value: Any) -> bool:
    if isinstance(value, list):
        return any(_is_number(each) for each in value)
    return isinstance(value, int | float) and not isinstance(value, bool)
