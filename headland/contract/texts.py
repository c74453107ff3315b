"""Texts from outside: no control characters in what is displayed, and nothing that a database cannot hold."""

from __future__ import annotations

import re
from typing import Final

#: Longest name, model or software version of a device or gateway.
MAX_TEXT: Final = 500
#: C0 and C1 control characters, and the separators that end a line.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_BUT_SPACE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def is_displayable(text: str, most: int = MAX_TEXT) -> bool:
    """Return whether a text is one line of at most `most` characters without control characters."""
    return len(text) <= most and _CONTROL.search(text) is None


def is_readable(text: str, most: int) -> bool:
    """Return whether a text of at most `most` characters has no control characters but tabs and ends of lines."""
    return len(text) <= most and _CONTROL_BUT_SPACE.search(text) is None


def displayable(text: str) -> str:
    """Return a text as one line: control characters become spaces, and what is longer than allowed is cut."""
    return _CONTROL.sub(" ", text)[:MAX_TEXT].strip()
