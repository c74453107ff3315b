"""DataFlash logs as text: the rows of the .BIN that they were made of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.imports.dataflash.source import DataflashSource
from edge.imports.dataflash.text_reader import TextLogReader
from edge.imports.log_output import LogReport
from tests.edge.imports.dataflash.bin_writer import BinWriter, make_flight
from tests.edge.imports.dataflash.text_writer import as_text
from tests.edge.sources.mavlink.stand_ins import Collector

FLIGHT = (
    make_flight(20)
    .units("BAT", "s#vvAaXOw%", "F-000C0?00")
    .battery(25_000, 0, 12.0, 800.0, 55)
    .put("CMD", 25_100_000, 3, 1, 16, 0.0, 0.0, 0.0, 0.0, 494_000_000, -1_230_000_001, 12.5, 3)
    .put("MSG", 25_200_000, "Mission: 1 WP, then home, it says")
)
TEXT = as_text(FLIGHT)


def play(path: Path, data: bytes, *, is_text: bool) -> tuple[Collector, LogReport]:
    path.write_bytes(data)
    source, sink = DataflashSource(path, None, "home", is_text=is_text), Collector()
    source.run(sink)
    return sink, source.report()


def test_a_text_gives_the_rows_and_events_of_its_bin(tmp_path: Path) -> None:
    ours, report = play(tmp_path / "a.log", TEXT, is_text=True)
    theirs, _ = play(tmp_path / "a.BIN", bytes(FLIGHT.data), is_text=False)
    assert report.rows > 400
    assert report.left_out == {}
    assert [row.values for row in ours.readings] == [row.values for row in theirs.readings]
    assert [row.time_ms for row in ours.readings] == [row.time_ms for row in theirs.readings]
    assert ours.events == theirs.events
    assert [row.source for row in ours.readings] == [row.source for row in theirs.readings]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_text_read_in_any_pieces_gives_the_same_messages(size: int) -> None:
    whole, pieces = TextLogReader(), TextLogReader()
    expected = [values for _, values in whole.read(TEXT) + whole.finish()]
    found = [one for at in range(0, len(TEXT), size) for one in pieces.read(TEXT[at : at + size])]
    assert [values for _, values in found + pieces.finish()] == expected
    assert pieces.counters() == whole.counters()


OLD = (
    """FMT, 128, 89, FMT, BBnNZ, Type,Length,Name,Format,Columns
FMT, 130, 35, GPS, BIHBcLLeeEe, Status,TimeMS,Week,NSats,HDop,Lat,Lng,RelAlt,Alt,Spd,GCrs
FMT, 135, 14, MODE, MhH, Mode,ThrCrs,Rsn
FMT, 161, 12, ATT, cccB, Roll,Pitch,Yaw,X
FMT, 134, 67, MSG, Z, Message
MSG, ArduCopter V3.1.5 (3c57e771)
""".replace("FMT, 130, 35", f"FMT, 130, {3 + 1 + 4 + 2 + 1 + 2 + 4 + 4 + 4 + 4 + 4 + 4}")
    .replace("FMT, 135, 14", "FMT, 135, 8")
    .replace("FMT, 161, 12", "FMT, 161, 10")
)


def test_a_text_of_old_firmware_with_names_of_modes_is_read(tmp_path: Path) -> None:
    lines = [OLD, "MODE, AltHold, 461, 0\n"]
    lines += [
        f"GPS, 3, {130_040_900 + 200 * n}, 1769, 8, 2.16, 35.3632607, 149.1652355, 0.5, 584.1, 1.25, 12.5\n"
        for n in range(9)
    ]
    lines += ["MODE, Stabilize, 461, 0\n", "GPS, 3, 130042900, 1769"]
    sink, report = play(tmp_path / "a.log", "".join(lines).encode(), is_text=True)
    rows = [row.values for row in sink.readings if row.values.get("gps_latitude_deg") is not None]
    assert len(rows) == 9
    assert (rows[0]["gps_latitude_deg"], rows[0]["gps_longitude_deg"]) == (35.3632607, 149.1652355)
    assert (rows[0]["gps_altitude_m"], rows[0]["gps_hdop_ratio"], rows[0]["gps_ground_speed_m_s"]) == (
        584.1,
        2.16,
        1.25,
    )
    modes = [(event.data["mode"], event.data["code"]) for event in sink.events if event.kind == "mode"]
    assert modes == [("ALT_HOLD", 2), ("STABILIZE", 0)]
    assert any(note.startswith("it ends in the middle of a message (23 bytes") for note in report.notes)


@given(st.lists(st.one_of(st.text(max_size=60), st.sampled_from(TEXT.decode().splitlines()[:40])), max_size=30))
def test_no_text_raises_anything(lines: list[str]) -> None:
    reader = TextLogReader()
    data = "\n".join(lines).encode("utf-8", "replace")
    for at in range(0, len(data), 50):
        reader.read(data[at : at + 50])
    reader.finish()
    assert reader.counters().get("bytes", 0) == len(data)


def test_a_line_without_end_is_not_kept() -> None:
    reader = TextLogReader()
    for _ in range(100):
        reader.read(b"GPS, " + b"1" * 1000)
    assert len(reader._rest) <= 4096
    assert BinWriter().messages == []
