"""Finding about a channel's samples: the test, what was done with them, the cause, and the change that mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

#: What a mend does: sets a field of a record, calibrates a channel, names a channel anew, or sets a device's clock.
MendKind = Literal["set_field", "calibrate", "rename_channel", "set_clock"]
#: The record that a mend changes.
MendTarget = Literal["site", "greenhouse", "device", "channel"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record, as it is and as it would be right."""

    field: Annotated[str, "Field of the record."]
    before: Annotated[float | str | None, "Value of the field as it is; null where it has none."]
    after: Annotated[float | str | None, "Value that would be right."]


@dataclass(frozen=True, slots=True)
class Mend:
    """One change of one record that makes a finding's samples right.

    A pure function that does not know the record leaves `target_id` empty; its caller then fills it.
    """

    kind: Annotated[MendKind, "set_field, calibrate, rename_channel or set_clock."]
    target: Annotated[MendTarget, "Kind of what is changed: site, greenhouse, device or channel."]
    target_id: Annotated[str, "Id of the record, name of the device, or device/channel."]
    field: Annotated[
        str, "Field of the record; of a channel factor or offset (value times factor plus offset) or name."
    ]
    before: Annotated[float | str | None, "Value of the field as it is; null where it has none."]
    after: Annotated[float | str | None, "Value that makes it right."]
    others: Annotated[tuple[FieldChange, ...], "Fields of the record that change together with it."] = ()

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """All fields that change, the first one first."""
        return FieldChange(self.field, self.before, self.after), *self.others


@dataclass(frozen=True, slots=True)
class SensorFinding:
    """A fault of a channel's samples in [start_ms, end_ms]: the test, its flag, and their treatment.

    `left_out` is true where the `n` samples were left out of the indices; else they were used and are doubtful. `cause`
    is the slug of what explains them: a text of the group `finding_causes` of `headland.i18n`, whose places `facts`
    fill. `chance` is how sure that is [0..1], `mend` the one change that makes it right; None where no single one does.
    """

    channel: str
    test: str
    flag: int
    n: int
    start_ms: int
    end_ms: int
    left_out: bool
    detail: str
    cause: str | None = None
    chance: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    mend: Mend | None = None
