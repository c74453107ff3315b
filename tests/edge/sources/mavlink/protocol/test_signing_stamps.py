"""Stamps of signed frames over restarts, over links, and beside clocks that are wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.agent.settings import load_settings
from edge.agent.sources.factory import SharedParts, build_source
from edge.sources.mavlink.link.link_signatures import CLOCK_NOT_SET, STAMPS_AHEAD, LinkSignatures
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.signing import SignatureCheck
from edge.sources.mavlink.protocol.signing_stamps import SECOND, SigningStamps
from edge.sources.mavlink.settings import SigningSettings
from edge.sources.mavlink.source import MavlinkSource
from headland.contract.records import Clock
from tests.edge.sources.mavlink.protocol.test_signing import KEY, signing
from tests.edge.sources.mavlink.stand_ins import NOON_MS, Autopilot
from tests.examples import examples

YEAR_MS = 365 * 86_400_000
#: 2050-01-01.
FAR_MS = 2_524_608_000_000


class Link:
    """One peer of a gateway's link, at a time."""

    def __init__(self, stamps: SigningStamps, now_ms: int = NOON_MS) -> None:
        self.check = SignatureCheck(KEY, accept_unsigned=False, stamps=stamps)
        self.check.now_ms = now_ms
        self._decoder = FrameDecoder(signatures=self.check)

    def hears(self, *frames: bytes) -> int:
        """Return how many of the frames pass."""
        return sum(len(self._decoder.feed(frame)) for frame in frames)


def flight(now_ms: int = NOON_MS, system: int = 1, frames: int = 20) -> list[bytes]:
    pilot = signing(Autopilot(system=system), now_ms)
    return [pilot.attitude(number) for number in range(frames)]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_frame_from_before_a_restart_passes_no_more(tmp_path: Path, how: str) -> None:
    recorded, stamps = flight(), SigningStamps(tmp_path / "stamps.json")
    assert Link(stamps).hears(*recorded) == len(recorded)
    if how == "stopped":
        stamps.close()
    later = Link(SigningStamps(tmp_path / "stamps.json"), NOON_MS + 30_000)
    assert later.hears(*recorded) == 0
    assert later.check.counts == {"replayed": len(recorded)}
    assert later.hears(*flight(NOON_MS + 11_000)) == 20


def test_a_frame_that_one_link_heard_passes_on_no_other_and_a_second_way_goes_on() -> None:
    stamps, frames = SigningStamps(), flight()
    first, second = Link(stamps), Link(stamps)
    assert first.hears(*frames[:10]) == 10
    assert second.hears(*frames[:10]) == 0
    # The same vehicle over another radio: its copies are late by some milliseconds each, and not refused for that.
    assert sum(first.hears(frame) + second.hears(frame) for frame in frames[10:]) == 20


def test_a_vehicle_with_a_clock_of_2050_is_refused_and_shuts_out_no_other(tmp_path: Path) -> None:
    stamps = SigningStamps(tmp_path / "stamps.json")
    link = Link(stamps)
    assert link.hears(*flight(FAR_MS, system=9)) == 0
    assert link.check.counts == {"signed_ahead": 20}
    assert sum(link.hears(*flight(system=system)) for system in range(1, 5)) == 80
    assert sum(Link(stamps).hears(*flight(NOON_MS + 3_600_000, system=system)) for system in range(5, 9)) == 80


def test_a_vehicle_within_a_day_ahead_shuts_out_no_other_either() -> None:
    link = Link(SigningStamps())
    assert link.hears(*flight(NOON_MS + 86_000_000, system=9)) == 20
    assert sum(link.hears(*flight(system=system)) for system in range(1, 5)) == 80


def test_without_a_set_clock_a_vehicle_of_2050_shuts_out_no_other_and_its_stamps_go_with_the_clock() -> None:
    stamps = SigningStamps()
    link = Link(stamps, 1_000_000)
    assert not link.check.is_clock_set
    assert link.hears(*flight(FAR_MS, system=9)) == 20
    assert link.hears(*flight(FAR_MS, system=9)) == 0
    assert sum(link.hears(*flight(system=system)) for system in range(1, 5)) == 80
    link.check.now_ms = NOON_MS
    assert link.hears(*flight(NOON_MS, system=9)) == 20


