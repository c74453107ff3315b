"""Objects of a device: what it says of their present values becomes a row with its quality. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from edge.sources.mapping.field_map import UNKNOWN_UNIT, FieldMap, FieldSettings, Measurement
from headland.contract.foreign_units import Conversion, convert_to_channel
from headland.contract.quantities import unit_of_channel
from headland.contract.records import Quality

RELIABLE: Final = "no-fault-detected"
#: What objects without a unit state; it is none of the table of units.
_NO_UNITS: Final = "no-units"


class ObjectValue(NamedTuple):
    """What a device says of one object; None: it did not say.

    `value` is a number or a boolean. `fault`, `overridden` and `out_of_service` are its status flags, `reliability` and
    `unit` the names of ASHRAE 135. `error` is the name of the error that came in place of the value.
    """

    key: str
    value: object = None
    fault: bool = False
    overridden: bool = False
    out_of_service: bool = False
    reliability: str | None = None
    unit: str | None = None
    error: str = ""

    @property
    def why_bad(self) -> str:
        """Why the value is none; empty where it is one."""
        if self.error:
            return self.error
        if self.reliability not in (None, RELIABLE):
            return str(self.reliability)
        if self.fault:
            return "fault"
        return "out-of-service" if self.out_of_service else ""


class ObjectRow(NamedTuple):
    """Values by channel, and the flags of those that are not good."""

    values: dict[str, float | None]
    flags: dict[str, int]


class Objects:
    """The objects of one device. A value with a fault, or of an object out of service, is null; one that is overridden
    by hand has the flag `suspect`. An object that stays bad is null once.
    """

    def __init__(self, fields: Sequence[FieldSettings], counts: Counter[str]) -> None:
        self._fields = {str(field.key): field for field in fields}
        self._map = FieldMap(fields, counts)
        self._counts = counts
        #: Objects without a value now, with the reason.
        self.bad: dict[str, str] = {}
        #: Objects whose unit is not their channel's now, with the reason as a sentence.
        self.refused: dict[str, str] = {}

    @property
    def keys(self) -> Sequence[str]:
        """The objects to read."""
        return list(self._fields)

    def row(self, values: Iterable[ObjectValue]) -> ObjectRow:
        """Return the row of one reading."""
        measurements: list[Measurement] = []
        flags: dict[str, int] = {}
        for value in values:
            field = self._fields.get(value.key)
            if field is None:
                continue
            why = value.why_bad
            if why and self.bad.get(value.key) == why:
                self._counts["unchanged"] += 1
                continue
            if why:
                self.bad[value.key] = why
                self._counts["bad_status"] += 1
                # Null needs no unit.
                measurements.append(Measurement(value.key, None))
                continue
            self.bad.pop(value.key, None)
            unit = UNKNOWN_UNIT if value.unit in (None, _NO_UNITS) else str(value.unit)
            self._note_unit(field, value.key, unit)
            measurements.append(Measurement(value.key, value.value, unit))
            if value.overridden:
                self._counts["overridden"] += 1
                flags[field.channel] = int(Quality.SUSPECT)
        converted = self._map.convert(measurements)
        return ObjectRow(converted, {channel: flag for channel, flag in flags.items() if channel in converted})

    def _note_unit(self, field: FieldSettings, key: str, unit: str) -> None:
        """Note why the unit of an object is refused, where it is."""
        self.refused.pop(key, None)
        if field.unit is not None or (unit == UNKNOWN_UNIT and unit_of_channel(field.channel) == "1"):
            return
        if unit == UNKNOWN_UNIT:
            self.refused[key] = "it states no unit"
        elif not isinstance(conversion := convert_to_channel(field.channel, unit), Conversion):
            self.refused[key] = conversion.sentence


def sentences_of(devices: Mapping[str, Objects], most: int = 5) -> list[str]:
    """Return a sentence for each of the first objects that have no value or no known unit."""
    refused = [
        f"{device}: {key} is left out: {why}. Write the unit of its number as unit in its channel table."
        for device, objects in devices.items()
        for key, why in list(objects.refused.items())
    ]
    bad = [
        f"{device}: {key} is {why}: its value is missing. Check the object, and the sensor behind it."
        for device, objects in devices.items()
        for key, why in list(objects.bad.items())
    ]
    return [*refused, *bad][:most]
