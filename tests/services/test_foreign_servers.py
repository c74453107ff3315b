"""Foreign servers read by a gateway, while both are killed again and again: nothing lost that it accepted, all exact.

`HEADLAND_FOREIGN_S=3600 make test ARGS="tests/services/test_foreign_servers.py -s"` reads each for an hour and prints
the figures. The servers of OPC UA and BACnet are programs of Node.js, as `(cd tests/node && npm ci)` installs them.
"""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from edge.agent.status import read_status
from tests.broker import Broker
from tests.edge.ingest_stand_in import StandInIngest
from tests.floors.modules import ROOT
from tests.ports import find_free_port
from tests.services.farm import HEADLAND
from tests.services.foreign_servers.journal import Served, read_journal
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

LASTS_S = float(os.environ.get("HEADLAND_FOREIGN_S", "30"))
#: Between two kills, of the server and of the gateway in turn: at most twenty of each [s].
KILLS_EVERY_S = max(4.0, LASTS_S / 40)
#: How long before a kill a number may have been served without being in the spool: on its way, or gathered.
ON_ITS_WAY_S = 2.0

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
SOURCES = {
    "dtu": """\
[[source]]
type = "modbus_dtu"
name = "dtus"
host = "127.0.0.1"
port = {port}
poll_s = 0.1
heartbeat = ["ping"]
[[source.dtu]]
registration = "862636050123456"
[[source.dtu.node]]
device = "meter"
registers = "meter.toml"
""",
    "opcua": """\
[[source]]
type = "opcua"
name = "server"
url = "opc.tcp://127.0.0.1:{port}"
poll_s = 0.2
device = "meter"
[[source.channel]]
from = "ns=1;s=meter"
channel = "co2_ppm"
unit = "ppm"
""",
    "bacnet": """\
[[source]]
type = "bacnet"
name = "controllers"
poll_s = 0.2
timeout_s = 0.5
address = "127.0.0.1:{port}"
device = "meter"
[[source.channel]]
from = "analog-input,1"
channel = "co2_ppm"
""",
}
#: The program of a server, where it is one of Node.js: its file in `tests/node`.
PROGRAMS = {"opcua": "opcua_server.mjs", "bacnet": "bacnet_device.mjs"}
#: What a server makes of a number of its journal: a double or a float32 with no end in decimals, an integer.
VALUES: dict[str, Callable[[int], float]] = {
    "dtu": float,
    "opcua": lambda number: number / 7,
    "bacnet": lambda number: float(struct.unpack("<f", struct.pack("<f", number / 7))[0]),
}
KINDS = [
    "dtu",
    pytest.param("opcua", marks=pytest.mark.services("node", "node-opcua")),
    pytest.param("bacnet", marks=pytest.mark.services("node", "bacnet-js")),
]
METER = '[[register]]\nchannel = "co2_ppm"\naddress = 0\ntype = "uint32"\n'


class Rig:
    """One server and one gateway as processes, which can be killed and come back."""

    def __init__(self, folder: Path, kind: str, broker: Broker, said: IO[bytes]) -> None:
        port = find_free_port()
        (folder / "meter.toml").write_text(METER)
        (folder / "edge.toml").write_text(HEAD.format(port=broker.port) + SOURCES[kind].format(port=port))
        self.folder = folder
        self.journal = folder / "served.txt"
        program = [sys.executable, "-m", f"tests.services.foreign_servers.{kind}"]
        if kind in PROGRAMS:
            program = ["node", str(ROOT / "tests" / "node" / PROGRAMS[kind])]
        server = [*program, str(port), str(self.journal)]
        gateway = [*HEADLAND, "edge", "run", "-c", str(folder / "edge.toml")]
        self._commands = {"server": server, "gateway": gateway}
        self._said = said
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.kills_s: list[float] = []

    def start(self, name: str) -> None:
        self._running[name] = subprocess.Popen(self._commands[name], stdout=self._said, stderr=self._said)

    def kill(self, name: str) -> None:
        """End a process as a power cut does, and start it again."""
        self._running[name].kill()
        self._running[name].wait(120)
        self.kills_s.append(time.time())
        self.start(name)

    def stop(self) -> int:
        """End the gateway as a person does, then the server; return the gateway's exit code."""
        self._running["gateway"].send_signal(signal.SIGTERM)
        code = self._running["gateway"].wait(120)
        self._running["server"].kill()
        self._running["server"].wait(120)
        self.kills_s.append(time.time())
        return code