def test_without_a_set_clock_the_last_time_at_which_it_was_judges_what_is_new(tmp_path: Path) -> None:
    stamps = SigningStamps(tmp_path / "stamps.json")
    assert Link(stamps).hears(*flight()) == 20
    stamps.close()
    later = Link(SigningStamps(tmp_path / "stamps.json"), now_ms=0)
    assert later.hears(*flight(NOON_MS - YEAR_MS, system=2)) == 0
    assert later.hears(*flight(NOON_MS + YEAR_MS, system=2)) == 20


def test_a_clock_that_nobody_keeps_judges_nothing_and_the_status_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("a passphrase")
    settings = SigningSettings(key_file=str(tmp_path / "key"))
    for error_ms, clock, says in (
        (float("inf"), Clock.RTC, [CLOCK_NOT_SET]),
        (float("inf"), Clock.NTP, []),
        (3.0, Clock.RTC, []),
        (None, Clock.RTC, []),
    ):
        monkeypatch.setattr("headland.clock.kernel_clock.kernel_clock_error_ms", lambda error_ms=error_ms: error_ms)
        link = LinkSignatures(settings, clock, None)
        check = link.make_check()
        link.set_time(check, 0.0, NOON_MS)
        assert link.sentences([check, None]) == says
        check.counts["signed_ahead"] = 1
        assert STAMPS_AHEAD in link.sentences([check])


def test_the_file_is_written_every_few_seconds_and_not_with_each_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamps, writes = SigningStamps(tmp_path / "stamps.json"), list[int]()
    write = SigningStamps._write

    def count(stamps: SigningStamps, ahead: int) -> None:
        writes.append(ahead)
        write(stamps, ahead)

    monkeypatch.setattr(SigningStamps, "_write", count)
    for tenth in range(600):  # a minute of fifty vehicles, ten frames a second of each
        for system in range(50):
            stamps.note(KEY, (0, system, 1), 10**14 + tenth * SECOND // 10 + system, None)
    assert len(writes) <= 60


@pytest.mark.parametrize(
    "content", [b"", b"null", b"\xff", b'{"streams":{"a":"b"}}', b'{"streams":[]}', b"[" * 100_000]
)
def test_a_damaged_file_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "stamps.json").write_bytes(content)
    assert Link(SigningStamps(tmp_path / "stamps.json")).hears(*flight()) == 20


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200)), max_size=60), st.integers(0, 60))
def test_no_stamp_passes_twice_whatever_comes_and_whenever_the_gateway_is_killed(
    sent: list[tuple[int, int]], killed_at: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, passed = Path(folder) / "stamps.json", set[tuple[int, int]]()
        link = Link(SigningStamps(path))
        for number, (system, at_s) in enumerate(sent):
            if number == killed_at:
                link = Link(SigningStamps(path))
            frame = flight(NOON_MS + at_s * 1000, system=system + 1, frames=1)[0]
            if link.hears(frame):
                assert (system, at_s) not in passed
                passed.add((system, at_s))


def test_the_sources_of_a_gateway_share_its_stamps_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a passphrase")
    (tmp_path / "edge.toml").write_text(
        "[gateway]\nid = 'gw-1'\nsite = 'home'\ndata_dir = 'data'\n"
        + "".join(
            f"[[source]]\ntype = 'mavlink'\nname = 'link-{n}'\nurl = 'udpin:127.0.0.1:{14550 + n}'\n"
            "[source.signing]\nkey_file = 'key'\n"
            for n in range(2)
        )
    )
    (tmp_path / "data").mkdir()
    edge = load_settings(tmp_path / "edge.toml", {})
    parts = SharedParts(edge)
    built = [build_source(source, edge, parts) for source in edge.source]
    made = [source._signatures for source in built if isinstance(source, MavlinkSource)]
    assert [each is not None and each._stamps is parts.signing_stamps for each in made] == [True, True]
    parts.signing_stamps.close()
    assert (tmp_path / "data" / "mavlink-signing.json").exists()
