"""Units and meanings of numbers by a firmware's or a server's documentation, where their messages have none.

The Things Stack: "Payload formatters", normalized payload (thethingsindustries.com/docs).
Shelly: "Gen1 Device API", MQTT, and "Gen2+ Device API", components (shelly-api-docs.shelly.cloud). The temperature of a
Gen1 sensor is in the unit that is set in it: only its `info` states which.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple


class DocumentedName(NamedTuple):
    """Names of one kind, their unit, and what they are where the name itself does not tell; {} is a part of it."""

    pattern: re.Pattern[str]
    unit: str
    means: str = ""


@dataclass(frozen=True, slots=True)
class Documented:
    """What a firmware's documentation states."""

    names: tuple[DocumentedName, ...] = ()

    def find(self, name: str) -> tuple[str, str]:
        """Return the unit of a number and what it is; "" where the documentation states neither."""
        for known in self.names:
            match = known.pattern.search(name)
            if match is not None:
                return known.unit, known.means.format(*match.groups())
        return "", ""


def _name(pattern: str, unit: str, means: str = "") -> DocumentedName:
    return DocumentedName(re.compile(pattern), unit, means)


THINGS_STACK: Final = Documented(
    (
        # "Payload formatters", normalized payload: the unit is with the value.
        _name(r"^normalized/air/lightIntensity$", "", "illuminance"),
        _name(r"^normalized/soil/pH$", "", "soil"),
        _name(r"^normalized/(air|soil|wind)/(\w+)$", "", "{0} {1}"),
    )
)

SHELLY_GEN1: Final = Documented(
    (
        _name(r"^sensor/humidity$", "%"),
        _name(r"^sensor/battery$", "%"),
        _name(r"^sensor/lux$", "lx", "illuminance"),
        _name(r"^ext_temperature/\d+$", "degC", "temperature"),
        _name(r"^ext_temperature_f/\d+$", "degF", "temperature"),
        _name(r"^ext_humidity/\d+$", "%", "humidity"),
        _name(r"^temperature$", "degC", "device temperature"),
        _name(r"^temperature_f$", "degF", "device temperature"),
        _name(r"^(?:relay|light|roller)/\d+/power$", "W", "power"),
        _name(r"^emeter/\d+/power$", "W", "power"),
        _name(r"^emeter/\d+/voltage$", "V", "voltage"),
        _name(r"^emeter/\d+/current$", "A", "current"),
        _name(r"^emeter/\d+/total$", "Wh", "energy total"),
        _name(r"^emeter/\d+/total_returned$", "Wh", "energy returned"),
    )
)

SHELLY_GEN2: Final = Documented(
    (
        # A relay measures its own board.
        _name(r"(?:switch|cover|light|pm1|em1?):\d+/temperature/tC$", "degC", "device temperature"),
        _name(r"(?:switch|cover|light|pm1|em1?):\d+/temperature/tF$", "degF", "device temperature"),
        _name(r"temperature:\d+/tC$", "degC", "temperature"),
        _name(r"temperature:\d+/tF$", "degF", "temperature"),
        _name(r"humidity:\d+/rh$", "%", "humidity"),
        _name(r"illuminance:\d+/lux$", "lx", "illuminance"),
        _name(r"devicepower:\d+/battery/percent$", "%", "battery"),
        _name(r"devicepower:\d+/battery/V$", "V", "battery"),
        _name(r"voltmeter:\d+/voltage$", "V", "input voltage"),
        _name(r":\d+/apower$", "W", "power"),
        _name(r":\d+/voltage$", "V", "voltage"),
        _name(r":\d+/current$", "A", "current"),
        _name(r":\d+/freq$", "Hz", "frequency"),
        _name(r":\d+/aenergy/total$", "Wh", "energy total"),
        _name(r":\d+/ret_aenergy/total$", "Wh", "energy returned"),
        _name(r":\d+/([abc]|total)_act_power$", "W", "{} power"),
        _name(r":\d+/([abc]|total)_aprt_power$", "VA", "{} apparent power"),
        _name(r":\d+/([abc])_voltage$", "V", "phase {} voltage"),
        _name(r":\d+/([abcn]|total)_current$", "A", "phase {} current"),
        _name(r":\d+/([abc])_freq$", "Hz", "phase {} frequency"),
        _name(r":\d+/(?:total_act|total_act_energy)$", "Wh", "energy total"),
    )
)
