"""Units behind a Modbus TCP address: which answer, which built-in register map reads them, or what they hold."""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from edge.sources.connection.serial_or_tcp import SerialOrTcpAddress
from edge.sources.modbus.bus import BadResponse, ModbusBus
from edge.sources.modbus.registers import Read, RegisterMap, built_in_maps, load_map, plan_reads
from edge.sources.modbus.words import decode_values, place_words
from headland.contract.gateway_orders import (
    MOST_FOUND,
    FoundDevice,
    FoundNumber,
    FoundSource,
    SensorSource,
    SurveyModbus,
)
from headland.contract.quantities import quantity_of
from headland.errors import RetryLater

_TIMEOUT_S: Final = 0.5
_FIRST_REGISTERS: Final = 8


def survey_units(order: SurveyModbus, stop: threading.Event) -> list[FoundSource]:
    """Return the units that answer. Raises RetryLater where the address cannot be reached."""
    bus = ModbusBus(SerialOrTcpAddress(order.host, order.port), "tcp", _TIMEOUT_S)
    try:
        bus.open()
        found: list[FoundSource] = []
        for unit in range(order.first_unit, max(order.first_unit, order.last_unit) + 1):
            if stop.is_set():
                break
            found += _look_at(bus, order, unit)
        return found[:MOST_FOUND]
    finally:
        bus.close()


def _look_at(bus: ModbusBus, order: SurveyModbus, unit: int) -> list[FoundSource]:
    """Return a unit as the map that reads most of it has it, and its bare registers unless it says that it is of it."""
    best: tuple[str, RegisterMap, dict[str, float | None]] | None = None
    if not any(isinstance(_ask(bus, unit, Read(function, 0, 1)), list | BadResponse) for function in (3, 4)):
        return []
    for path in built_in_maps():
        known = load_map(path)
        values = _read(bus, unit, known)
        if values is not None and (best is None or len(values) > len(best[2])):
            best = (path.name, known, values)
    bare = SensorSource(name=f"unit-{unit}", type="modbus_tcp", host=order.host, port=order.port, unit=unit)
    found = []
    if best is not None:
        name, known, values = best
        source = msgspec.structs.replace(bare, registers=name)
        device = FoundDevice(match=str(unit), model=known.model, values=values)
        found = [FoundSource(source=source, devices=(device,))]
        if known.identity is not None:
            return found
    numbers = _first_numbers(bus, unit)
    # A server of several units answers for one that is not there, with refusals.
    if numbers:
        found.append(FoundSource(source=bare, devices=(FoundDevice(match=str(unit)),), unclear=tuple(numbers)))
    return found


def _first_numbers(bus: ModbusBus, unit: int) -> list[FoundNumber]:
    """Return what the first registers of a unit hold, without a unit of measure."""
    numbers = []
    for function in (3, 4):
        for address in range(_FIRST_REGISTERS):
            words = _ask(bus, unit, Read(function, address, 1))
            if isinstance(words, list):
                numbers.append(FoundNumber(key=f"{function}:{address}:int16", value=str(_signed(words[0]))))
    return numbers


def _read(bus: ModbusBus, unit: int, known: RegisterMap) -> dict[str, float | None] | None:
    """Return what a map makes of a unit; None unless it reads all registers, and each value is possible."""
    words: dict[tuple[int, int], int] = {}
    for read in plan_reads(known):
        answer = _ask(bus, unit, read)
        if not isinstance(answer, list):
            return None
        words.update(place_words(read, answer))
    identity = known.identity
    if identity is not None and words.get((identity.function, identity.address)) != identity.value:
        return None
    values = decode_values(known, words)
    return values if values and all(_is_possible(channel, value) for channel, value in values.items()) else None


def _is_possible(channel: str, value: float | None) -> bool:
    quantity = quantity_of(channel)
    return value is not None and (quantity is None or quantity.low <= value <= quantity.high)


def _ask(bus: ModbusBus, unit: int, read: Read) -> list[int] | BadResponse | None:
    """Return the words, the refusal of a unit that is there, or None where it is silent."""
    try:
        if not bus.is_open:
            bus.open()
        return bus.read(unit, read)
    except RetryLater:
        return None


def _signed(word: int) -> int:
    return word - 0x10000 if word >= 0x8000 else word
