"""Numbers in text that others wrote: ASCII digits, few of them, without the forms that Python reads besides.

`str.isdigit` is true for a superscript two, which `int` refuses; `int` refuses more than 4,300 digits, and reads 1_000;
`float` reads nan, and 1e999 as infinity. No other module asks a text whether it is digits (`tests/floors`).
"""

from __future__ import annotations

import math
import re
from typing import Final

#: What fits into 64 bits with its sign.
_MOST_DIGITS: Final = 18
_DIGITS: Final = re.compile(r"[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MOST_LETTERS: Final = 64
#: Digits, point and minus as a Chinese keyboard writes them in full width.
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９．－＋", "0123456789.-+")


def is_digits(text: str, most: int = _MOST_DIGITS) -> bool:
    """Return whether a text is 1 to `most` ASCII digits: `int` reads it, and nothing else means the same number."""
    return len(text) <= most and _DIGITS.fullmatch(text) is not None


def read_whole(text: str, most_digits: int = _MOST_DIGITS) -> int | None:
    """Return the number that a text of ASCII digits is, with or without a minus; None for any other text."""
    return int(text) if is_digits(text.removeprefix("-"), most_digits) else None


def read_decimal(text: str) -> float | None:
    """Return the finite number that a text is, blanks around it left out; None for any other text.

    Digits in full width count; underscores, words and other digits of Unicode do not.
    """
    plain = text.strip().translate(_FULL_WIDTH)
    if len(plain) > _MOST_LETTERS or _DECIMAL.fullmatch(plain) is None:
        return None
    number = float(plain)
    return number if math.isfinite(number) else None
