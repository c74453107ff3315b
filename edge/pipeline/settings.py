"""Settings of the batcher: when a message is closed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.toml.settings import Settings


class BatchSettings(Settings, frozen=True, kw_only=True):
    """When a message is closed: at so many points or at such an age, whichever comes first."""

    max_points: Annotated[int, Meta(ge=1, le=5000)] = 500
    max_age_s: Annotated[float, Meta(ge=0.02, le=60)] = 0.5
