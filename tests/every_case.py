"""Whether every case of the document of the API is sent, as in CI; `make test` sends each kind to some operations."""

from __future__ import annotations

import os
from typing import Final

IS_EVERY_CASE_SENT: Final = os.environ.get("HEADLAND_EVERY_CASE") == "1"
