"""Shapes of the lifecycle of everything that a station keeps."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.model import Model


class KeptKind(Model):
    """What bounds the records of a kind, and what remains of deleted ones, in the language of the request."""

    kind: str
    name: str
    bound: Literal["retention", "fixed", "things", "never", "person"] = Field(
        description="`retention`: days that can be set; `fixed`: an age, number or size; `things`: the number of "
        "devices, people and fields; `never`: evidence, kept for ever; `person`: somebody puts it there and deletes it."
    )
    bound_text: str
    remains: str
    days: int | None = Field(default=None, description="Days of a retention; null is for ever.")
    default_days: int | None = Field(default=None, description="Days where nobody chose any.")
    least_days: int | None = Field(default=None, description="The fewest days that can be set.")
    is_chosen: bool = Field(default=False, description="Whether a person set the days.")
    command: str = Field(default="", description="The command that sets the days.")
    deleted: int | None = Field(default=None, description="Records that retention has deleted so far, where counted.")
    deleted_before_ms: int | None = Field(default=None, description="They were before this instant.")
    due: int | None = Field(default=None, description="Records that are due to be deleted; in a preview only.")
    due_before_ms: int | None = Field(default=None, description="They are before this instant.")
    held_back: str = Field(default="", description="Why nothing is deleted now.")


class KeptKinds(Model):
    """All kinds of records that a station keeps."""

    items: list[KeptKind]


class NewDays(BaseModel):
    """Days to keep a kind: null is for ever; `is_default` in place of days is what applies to who chose nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int | None = Field(default=None, ge=1, le=100_000)
    is_default: bool = False
