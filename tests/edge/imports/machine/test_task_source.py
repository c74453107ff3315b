"""ISOXML task data of tractors and combines: rows by the values' meaning, zones of terminals, damage, and folders."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.agent.settings import EdgeSettings, GatewaySettings
from edge.imports.file_content import LogKind, kind_of
from edge.imports.file_types import find_files, open_source
from edge.imports.machine.logged_work import rows_of
from edge.imports.machine.task_source import TaskSource
from edge.uplink.settings import BrokerSettings
from headland.contract.records import Clock
from headland.errors import DataDamaged
from headland.files.isoxml.task_data import Element, ElementKind
from headland.files.isoxml.time_log import LoggedValue, LogHeader, LogRecord, TimeLog, write_time_log
from tests.edge.imports.machine.test_machine_source import Kept
from tests.examples import examples

LOCAL_MS = 1_772_352_000_000  # 2026-03-01 08:00 at the terminal
WIDTH, STATE, SPEED, FLOW, RATE, MOISTURE = 0x43, 0x8D, 0x18D, 0x57, 0x02, 0x63
Values = Sequence[Mapping[int, int]]
DEVICE = (
    '<DVC A="DVC-1" B="Lovol GM100" D="A00086000DF95589"><DET A="DET-1" B="1" C="1"/><DET A="DET-2" B="2" C="4"/>'
    '<DET A="DET-3" B="3" C="4"/></DVC>'
)


def log_of(
    header: Sequence[tuple[int, str]],
    rows: Values,
    *,
    every_ms: int = 1000,
    start_ms: int = LOCAL_MS,
    status: int = 1,
    utc_ms: int | None = None,
) -> TimeLog:
    """Return a log of a machine that goes north at 1.11 m/s, with a record for each of `rows`."""
    position = ("A", "B", "D") if utc_ms is None else ("A", "B", "D", "H", "I")
    records = []
    for number, values in enumerate(rows):
        place = {"north_e7": 319_500_000 + number * 100, "east_e7": 1_191_700_000, "status": status}
        if utc_ms is not None:
            days, ms = divmod(utc_ms + number * every_ms, 86_400_000)
            place |= {"utc_ms_of_day": ms, "utc_days": days - 3652}
        records.append(LogRecord(start_ms + number * every_ms, place, dict(values)))
    return TimeLog(LogHeader(position, tuple(LoggedValue(*each) for each in header)), tuple(records))


def write(path: Path, logs: Mapping[str, TimeLog], task: str = "", device: str = DEVICE, folder: str = "") -> Path:
    """Write task data with logs as a ZIP archive."""
    named = "".join(f'<TLG A="{name}" C="1"/>' for name in logs)
    text = f'<ISO11783_TaskData VersionMajor="4">{device}<TSK A="TSK1" G="4">{task or named}</TSK></ISO11783_TaskData>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{folder}TASKDATA.XML", text)
        for name, log in logs.items():
            for ending, data in zip(("xml", "bin"), write_time_log(log), strict=True):
                archive.writestr(f"{folder}{name}.{ending}", data)
    return path


def read(path: Path, start_ms: int | None = None) -> tuple[Kept, TaskSource]:
    kept, source = Kept(), TaskSource(path, "wuhan", start_ms=start_ms)
    source.run(kept)  # type: ignore[arg-type]  # it takes no events
    return kept, source


COMBINE = [(WIDTH, "DET-1"), (STATE, "DET-1"), (SPEED, "DET-1"), (FLOW, "DET-1"), (MOISTURE, "DET-1")]
#: Width and moisture come once; work begins at the second record and ends at the fourth, where grain still arrives.
CUT = [{0: 4500, 1: 0, 2: 1200, 3: 0}, {1: 1, 3: 2_000_000, 4: 145_000}, {3: 4_000_000}, {1: 0, 2: 900}, {3: 1_000_000}]


def test_a_combine_has_width_speed_flow_and_moisture_by_the_meaning_of_its_values(tmp_path: Path) -> None:
    path = write(tmp_path / "harvest.zip", {"TLG00001": log_of(COMBINE, CUT)}, folder="TASKDATA/")
    kept, source = read(path, start_ms=LOCAL_MS - 8 * 3_600_000)
    assert source.report().devices == ("machine-a00086000df95589",)
    assert (kept.descriptors[0].name, kept.descriptors[0].model) == ("Lovol GM100", "combine")
    values = [reading.values for reading in kept.readings]
    assert [each["working_width_m"] for each in values] == [0.0, 4.5, 4.5, 0.0, 0.0]
    assert [each["ground_speed_m_s"] for each in values] == [1.2, 1.2, 1.2, 0.9, 0.9]
    assert [each["harvest_flow_kg_min"] for each in values] == pytest.approx([0.0, 120.0, 240.0, 240.0, 60.0])
    assert [each.get("grain_moisture_pct") for each in values] == [None, 14.5, 14.5, 14.5, 14.5]
    assert [reading.time_ms for reading in kept.readings] == [
        LOCAL_MS - 8 * 3_600_000 + 1000 * number for number in range(5)
    ]
    assert {reading.clock for reading in kept.readings} == {Clock.RTC}


def test_rates_of_sections_are_of_their_own_ground_and_their_widths_add_up(tmp_path: Path) -> None:
    header = [(WIDTH, "DET-2"), (WIDTH, "DET-3"), (RATE, "DET-2"), (RATE, "DET-3"), (SPEED, "DET-1")]
    # 200 and 400 L/ha on 3 m each at 2 m/s: 0.03 L/m2 on 12 m2/s.
    log = log_of(header, [{0: 3000, 1: 3000, 2: 2_000_000, 3: 4_000_000, 4: 2000}])
    kept, _ = read(write(tmp_path / "spray.zip", {"TLG00001": log}), start_ms=LOCAL_MS)
    assert kept.readings[0].values["working_width_m"] == 6.0
    assert kept.readings[0].values["flow_l_min"] == pytest.approx(0.03 * 12 * 60)
    assert kept.descriptors[0].model == "tractor"


@pytest.mark.parametrize(
    ("span", "hours"),
    [
        ('<TIM A="2026-03-01T08:00:00+08:00" B="2026-03-01T08:00:04+08:00" D="4"/>', 8),
        ('<TIM A="2026-03-01T00:00:20Z" B="2026-03-01T00:00:30Z" D="4"/>', 8),  # UTC beside local times
        ('<TIM A="2026-03-01T08:00:00Z" B="2026-03-01T08:00:04Z" D="4"/>', 0),
        ('<TIM A="2026-03-01T02:15:00Z" B="2026-03-01T02:15:04Z" D="4"/>', 5.75),
        ('<TIM A="2026-03-01T00:00:20Z" B="2026-03-01T03:00:00Z" D="4"/>', None),  # its ends do not agree
        ('<TIM A="2026-03-01T00:06:00Z" B="2026-03-01T00:06:04Z" D="4"/>', None),
        ('<TIM A="2026-03-01T08:00:00" B="2026-03-01T08:00:04" D="4"/>', None),
        ("", None),
    ],
)
def test_a_terminals_zone_is_told_by_its_task_or_not_guessed(tmp_path: Path, span: str, hours: float | None) -> None:
    for number, task in enumerate((f'{span}<TLG A="TLG00001"/>', f'<TLG A="TLG00001"/>{span}')):
        path = write(tmp_path / f"{number}.zip", {"TLG00001": log_of(COMBINE, CUT)}, task)
        kept, source = read(path)
        if hours is None:
            assert (kept.readings, source.report().left_out) == ([], {"undated_rows": 5})
        else:
            assert kept.readings[0].time_ms == LOCAL_MS - round(hours * 3_600_000)


def test_the_receivers_own_utc_counts_before_all_else(tmp_path: Path) -> None:
    utc_ms = LOCAL_MS - 8 * 3_600_000 + 350
    kept, _ = read(write(tmp_path / "gps.zip", {"TLG00001": log_of(COMBINE, CUT, utc_ms=utc_ms)}))
    assert [(each.time_ms, each.clock) for each in kept.readings[:2]] == [
        (utc_ms, Clock.GPS),
        (utc_ms + 1000, Clock.GPS),
    ]


def test_a_damaged_log_is_read_around_its_damage_which_is_named(tmp_path: Path) -> None:
    logs = {"TLG00001": log_of(COMBINE, CUT), "TLG00002": log_of(COMBINE, CUT, start_ms=LOCAL_MS + 60_000)}
    whole = write(tmp_path / "whole.zip", logs)
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "TLG00001.bin":
                data = data[:60] + b"\xff" * 9 + data[69:]
            if name == "TLG00002.xml":
                data = data[:40]
            target.writestr(name, data)
    kept, output = read(broken, start_ms=LOCAL_MS)
    notes = "\n".join(output.report().notes)
    assert 0 < len(kept.readings) < 5
    assert "of TLG00001 are no record" in notes
    assert "TLG00002 cannot be read" in notes
    assert output.report().left_out["damaged"] == 1


def test_logs_that_are_named_and_absent_and_places_without_a_fix_are_told(tmp_path: Path) -> None:
    logs = {"TLG00001": log_of(COMBINE, CUT, status=0), "TLG00002": log_of(COMBINE, CUT, status=15)}
    path = write(tmp_path / "a.zip", logs, '<TLG A="TLG00001"/><TLG A="TLG00002"/><TLG A="TLG00007"/>')
    kept, source = read(path, start_ms=LOCAL_MS)
    assert len(kept.readings) == 5
    assert source.report().left_out["no_place"] == 5
    assert "named by the task data and not there: TLG00007" in source.report().notes


def test_machines_in_a_file_of_their_own_are_found_and_a_folder_is_read_as_an_archive_is(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"TLG00001": log_of(COMBINE, CUT)}, device='<XFR A="DVC00000" B="1"/>')
    folder = tmp_path / "TASKDATA"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("DVC00000.XML", f"<XFC>{DEVICE}</XFC>")
        archive.extractall(folder)
    settings = EdgeSettings(
        gateway=GatewaySettings(id="gw", site="home", data_dir=str(folder)), broker=BrokerSettings()
    )
    assert find_files([folder]) == [folder / "TASKDATA.XML"]
    for each in (path, folder / "TASKDATA.XML"):
        assert kind_of(each) is LogKind.TASKS
        source = open_source(each, settings, None, LOCAL_MS)
        assert isinstance(source, TaskSource)
        kept = Kept()
        source.run(kept)  # type: ignore[arg-type]  # it takes no events
        assert source.report().devices == ("machine-a00086000df95589",)
        assert len(kept.readings) == 5


def test_a_damaged_file_of_machines_is_named_and_its_logs_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {"TLG00001": log_of(COMBINE, CUT)}, device='<XFR A="DVC00000" B="1"/>')
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("DVC00000.XML", "<XFC><DVC")
    kept, source = read(path, start_ms=LOCAL_MS)
    assert len(kept.readings) == 5
    assert any(note.startswith("DVC00000.XML cannot be read") for note in source.report().notes)


@pytest.mark.parametrize("text", [b"", b"<ISO11783_TaskData/>", b"<ISO11783_TaskData", b"\0" * 300])
def test_task_data_without_a_log_that_can_be_read_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("TASKDATA.XML", text)
    with pytest.raises(DataDamaged, match="no time log of ISOXML"):
        read(path)


_KINDS = st.sampled_from([None, *ElementKind])
_RAW = st.sampled_from([-(2**31), -1, 0, 1, 2, 3, 4500, 10**6, 2**31 - 1])


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.sampled_from([WIDTH, STATE, SPEED, FLOW, RATE, MOISTURE, 0x7, 0x94]), _KINDS),
                min_size=1, max_size=8), st.lists(st.dictionaries(st.integers(0, 7), _RAW), max_size=6))  # fmt: skip
def test_any_values_give_rows_in_order_without_a_negative_number(
    header: list[tuple[int, ElementKind | None]], rows: list[dict[int, int]]
) -> None:
    elements = {f"D{at}": Element(f"D{at}", kind, "DVC-1") for at, (_, kind) in enumerate(header)}
    log = log_of([(ddi, f"D{at}") for at, (ddi, _) in enumerate(header)], rows)
    lost: Counter[str] = Counter()
    found = list(rows_of(log, elements, 0, lost))
    assert len(found) == len(rows)
    assert [each[0] for each in found] == [record.time_ms for record in log.records]
    for _, _, values in found:
        assert all(value is not None and value >= 0.0 for value in values.values())
