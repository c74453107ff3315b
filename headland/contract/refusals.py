"""Refusals of input from outside: values with a reason, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated


class Reason(StrEnum):
    """Reason of a refusal; counters and quarantine use these words."""

    TOO_LARGE = "too_large"
    NOT_DEFLATE = "not_deflate"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    WRONG_VERSION = "wrong_version"
    WRONG_IDENTITY = "wrong_identity"
    BAD_NAME = "bad_name"
    BAD_TIME = "bad_time"
    BAD_QUALITY = "bad_quality"
    UNEVEN_COLUMNS = "uneven_columns"
    UNKNOWN_CHANNEL = "unknown_channel"
    UNKNOWN_TOPIC = "unknown_topic"
    RELATIVE_TIME = "relative_time"
    EMPTY = "empty"
    STORE_REFUSED = "store_refused"
    OVER_QUOTA = "over_quota"


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal: the reason, for counters, and the detail, for people."""

    reason: Annotated[Reason, "Word of the reason."]
    detail: Annotated[str, "What is wrong, for people."]
