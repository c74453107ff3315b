"""Headland: precision-agriculture telemetry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headland.client.farm import Farm


def connect(url: str = "http://127.0.0.1:8000", key: str | None = None, **options: Any) -> Farm:
    """Return the farm at a URL, with the key and options of `headland.client.Client`; needs httpx."""
    from headland.client.farm import Farm

    return Farm(url, key, **options)
