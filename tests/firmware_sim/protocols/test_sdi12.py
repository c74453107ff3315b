from __future__ import annotations

from firmware_sim.protocols.readings import Readings
from firmware_sim.protocols.sdi12 import PROBES, Probe, Sdi12Bus, sdi12_crc

READINGS: Readings = {
    "air_temperature_degc": 21.456,
    "relative_humidity_pct": 70.0,
    "co2_ppm": 512.0,
    "soil_temperature_degc": -1.5,
    "substrate_moisture_pct": None,
}


def bus(probes: dict[str, Probe] | None = None) -> Sdi12Bus:
    return Sdi12Bus(PROBES if probes is None else probes, lambda: READINGS)


def ask(on: Sdi12Bus, command: bytes) -> list[bytes]:
    return [answer.data for answer in on.feed(command)]


def test_the_crc_is_that_of_the_specifications_examples() -> None:
    assert sdi12_crc(b"0+3.14") == b"OqZ"
    assert sdi12_crc(b"0+3.14+2.718+1.414") == b"Ipz"


def test_a_probe_says_who_it_is() -> None:
    assert ask(bus(), b"0!") == [b"0\r\n"]
    assert ask(bus(), b"0I!") == [b"014HEADLANDSIMAIR100A001\r\n"]


def test_a_measurement_is_announced_and_then_fetched() -> None:
    wire = bus()
    assert ask(wire, b"0M!") == [b"00002\r\n"]
    assert ask(wire, b"0D0!") == [b"0+21.46+70.00\r\n"]
    assert ask(wire, b"0D1!") == [b"0\r\n"]
    assert ask(wire, b"0M1!") == [b"00001\r\n"]
    assert ask(wire, b"0D0!") == [b"0+512.00\r\n"]
    assert ask(wire, b"0M2!") == [b"00000\r\n"]


def test_a_slow_probe_asks_for_service_and_a_concurrent_one_does_not() -> None:
    wire = bus()
    first, service = wire.feed(b"1MC!")
    assert (first.data, first.service_request) == (b"10012\r\n", False)
    assert (service.data, service.service_request, service.after_s) == (b"1\r\n", True, 1.0)
    (fetched,) = ask(wire, b"1D0!")
    assert fetched == b"1-9999-1.50" + sdi12_crc(b"1-9999-1.50") + b"\r\n"
    assert ask(wire, b"1CC!") == [b"100102\r\n"]


def test_continuous_measurements_come_at_once() -> None:
    assert ask(bus(), b"0R0!") == [b"0+21.46+70.00\r\n"]
    assert ask(bus(), b"0RC0!") == [b"0+21.46+70.00" + sdi12_crc(b"0+21.46+70.00") + b"\r\n"]


def test_many_values_come_in_pages_of_35_characters() -> None:
    probe = Probe("HEADLAND", "SIMBIG", "100", "", 0, ("air_temperature_degc",) * 8)
    wire = bus({"7": probe})
    assert ask(wire, b"7M!") == [b"70008\r\n"]
    assert ask(wire, b"7D0!") == [b"7" + b"+21.46" * 5 + b"\r\n"]
    assert ask(wire, b"7D1!") == [b"7" + b"+21.46" * 3 + b"\r\n"]
    ask(wire, b"7C!")
    assert ask(wire, b"7D0!") == [b"7" + b"+21.46" * 8 + b"\r\n"]


def test_the_address_query_finds_one_probe_and_collides_with_several() -> None:
    assert ask(bus({"7": PROBES["0"]}), b"?!") == [b"7\r\n"]
    assert ask(bus({"5": PROBES["0"], "6": PROBES["1"]}), b"?!") == [b"4\r\n"]


def test_an_address_can_be_changed_but_not_to_a_taken_one() -> None:
    wire = bus()
    assert ask(wire, b"0A9!") == [b"9\r\n"]
    assert ask(wire, b"0!") == []
    assert ask(wire, b"9I!") == [b"914HEADLANDSIMAIR100A001\r\n"]
    assert ask(wire, b"9A1!") == [b"9\r\n"]


def test_commands_in_pieces_and_behind_noise_are_understood_and_others_are_not_answered() -> None:
    wire = bus()
    assert ask(wire, b"\x00\x80zz!0") == []
    assert ask(wire, b"R") == []
    assert ask(wire, b"0!") == [b"0+21.46+70.00\r\n"]
    assert ask(wire, b"8M!") == []
    assert ask(wire, b"0X!0Q7!") == []
    assert ask(wire, b"x" * 500) == []


def test_a_silent_probe_does_not_answer() -> None:
    wire = Sdi12Bus(PROBES, lambda: READINGS, lambda address: address != "1")
    assert ask(wire, b"1!") == []
    assert ask(wire, b"0!") == [b"0\r\n"]
