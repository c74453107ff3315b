"""Base class of the response models and the time of their examples. Times are epoch milliseconds UTC."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict

#: Time of the examples: 2026-11-24T08:00:00Z.
EXAMPLE_MS: Final = 1_795_507_200_000


class Model(BaseModel):
    """Base of the response models."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)
