"""A real MAVLink source while one vehicle says anything beside one that is well; damaged files."""

from __future__ import annotations

import gc
import random
import socket
import struct
import threading
import time
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.imports.card.formats import log_formats
from edge.imports.file_types import open_source
from edge.imports.table.map import open_map
from edge.sources.mavlink.card.span_reader import CardParts
from edge.sources.mavlink.settings import HealSettings, MavlinkSettings
from edge.sources.mavlink.source import MavlinkSource
from headland.clock import wall_clock_ms
from headland.errors import HeadlandError
from tests.edge.imports.card.healed_flight import Store
from tests.edge.imports.damaged_files import TABLE_MAP, damaged, good_files
from tests.edge.imports.test_damaged_files import Taken
from tests.edge.imports.test_importer import import_settings
from tests.edge.sources.mavlink.stand_ins import UID_A, UID_B, Autopilot
from tests.hostile.mutations import count

MOST_GROWTH_BYTES: Final = 20_000_000
ODD: Final = (b"\xff" * 8, bytes(8), struct.pack("<f", float("nan")), b"\x7f" * 8, struct.pack("<f", float("inf")))


#: All but what says that there are two vehicles under one address, of which the cards are not read.
_KINDS: Final = [kind for number, kind in dialect.mavlink_map.items() if number not in (0, 148)]


class HostileVehicle:
    """Flies, loses its link for a while, lands, and sends mutated messages of every type."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._pilot = Autopilot(system=7, utc_at_boot_ms=wall_clock_ms() - 60_000)
        self._started_s = time.monotonic()
        self.mutations = 0

    def beat(self) -> list[bytes]:
        """Return what it sends by itself: identity and state, true enough to be a vehicle, and mutated messages."""
        since_s = time.monotonic() - self._started_s
        boot_ms = 60_000 + round(since_s * 1000)
        if 2.0 < since_s < 5.0:
            return []
        pilot = self._pilot
        frames = [
            pilot.heartbeat(armed=since_s < 7.0),
            pilot.identity(UID_B),
            pilot.system_time(boot_ms),
            pilot.gps(boot_ms),
        ]
        frames += [pilot.attitude(boot_ms + 10 * n) for n in range(5)]
        return frames + ([self._message() for _ in range(60)] if since_s > 7.0 else [])

    def _message(self) -> bytes:
        """Return a message of any type with any bytes in its fields."""
        dice = self._dice
        self.mutations += 1
        kind = dice.choice(_KINDS)
        payload = bytearray(dice.randbytes(kind.unpacker.size))
        for _ in range(dice.randrange(3)):
            at = dice.randrange(len(payload))
            odd = dice.choice(ODD)
            payload[at : at + len(odd)] = odd
        with suppress(Exception):
            message = kind(*_fields(kind, bytes(payload[: kind.unpacker.size])))
            return self._pilot.encode(message)
        return b"\xfd" + dice.randbytes(40)


def _fields(kind: Any, payload: bytes) -> list[Any]:
    """Return the fields of a message from the bytes of its payload, as pymavlink orders them."""
    raw, values, at = kind.unpacker.unpack(payload), [], 0
    for length in kind.array_lengths:
        values.append(raw[at] if length <= 1 or isinstance(raw[at], bytes) else list(raw[at : at + length]))
        at += 1 if length <= 1 or isinstance(raw[at], bytes) else length
    return [values[place] for place in kind.orders]


@pytest.mark.long
@pytest.mark.sockets
def test_no_vehicle_ends_the_link_of_the_others(free_port: int, tmp_path: Path) -> None:
    heal = HealSettings(least_gap_s=1.0)
    settings = MavlinkSettings(name="link", url=f"udpin:127.0.0.1:{free_port}", heal=heal)
    live, history, ended = Store(), Store(), list[BaseException]()
    parts = CardParts(tmp_path, log_formats(settings), lambda: history)
    source = MavlinkSource(settings, "gw-1", "home", card=parts)

    def run() -> None:
        try:
            source.run(live)
        except BaseException as error:
            ended.append(error)
            raise

    thread = threading.Thread(target=run, name="link")
    thread.start()
    total, hostile = count(0.1, 2000), HostileVehicle(random.Random(3))
    well = Autopilot(utc_at_boot_ms=wall_clock_ms() - 50_000)
    boot_ms, grown_from, heard = 50_000, 0, 0
    tracemalloc.start()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bad,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as good,
    ):
        bad.setblocking(False)
        while hostile.mutations < total and not ended:
            for frame in hostile.beat():
                bad.sendto(frame, ("127.0.0.1", free_port))
            boot_ms += 50
            for frame in (well.heartbeat(), well.identity(UID_A), well.system_time(boot_ms), well.attitude(boot_ms)):
                good.sendto(frame, ("127.0.0.1", free_port))
            heard += 1
            live.events.clear()
            live.samples = dict(list(live.samples.items())[-2000:])
            if not grown_from and hostile.mutations > total // 2:
                gc.collect()
                grown_from = tracemalloc.get_traced_memory()[0]
            time.sleep(0.02)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - grown_from
    tracemalloc.stop()
    counters = source.counters()
    source.stop()
    thread.join(60)
    print(f"\nMAVLink: {hostile.mutations} mutations, {grown / 1e6:.1f} MB more, {counters}")
    assert ended == []
    assert counters.get("peer_failures", 0) == counters.get("vehicle_failures", 0) == 0
    assert "uav-a1b2c3" in live.described
    assert grown <= MOST_GROWTH_BYTES


def test_damaged_files_of_all_kinds_take_bounded_memory(tmp_path: Path) -> None:
    total, dice, good = count(0.2, 350), random.Random(11), good_files(tmp_path)
    (tmp_path / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
    house, settings, refused, most = open_map("map.toml", tmp_path), import_settings(tmp_path / "data", 1), 0, 0
    tracemalloc.start()
    for _ in range(total):
        name = dice.choice(list(good))
        path, sink = tmp_path / name, Taken()
        path.write_bytes(damaged(name, good[name], dice))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        try:
            source = open_source(path, settings, house if name.endswith(".csv") else None)
            source.run(sink)  # type: ignore[arg-type]  # it counts only
        except (HeadlandError, OSError):
            refused += 1
        most = max(most, tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    print(f"\nfiles: {total}, {refused} refused, {most / 1e6:.1f} MB at most")
    assert most <= MOST_GROWTH_BYTES
