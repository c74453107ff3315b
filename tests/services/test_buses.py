"""Every bus of a simulated greenhouse through a real gateway: processes, ptys, TCP and a broker, against the truth."""

from __future__ import annotations

import csv
import signal
import subprocess
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from edge.agent.status import AgentStatus, read_status
from headland.clock import wall_clock_ms
from headland.contract.records import Clock
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest
from tests.ports import find_free_port
from tests.services.farm import HEADLAND
from tests.waiting import WaitUntil

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

#: How far a reading may lie from the truth of its second: the sensors' noise (six standard deviations), the rounding of
#: the coarsest bus, and what changes within a second.
TOLERANCE = {
    "air_temperature_degc": 0.4,
    "relative_humidity_pct": 2.5,
    "co2_ppm": 40,
    "par_umol_m2_s": 20,
    "leaf_temperature_degc": 0.6,
    "soil_temperature_degc": 0.3,
    "substrate_moisture_pct": 1.5,
    "outside_temperature_degc": 0.5,
    "outside_humidity_pct": 3,
    "global_radiation_w_m2": 15,
    "wind_speed_m_s": 0.6,
    "vent_open_pct": 3,
    "heating_power_w_m2": 5,
}
CLIMATE = ("air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s", "leaf_temperature_degc",
           "soil_temperature_degc", "substrate_moisture_pct")  # fmt: skip
TEMPERATURE, HUMIDITY, CO2, PAR, LEAF, SOIL, MOISTURE = CLIMATE
OUTSIDE = ("outside_temperature_degc", "outside_humidity_pct", "wind_speed_m_s", "global_radiation_w_m2")
#: Which channels of which device each source reads, and whose clock its rows carry.
EXPECTED: dict[str, tuple[Clock, tuple[str, ...]]] = {
    "tcp-1": (Clock.RTC, (*CLIMATE, *OUTSIDE, "vent_open_pct", "heating_power_w_m2")),
    "rtu-1": (Clock.NTP, (TEMPERATURE, HUMIDITY, CO2, "outside_temperature_degc")),
    "dtu-1": (Clock.NTP, (TEMPERATURE, HUMIDITY, CO2, "outside_temperature_degc")),
    "json-1": (Clock.ARRIVAL, CLIMATE),
    "csv-1": (Clock.ARRIVAL, CLIMATE),
    "kv-1": (Clock.ARRIVAL, CLIMATE),
    "air": (Clock.NTP, (TEMPERATURE, HUMIDITY, CO2)),
    "soil": (Clock.NTP, (MOISTURE, SOIL)),
    "light": (Clock.NTP, (PAR,)),
    "mast": (Clock.NTP, OUTSIDE),
    "esp": (Clock.ARRIVAL, (TEMPERATURE, HUMIDITY, CO2, PAR)),
    "zig": (Clock.ARRIVAL, (TEMPERATURE, HUMIDITY, MOISTURE)),
    "tas": (Clock.ARRIVAL, (TEMPERATURE, HUMIDITY, CO2)),
    "lora": (Clock.RTC, (TEMPERATURE, HUMIDITY, SOIL, MOISTURE)),
    "leaf": (Clock.RTC, (LEAF, CO2)),
    "pack": (Clock.RTC, (PAR, *OUTSIDE)),
}

HEAD = """\
[gateway]
id = "gw-1"
site = "home"
data_dir = "edge"
clock = "ntp"

[broker]
port = {port}

[batch]
max_age_s = 0.1
"""


def source(kind: str, name: str, **keys: Any) -> str:
    """Return a `[[source]]` table in TOML."""
    lines = [f'[[source]]\ntype = "{kind}"\nname = "{name}"\nsimulated = true']
    return "\n".join([*lines, *(f"{key} = {toml(value)}" for key, value in keys.items())]) + "\n"


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return str(value)


def fields(*pairs: tuple[str | int, str], **more: Any) -> list[dict[str, Any]]:
    return [{"from": key, "channel": channel, **more} for key, channel in pairs]


LINE_FIELDS = fields(*zip(("temp", "hum", "co2", "par", "leaf", "soil_t", "soil_m"), CLIMATE, strict=True))


