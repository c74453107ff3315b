"""Register table of a simulated greenhouse controller: one unit per compartment, the same over TCP and RTU. Pure.

| registers | content |
|---|---|
| 0, 1 | uint32, UTC epoch seconds of the controller, high word first |
| 2 | milliseconds of that second |
| 3 | identity, 0x484C |
| 4..9 | empty |
| 10..30 | the channels of `SLOTS` as scaled int16 or uint16; 0x8000 or 0xFFFF is no value |
| 100.. | the same channels in the same order as float32, high word first; NaN is no value |
| 200.. | the same channels in the same order as float32, low word first; NaN is no value |
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

from firmware_sim.protocols.readings import Readings

IDENTITY: Final = 0x484C
NO_INT16: Final = 0x8000
NO_UINT16: Final = 0xFFFF
REGISTER_COUNT: Final = 31
FLOATS_AT: Final = 100
SWAPPED_FLOATS_AT: Final = 200


@dataclass(frozen=True, slots=True)
class Slot:
    """A measured register: address, steps per unit of the channel, signedness and range of its sensor."""

    address: int
    scale: float
    signed: bool
    low: float = -1e9
    high: float = 1e9


SLOTS: Final[dict[str, Slot]] = {
    "air_temperature_degc": Slot(10, 100, signed=True),
    "relative_humidity_pct": Slot(11, 100, signed=False, low=0, high=100),
    "co2_ppm": Slot(12, 1, signed=False, low=0),
    "par_umol_m2_s": Slot(13, 1, signed=False, low=0),
    "outside_temperature_degc": Slot(14, 100, signed=True),
    "outside_humidity_pct": Slot(15, 100, signed=False, low=0, high=100),
    "global_radiation_w_m2": Slot(16, 1, signed=False, low=0),
    "wind_speed_m_s": Slot(17, 100, signed=False, low=0),
    "vent_open_pct": Slot(18, 100, signed=False, low=0),
    "heating_power_w_m2": Slot(19, 10, signed=False, low=0),
    "leaf_temperature_degc": Slot(20, 100, signed=True),
    "soil_temperature_degc": Slot(21, 100, signed=True),
    "substrate_moisture_pct": Slot(22, 100, signed=False, low=0, high=100),
    "cover_temperature_degc": Slot(23, 100, signed=True),
    "screen_closed_pct": Slot(24, 100, signed=False, low=0),
    "air_temperature_degc:1": Slot(25, 100, signed=True),
    "relative_humidity_pct:1": Slot(26, 100, signed=False, low=0, high=100),
    "air_temperature_degc:2": Slot(27, 100, signed=True),
    "fogging_pct": Slot(28, 100, signed=False, low=0),
    "lamp_power_w_m2": Slot(29, 10, signed=False, low=0),
    "rain_total_mm": Slot(30, 10, signed=False, low=0),
}

#: Readable blocks: first register and length.
BLOCKS: Final = ((0, REGISTER_COUNT), (FLOATS_AT, 2 * len(SLOTS)), (SWAPPED_FLOATS_AT, 2 * len(SLOTS)))


def register_table(readings: Readings, now_ms: int) -> list[int]:
    """Return the words of every register from 0 on, as read at `now_ms`; those outside of `BLOCKS` are 0."""
    words = [0] * (SWAPPED_FLOATS_AT + 2 * len(SLOTS))
    seconds, milliseconds = divmod(now_ms, 1000)
    words[:4] = [seconds >> 16 & 0xFFFF, seconds & 0xFFFF, milliseconds, IDENTITY]
    for index, (channel, slot) in enumerate(SLOTS.items()):
        value = readings.get(channel)
        words[slot.address] = encode_word(slot, value)
        high, low = struct.unpack(">HH", struct.pack(">f", math.nan if value is None else value))
        words[FLOATS_AT + 2 * index : FLOATS_AT + 2 * index + 2] = [high, low]
        words[SWAPPED_FLOATS_AT + 2 * index : SWAPPED_FLOATS_AT + 2 * index + 2] = [low, high]
    return words


def is_readable(address: int, count: int) -> bool:
    """Return whether `count` registers from `address` are within one of the blocks."""
    return any(first <= address and address + count <= first + length for first, length in BLOCKS)


def encode_word(slot: Slot, value: float | None) -> int:
    """Return the register word of a value; a missing value, or one out of range, gives the sentinel for no value."""
    no_value = NO_INT16 if slot.signed else NO_UINT16
    if value is None or math.isnan(value):
        return no_value
    scaled = round(max(slot.low, min(slot.high, value)) * slot.scale)
    if slot.signed:
        return scaled & 0xFFFF if -0x7FFF <= scaled <= 0x7FFF else no_value
    return scaled if 0 <= scaled < NO_UINT16 else no_value