@contextmanager
def rig_of(folder: Path, kind: str, broker: Broker) -> Iterator[Rig]:
    with (folder / "said.txt").open("wb") as said:
        rig = Rig(folder, kind, broker, said)
        rig.start("server")
        rig.start("gateway")
        try:
            yield rig
        finally:
            code = rig.stop()
    assert code == 0, (folder / "said.txt").read_text()


def numbers_of(ingest: StandInIngest) -> list[float]:
    """Return every number that came, in the order of its time."""
    samples: list[tuple[int, float]] = []
    for batch in list(ingest.seen.values()):
        for block in batch.blocks:
            if block.device == "meter":
                pairs = zip(block.dt, block.c["co2_ppm"], strict=True)
                samples += [(block.t0 + dt, value) for dt, value in pairs if value is not None]
    return [value for _, value in sorted(samples)]


def wait_for_more(ingest: StandInIngest, lasting_s: float = 0.0) -> None:
    """Wait until data arrive again, and for at least so long."""
    count, until_s = len(ingest.seen), time.monotonic() + lasting_s
    wait_until(lambda: len(ingest.seen) >= count + 5 and time.monotonic() >= until_s, timeout_s=lasting_s + PATIENCE_S)


def missing_between_kills(
    served: list[Served], stored: set[float], kills_s: list[float], value_of: Callable[[int], float]
) -> list[Served]:
    """Return what was served and never came, although nothing was killed just after it."""
    lost = []
    for one in served:
        if value_of(one.number) not in stored:
            at = bisect_left(kills_s, one.time_s)
            if at == len(kills_s) or kills_s[at] - one.time_s > ON_ITS_WAY_S:
                lost.append(one)
    return lost


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_server_is_read_exactly_through_kills_of_it_and_of_the_gateway(
    kind: str, tmp_path: Path, mosquitto: Broker
) -> None:
    ingest = StandInIngest(mosquitto.host, mosquitto.port, "gw-1")
    try:
        with rig_of(tmp_path, kind, mosquitto) as rig:
            ends_s = time.monotonic() + LASTS_S
            while time.monotonic() < ends_s:
                wait_for_more(ingest, lasting_s=KILLS_EVERY_S)
                rig.kill(("server", "gateway")[len(rig.kills_s) % 2])
            wait_for_more(ingest)
        status = read_status(tmp_path / "edge")
        wait_until(lambda: ingest.high(status.epoch) >= (status.uplink.acked_seq or 0))
    finally:
        ingest.close()
    served, stored, value_of = read_journal(rig.journal), numbers_of(ingest), VALUES[kind]
    print(f"\n{kind}: {len(served)} served, {len(stored)} stored, {len(rig.kills_s) - 1} kills in {LASTS_S:g} s")
    said = (tmp_path / "said.txt").read_text()
    assert [number for number, times in Counter(stored).items() if times > 1] == [], "stored twice"
    assert set(stored) <= {value_of(one.number) for one in served}, "a number that nobody served"
    assert stored == sorted(stored)
    assert missing_between_kills(served, set(stored), rig.kills_s, value_of) == [], said
    for epoch in {epoch for epoch, _ in ingest.seen}:
        assert ingest.high(epoch) == max(seq for of, seq in ingest.seen if of == epoch), "a gap of records"
    assert status.spool.records == 0