def serial_sources(folder: Path) -> str:
    """Return the sources on the pseudo-terminals that the simulator links into `folder`."""
    registers = {200: TEMPERATURE, 202: HUMIDITY, 204: CO2, 208: "outside_temperature_degc"}
    floats = "".join(
        f'[[register]]\nchannel = "{channel}"\naddress = {address}\ntype = "float32"\n'
        for address, channel in registers.items()
    )
    (folder / "floats.toml").write_text(f'word_order = "low_first"\n{floats}')
    base = {"simulated": True}

    def node(address: int, device: str, measure: str, *pairs: tuple[int, str], crc: bool = False) -> dict[str, Any]:
        invalid = {"invalid": [-9999]}
        sensor = {"address": str(address), "device": device, "measure": measure, "crc": crc}
        return {**base, **sensor, "channel": fields(*pairs, **invalid)}

    probes = [
        node(0, "air", "M", (0, TEMPERATURE), (1, HUMIDITY), crc=True),
        node(0, "air", "M1", (0, CO2)),
        node(1, "soil", "M", (0, MOISTURE), (1, SOIL)),
        node(2, "light", "R0", (0, PAR)),
        node(3, "mast", "C", *enumerate(EXPECTED["mast"][1]), crc=True),
    ]
    rtu = [{**base, "unit": 1, "device": "rtu-1", "registers": "floats.toml"}]
    return "".join(
        [
            source("modbus_rtu", "rtu", url=f"serial:{folder}/rtu", poll_s=0.3, timeout_s=0.3, node=rtu),
            source("sdi12", "probes", url=f"serial:{folder}/sdi12", poll_s=0.3, timeout_s=0.3, node=probes),
            source("lines", "json", url=f"serial:{folder}/json", format="json", sender="id", channel=LINE_FIELDS,
                   node=[{**base, "match": "1", "device": "json-1"}]),
        ]
    ).replace("simulated = true\nurl", "url", 2)  # fmt: skip


def all_sources(folder: Path, broker: Broker, modbus_port: int, dtu_port: int) -> str:
    """Return a source for every bus."""
    columns = ["id", "temp", "hum", "co2", "par", "leaf", "soil_t", "soil_m"]

    def mqtt(kind: str, match: str, device: str, *pairs: tuple[str, str]) -> str:
        node = [{"match": match, "device": device, "simulated": True}]
        where = {"host": broker.host, "port": broker.port}
        return source("mqtt", device, format=kind, **where, listed_only=True, channel=fields(*pairs), node=node)

    dtu = [
        {"registration": "headland-dtu", "node": [{"device": "dtu-1", "registers": "floats.toml", "simulated": True}]}
    ]
    return serial_sources(folder) + "".join(
        [
            source("modbus_dtu", "dtu", host="127.0.0.1", port=dtu_port, poll_s=0.3, heartbeat=["ping"], dtu=dtu)
            .replace("simulated = true\n", ""),
            source("modbus_tcp", "tcp", host="127.0.0.1", port=modbus_port, device="tcp-1", poll_s=0.3,
                   registers="greenhouse-sim.toml"),
            source("lines", "csv", url=f"serial:{folder}/csv", format="csv", columns=columns, device="csv-1",
                   channel=LINE_FIELDS),
            source("lines", "kv", url=f"serial:{folder}/kv", format="key_value", device="kv-1", channel=LINE_FIELDS),
            mqtt("home_assistant", "gh1-esp", "esp", ("air_humidity", HUMIDITY), ("par", PAR)),
            mqtt("zigbee2mqtt", "gh1-zigbee", "zig", ("temperature", TEMPERATURE), ("humidity", HUMIDITY),
                 ("soil_moisture", MOISTURE)),
            mqtt("tasmota", "gh1-tasmota", "tas", ("SHT3X/Temperature", TEMPERATURE), ("SHT3X/Humidity", HUMIDITY),
                 ("SCD40/CarbonDioxide", CO2)),
            mqtt("chirpstack", "gh1-lora", "lora", ("air_temperature", TEMPERATURE), ("air_humidity", HUMIDITY),
                 ("soil_temperature", SOIL), ("soil_moisture", MOISTURE)),
            mqtt("things_stack", "gh1-leaf", "leaf", ("leaf_temperature", LEAF), ("co2", CO2)),
            mqtt("senml", "urn:dev:ops:headland-gh1-par", "pack"),
        ]
    )  # fmt: skip


