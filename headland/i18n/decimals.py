"""Numbers as people read them: rounded as the dashboard rounds, so that screen and paper show the same digits.

Python's own formatting rounds the binary fraction: 0.6825 becomes 0.682 with three decimals, and 0.683 on the page.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation


def decimal_text(value: float, digits: int) -> str:
    """Return a number with so many decimals and commas by thousands, halves away from zero by its shortest digits."""
    try:
        rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    except InvalidOperation:  # not finite, or beyond 28 digits
        return f"{value:,.{digits}f}"
    return f"{rounded:,.{digits}f}"
