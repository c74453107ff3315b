"""Names of a person: the texts by which data is recognised as theirs, and what takes their place at an erasure.

A name is found as a whole word, a telephone number also with blanks or dashes between its digits, an address also as
part of a URL. A text that is the name of somebody else as well says nothing of this person alone, and is left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

#: Shortest name that is looked for within texts; a shorter one only where it is the whole text.
_LEAST_LATIN: Final = 3
_LEAST_OTHER: Final = 2
#: Shortest sequence of digits that is taken for a telephone number.
_LEAST_DIGITS: Final = 7
_NUMBER: Final = re.compile(r"\+?[\d\s().-]*\d")
#: Longest texts of the records: what takes the place of a name never makes one longer than these.
_LIMITS: Final = (64, 100, 200, 500, 2000)


def pseudonym_of(number: int) -> str:
    """Return the name of an erased person in records, in both languages."""
    return f"已删除人员{number} / erased person {number}"


@dataclass(frozen=True)
class PersonNames:
    """Texts that name a person, those of others that contain one of them, and the pseudonym.

    `shared` are names of somebody else, too. All comparisons ignore upper and lower case.
    """

    texts: frozenset[str]
    others: frozenset[str] = frozenset()
    pseudonym: str = ""

    @cached_property
    def shared(self) -> frozenset[str]:
        """The names that somebody else has as well."""
        theirs = {_digits_of(text) or text.casefold() for text in self.others}
        return frozenset(text for text in self.texts if (_digits_of(text) or text.casefold()) in theirs)

    @cached_property
    def own(self) -> tuple[str, ...]:
        """The names that are this person's alone, the longest first."""
        return tuple(sorted(self.texts - self.shared, key=lambda text: (-len(text), text)))

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The names that are looked for within texts, the longest first."""
        return tuple(text for text in self.own if len(text) >= (_LEAST_LATIN if text.isascii() else _LEAST_OTHER))

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """Patterns of SQL's LIKE, with backslash as escape: what one of the names is in fits at least one of them."""
        found = []
        for text in self.own:
            digits = _digits_of(text)
            parts = list(digits) if digits else [_escaped(text)]
            found.append("%" + "%".join(parts) + "%")
            encoded = quote(text, safe="")
            if encoded != text and not digits:
                found.append("%" + _escaped(encoded) + "%")
            found += ["%" + _escaped(form) + "%" for form in _in_json(text) if form != text]
        return tuple(dict.fromkeys(found))

    def is_in(self, value: Any) -> bool:
        """Tell whether a value of a record names the person."""
        return bool(self.redact(value) != value)

    def redact(self, value: Any) -> Any:
        """Return a value of a record without the names: a text, or lists and dicts of texts, keys included."""
        if isinstance(value, str):
            return self._redact_text(value)
        if isinstance(value, dict):
            return {self.redact(key): self.redact(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact(each) for each in value]
        return value

    def _redact_text(self, text: str) -> str:
        if any(text.casefold() == own.casefold() for own in self.own):
            return self.pseudonym
        if not self.searched:
            return text
        made = self._pattern.sub(lambda match: match[0] if match["other"] else self.pseudonym, text)
        if made == text:
            return text
        return made[: next((limit for limit in _LIMITS if len(text) <= limit), max(len(text), len(made)))]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longer = sorted(
            (other for other in self.others if any(own.casefold() in other.casefold() for own in self.searched)),
            key=len, reverse=True,
        )  # fmt: skip
        kept = "|".join(_words(other) for other in longer)
        names = "|".join(form for own in self.searched for form in _forms(own))
        return re.compile(f"(?P<other>{kept})|(?:{names})" if kept else f"(?P<other>(?!))|(?:{names})", re.IGNORECASE)


def names_of(texts: Iterable[str | None]) -> frozenset[str]:
    """Return texts as names, without blanks around them and without empty ones."""
    return frozenset(text.strip() for text in texts if text is not None and text.strip())


def _forms(name: str) -> list[str]:
    digits = _digits_of(name)
    if digits:
        return [r"(?<!\d)(?:\+?86[\s.-]?)?" + r"[\s().-]?".join(digits) + r"(?!\d)"]
    forms = dict.fromkeys((name, quote(name, safe=""), *_in_json(name)))
    return [_words(form) for form in forms]


def _words(name: str) -> str:
    """Return the pattern of a name that is no part of a longer Latin word."""
    before = r"(?<![0-9A-Za-z])" if name[0].isascii() and name[0].isalnum() else ""
    after = r"(?![0-9A-Za-z])" if name[-1].isascii() and name[-1].isalnum() else ""
    return f"{before}{re.escape(name)}{after}"


def _digits_of(text: str) -> str:
    """Return the digits of a telephone number, without the code of China; nothing for any other text."""
    if _NUMBER.fullmatch(text) is None:
        return ""
    digits = re.sub(r"\D", "", text, flags=re.ASCII)
    if text.startswith("+86"):
        digits = digits.removeprefix("86")
    return digits if len(digits) >= _LEAST_DIGITS else ""


def _in_json(text: str) -> tuple[str, str]:
    """Return a text as it is within JSON: with what must be escaped, and with all but ASCII escaped."""
    return json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