class Sample(NamedTuple):
    time_ms: int
    value: float
    clock: Clock
    simulated: bool


class Truth:
    """What is really true, by the second of simulated time."""

    def __init__(self, path: Path) -> None:
        with path.open(newline="") as file:
            self._rows = [row for row in csv.DictReader(file) if None not in row.values()]
        self._times_ms = [int(row["time_ms"]) for row in self._rows]

    def near(self, time_ms: int, channel: str) -> float:
        """Return a channel's true value in the second of `time_ms`."""
        at = min(bisect_left(self._times_ms, time_ms), len(self._rows) - 1)
        if at and time_ms - self._times_ms[at - 1] < self._times_ms[at] - time_ms:
            at -= 1
        assert abs(self._times_ms[at] - time_ms) < 3000, f"{time_ms} is not in the truth"
        return float(self._rows[at][channel])


class Simulation:
    """`headland sim greenhouse` on all its buses and `headland edge run`, in simulated time that began at noon."""

    def __init__(self, folder: Path, broker: Broker, *faults: str) -> None:
        self.folder = folder
        self.modbus_port = find_free_port()
        self.dtu_port = find_free_port()
        self.real_start_ms = wall_clock_ms()
        # Noon in Wuhan, yesterday: there is light, and a time of its own is never ahead of the gateway's.
        self.start_ms = self.real_start_ms // 86_400_000 * 86_400_000 - 20 * 3_600_000
        self._sim = [
            *HEADLAND, "sim", "greenhouse", "--seed", "1", "--truth", str(folder / "truth"),
            "--start-ms", str(self.start_ms), "--real-start-ms", str(self.real_start_ms),
            "--modbus-port", str(self.modbus_port), "--rtu-pty", str(folder / "rtu"),
            "--sdi12-pty", str(folder / "sdi12"), "--dtu", f"127.0.0.1:{self.dtu_port}",
            *(word for form in ("json", "csv", "kv") for word in ("--lines-pty", f"{form}:{folder}/{form}")),
            "--lines-period", "0.3", "--mqtt", f"{broker.host}:{broker.port}", "--mqtt-period", "0.3",
            *(word for fault in faults for word in ("--fault", fault)),
        ]  # fmt: skip
        self._broker = broker
        self._said: IO[bytes]
        self._house: subprocess.Popen[bytes]

    @contextmanager
    def running(self, sources: str) -> Iterator[StandInIngest]:
        """Run both until the block ends; what the gateway sends is kept."""
        (self.folder / "edge.toml").write_text(HEAD.format(port=self._broker.port) + sources)
        ingest = StandInIngest(self._broker.host, self._broker.port, "gw-1")
        with (self.folder / "said.txt").open("wb") as said:
            self._said = said
            self._house = self._start(self._sim)
            gateway = self._start([*HEADLAND, "edge", "run", "-c", str(self.folder / "edge.toml")])
            try:
                yield ingest
            finally:
                running = [gateway, self._house]
                for process in running:
                    process.send_signal(signal.SIGTERM)
                codes = [process.wait(120) for process in running]
                ingest.close()
        assert codes == [0, 0], (self.folder / "said.txt").read_text()

    def restart_house(self) -> None:
        """Cut every bus at once, as a power cut does, and bring them back."""
        self._house.kill()
        self._house.wait(120)
        self._house = self._start(self._sim)

    def _start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdout=self._said, stderr=self._said)

    def samples(self, ingest: StandInIngest) -> dict[tuple[str, str], list[Sample]]:
        """Return every number that came, by device and channel, in simulated time."""
        found: dict[tuple[str, str], list[Sample]] = {}
        shift_ms = self.real_start_ms - self.start_ms
        for batch in list(ingest.seen.values()):
            for block in batch.blocks:
                for channel, column in block.c.items():
                    for dt, value in zip(block.dt, column, strict=True):
                        if value is not None:
                            time_ms = block.t0 + dt - (0 if block.clock == Clock.RTC else shift_ms)
                            sample = Sample(time_ms, value, block.clock, block.simulated)
                            found.setdefault((block.device, channel), []).append(sample)
        return found

    def status(self) -> AgentStatus:
        return read_status(self.folder / "edge")

    def truth(self) -> Truth:
        return Truth(self.folder / "truth" / "greenhouse-1.csv")


