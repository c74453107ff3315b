"""QARTOD quality flags.

U.S. IOOS (2020), Manual for Real-Time Quality Control of In-situ Temperature and Salinity Data, version 2.1.
"""

from __future__ import annotations

from typing import Final

GOOD: Final = 1
NOT_EVALUATED: Final = 2
SUSPECT: Final = 3
FAIL: Final = 4
MISSING: Final = 9