def disagreeing(samples: list[Sample], truth: Truth, channel: str) -> list[Sample]:
    """Return the samples that are not the truth within the channel's tolerance."""
    return [one for one in samples if abs(one.value - truth.near(one.time_ms, channel)) > TOLERANCE[channel]]


def test_every_source_reads_the_house_over_its_bus_also_after_a_cut_and_agrees_with_the_truth(
    tmp_path: Path, mosquitto: Broker, wait_until: WaitUntil
) -> None:
    simulation = Simulation(tmp_path, mosquitto)
    wanted = {(device, channel) for device, (_, channels) in EXPECTED.items() for channel in channels}

    def lacking(ingest: StandInIngest, since_ms: int) -> list[tuple[str, str]]:
        found = simulation.samples(ingest)
        return sorted(one for one in wanted if sum(x.time_ms >= since_ms for x in found.get(one, ())) < 3)

    def wait_for_all(ingest: StandInIngest, since_ms: int) -> None:
        try:
            wait_until(lambda: not lacking(ingest, since_ms))
        except AssertionError:
            pytest.fail(f"{lacking(ingest, since_ms)} did not come: {(tmp_path / 'said.txt').read_text()}")

    with simulation.running(all_sources(tmp_path, mosquitto, simulation.modbus_port, simulation.dtu_port)) as ingest:
        wait_for_all(ingest, simulation.start_ms)
        simulation.restart_house()
        cut_ms = wall_clock_ms() - simulation.real_start_ms + simulation.start_ms
        wait_for_all(ingest, cut_ms)
    found = simulation.samples(ingest)
    truth = simulation.truth()
    assert {one[0] for one in found} == set(EXPECTED)
    for device, channel in sorted(wanted):
        samples = found[device, channel]
        assert {one.clock for one in samples} == {EXPECTED[device][0]}, device
        assert all(one.simulated for one in samples), device
        assert disagreeing(samples, truth, channel) == [], (device, channel)
    counters = {one.name: one.counters for one in simulation.status().sources}
    assert all(one.counters["rows"] >= 6 for one in simulation.status().sources)
    assert all(counters[name]["lost"] >= 1 for name in ("tcp", "rtu", "dtu", "probes", "json", "csv", "kv"))
    assert counters["probes"]["service_requests"] >= 1
    assert counters["esp"]["descriptions"] >= 4


def test_damaged_and_hung_up_lines_cost_rows_and_never_make_wrong_ones(
    tmp_path: Path, mosquitto: Broker, wait_until: WaitUntil
) -> None:
    simulation = Simulation(tmp_path, mosquitto, "noise=0.12", "cut=0.12", "hangup=4")
    # Probes that can send a checksum do; the others' damage nobody could see.
    sources = serial_sources(tmp_path).replace("crc = false", "crc = true")
    with simulation.running(sources) as ingest:

        def has_suffered() -> bool:
            found = simulation.samples(ingest)
            counters = {one.name: one.counters for one in simulation.status().sources}
            return (
                min(len(found.get((device, TEMPERATURE), ())) for device in ("rtu-1", "air", "json-1")) >= 2
                and all(counters[name]["lost"] >= 1 for name in ("rtu", "probes", "json"))
                and counters["rtu"]["no_answer"] >= 1
                and counters["probes"]["unanswered"] + counters["probes"]["bad_crc"] >= 1
                and sum(counters["json"][name] for name in ("refused_lines", "refused_encoding")) >= 1
            )

        wait_until(lambda: (tmp_path / "edge" / "status.json").exists() and has_suffered())
    found = simulation.samples(ingest)
    truth = simulation.truth()
    for device in ("rtu-1", "air", "soil", "mast"):
        for channel in EXPECTED[device][1]:
            assert disagreeing(found.get((device, channel), []), truth, channel) == [], (device, channel)
