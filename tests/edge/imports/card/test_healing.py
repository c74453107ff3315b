from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.imports.card.dataflash_span import DataflashSpan
from edge.imports.card.formats import log_formats
from edge.sources.mavlink.card.flight import Flight
from edge.sources.mavlink.card.gateway_flights import GatewayFlights
from edge.sources.mavlink.card.healing import CardVehicle, Healing
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.encoder import (
    Encoder,
    FileRequest,
    Outgoing,
    RequestFile,
    RequestLogData,
    RequestLogEnd,
)
from edge.sources.mavlink.protocol.frame import RawFrame
from edge.sources.mavlink.settings import HealSettings, MavlinkSettings
from edge.sources.source import Readings
from firmware_sim.drone.card import dataflash as df
from tests.edge.imports.card.conftest import CUT_S, Landed
from tests.edge.imports.card.healed_flight import Store
from tests.edge.sources.mavlink.card.transfer.test_log_transfer import Card
from tests.firmware_sim.drone.card.served_card import ServedCard

Hurt = Callable[[list[RawFrame]], list[RawFrame]]


class Play:
    """A gateway that noted the recorded flight, and a card that answers it."""

    def __init__(
        self, landed: Landed, folder: Path, card: Card, *, may_send: bool = True, bytes_s: float = 20_000
    ) -> None:
        self.landed, self.folder, self.card = landed, folder, card
        self.live, self.history = Store(), Store()
        self.now_s = landed.heard[-1][2]
        self.sent: list[tuple[float, Outgoing]] = []
        self.hurt: Hurt = lambda frames: frames
        self.may_send, self.bytes_s = may_send, bytes_s
        self.vehicle = landed.heard[-1][0]
        self.vehicles = {self.vehicle.device: CardVehicle(("a", 1, 1, 0), armed=False)}
        folder.mkdir(exist_ok=True)
        (folder / "flights.json").write_bytes(landed.state)
        self.begin()

    def restart(self) -> None:
        """Replace the gateway by a new one; the old one is killed, with what it did not write."""
        job = self.healing._job
        assert job is not None
        assert job.reading._file is not None
        job.reading._file._file.close()
        self.begin()

    def run(self, seconds: float, *, until: Callable[[], object] = lambda: False) -> None:
        for _ in range(int(seconds * 4)):
            self.now_s += 0.25
            sends = self.healing.step(self.vehicles, self.history, self.now_s)
            self.flights.step(self.live, self.now_s, round(self.now_s * 1000))
            self.sent += [(self.now_s, request) for _, request in sends]
            for frame in self.hurt([frame for _, request in sends for frame in self.card.answer(request)]):
                for vehicle in list(self.vehicles.values()):
                    self.healing.take(vehicle.key, frame, self.now_s)
            if until():
                return

    def heal(self, seconds: float = 600) -> Flight:
        self.run(seconds, until=lambda: not self.flight.is_open)
        self.run(1)
        return self.flight

    @property
    def flight(self) -> Flight:
        return self.flights.all()[-1]

    @property
    def asked(self) -> list[RequestLogData]:
        return [request for _, request in self.sent if isinstance(request, RequestLogData)]

    def begin(self) -> None:
        settings = MavlinkSettings(name="drones", url="udpin:127.0.0.1:14550")
        self.flights = GatewayFlights(self.folder)
        self.healing = Healing(
            HealSettings(),
            self.flights,
            "drones",
            max_bytes_s=self.bytes_s,
            formats=log_formats(settings),
            may_send=self.may_send,
        )
        self.flights.note_rows(self.vehicle, (), self.now_s, 2000)


def rewrite(log: bytes, change: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> bytes:
    """Return a log of which each message was changed, or left out."""
    kinds = {kind.number: kind for kind in df.KINDS}
    out, at = [], 0
    while at < len(log):
        kind = kinds[log[at + 2]]
        end = at + 3 + kind.packer.size
        columns = kind.columns.split(",")
        values = dict(zip(columns, kind.packer.unpack(log[at + 3 : end]), strict=True))
        changed = change(kind.name, dict(values))
        if changed == values:
            out.append(log[at:end])
        elif changed is not None:
            out.append(df.pack(kind, *changed.values()))
        at = end
    return b"".join(out)


def another_day(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "GWk": 2400} if name == "GPS" else values


def without(*names: str) -> Callable[[str, dict[str, Any]], dict[str, Any] | None]:
    return lambda name, values: None if name in names else values


def is_healed(play: Play) -> bool:
    return play.history.samples == play.landed.history.samples and play.flight.gaps[0].state == "healed"


@pytest.mark.parametrize("seed", range(2))
def test_lost_repeated_and_disordered_parts_give_the_same_samples(landed: Landed, tmp_path: Path, seed: int) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    dice = random.Random(seed)

    def hurt(frames: list[RawFrame]) -> list[RawFrame]:
        kept = [frame for frame in frames if dice.random() > 0.3]
        kept += dice.sample(kept, len(kept) // 5)
        dice.shuffle(kept)
        return kept

    play.hurt = hurt
    play.heal()
    assert is_healed(play)
    assert play.history.twice == 0


def test_a_gateway_that_is_killed_goes_on_where_it_was(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}), bytes_s=4000)
    play.run(60, until=lambda: len(play.asked) > 0)
    play.run(13)
    before = {at for request in play.asked for at in range(request.offset, request.offset + request.count)}
    count = len(play.asked)
    assert play.flight.is_open
    play.restart()
    play.heal()
    assert is_healed(play)
    assert play.history.contradictions == 0
    again = [at for request in play.asked[count:] for at in range(request.offset, request.offset + request.count)]
    assert sum(at in before for at in again) < 0.35 * len(before)


def test_a_link_that_is_lost_or_switched_off_is_waited_for(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.run(60, until=lambda: len(play.asked) > 2)
    vehicles, play.vehicles = play.vehicles, {}
    count = len(play.sent)
    play.run(300)
    assert len(play.sent) == count
    play.vehicles = vehicles
    play.heal()
    assert is_healed(play)
    assert play.history.twice == 0 or play.history.contradictions == 0


def test_arming_ends_the_transfer_at_once_and_landing_again_resumes_it(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.run(60, until=lambda: len(play.asked) > 2)
    ((device, vehicle),) = play.vehicles.items()
    play.vehicles = {device: replace(vehicle, armed=True)}
    count = len(play.sent)
    play.run(120)
    assert [request for _, request in play.sent[count:]] == [RequestLogEnd(1, 1)]
    play.vehicles = {device: vehicle}
    play.heal()
    assert is_healed(play)


@pytest.mark.parametrize("armed", [True, None])
def test_nothing_is_sent_while_the_motors_are_armed_or_may_be(
    landed: Landed, tmp_path: Path, armed: bool | None
) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.vehicles = {device: replace(vehicle, armed=armed) for device, vehicle in play.vehicles.items()}
    play.run(600)
    assert play.sent == []


def test_a_vehicle_that_does_not_answer_is_left_in_peace_and_the_flight_says_so(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.hurt = lambda _frames: []
    flight = play.heal(7200)
    count = len(play.sent)
    play.run(7200)
    assert len(play.sent) == count < 60
    assert (flight.gaps[0].state, flight.gaps[0].reason) == ("left", "no_answer")
    last = play.live.coverages()[-1]
    assert (last["state"], last["reason"], last["healed_s"]) == ("left", "no_answer", 0)
    assert last["remaining_s"] == pytest.approx(CUT_S, abs=0.3)


def test_a_vehicle_that_stops_in_the_middle_is_asked_again_later(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.run(60, until=lambda: len(play.asked) > 2)
    play.hurt = lambda _frames: []
    play.run(20)
    play.hurt = lambda frames: frames
    play.heal()
    assert is_healed(play)


def test_the_flights_own_log_is_found_among_others(landed: Landed, tmp_path: Path) -> None:
    other = rewrite(landed.log, another_day)
    play = Play(landed, tmp_path, Card({1: other, 2: landed.log, 3: other, 4: other[: len(other) // 3]}))
    play.heal()
    assert is_healed(play)
    assert {request.log for request in play.asked} == {2, 3, 4}


def test_a_log_of_another_day_is_never_taken(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: rewrite(landed.log, another_day)}))
    flight = play.heal()
    assert play.history.samples == {}
    assert (flight.gaps[0].state, flight.gaps[0].reason) == ("left", "other_log")


def test_a_log_without_satellites_time_is_known_by_its_place(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: rewrite(landed.log, without("GPS"))}))
    play.heal()
    expected = {key: value for key, value in landed.history.samples.items() if not key[0].startswith("gps_")}
    assert play.history.samples == expected

    def moved(name: str, values: dict[str, Any]) -> dict[str, Any] | None:
        return without("GPS")(name, {**values, "Lat": 310_000_000} if name == "POS" else values)

    elsewhere = Play(landed, tmp_path / "elsewhere", Card({4: rewrite(landed.log, moved)}))
    assert elsewhere.heal().gaps[0].reason == "other_log"
    assert elsewhere.history.samples == {}


def test_a_log_that_proves_nothing_is_not_taken(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: rewrite(landed.log, without("GPS", "POS"))}))
    assert play.heal().gaps[0].reason == "not_provable"
    assert play.history.samples == {}


def test_a_log_that_ends_in_the_gap_covers_its_part(landed: Landed, tmp_path: Path) -> None:
    (gap,) = landed.flight.gateway.healing.flights()[0].gaps
    half_us = (gap.before.boot_ms + gap.duration_ms // 2) * 1000
    half = rewrite(landed.log, lambda _name, values: values if int(str(values.get("TimeUS", 0))) < half_us else None)
    play = Play(landed, tmp_path, Card({4: half}))
    flight = play.heal()
    assert (flight.gaps[0].state, flight.gaps[0].reason) == ("left", "log_ends")
    assert flight.gaps[0].covered_ms == pytest.approx(gap.duration_ms / 2, abs=250)
    live_ms, healed_ms, left_ms = flight.coverage_ms()
    assert live_ms + healed_ms + left_ms == flight.until_ms - flight.start_ms


def test_another_log_in_the_place_of_one_that_was_read_in_part_is_noticed(landed: Landed, tmp_path: Path) -> None:
    changed = {"POS": "RelHomeAlt", "ATT": "Roll", "BAT": "Volt", "XKF1": "VN", "RCOU": "C1", "RFND": "Dist"}

    def change(name: str, values: dict[str, Any]) -> dict[str, Any]:
        column = changed.get(name)
        return values if column is None else {**values, column: values[column] + 1}

    second = Card({1: rewrite(landed.log, change)})
    alone = Play(landed, tmp_path / "alone", second)
    alone.heal()
    play = Play(landed, tmp_path / "both", Card({1: landed.log}), bytes_s=4000)
    play.run(60, until=lambda: len(play.asked) > 0)
    play.run(12)
    assert play.history.samples == {}
    play.restart()
    play.card = second
    play.heal()
    assert play.history.samples == alone.history.samples != landed.history.samples


def test_garbage_and_empty_cards_end_with_a_reason(landed: Landed, tmp_path: Path) -> None:
    dice = random.Random(1)
    cards = {
        "no_logs": Card({}),
        "unknown_format": Card({1: dice.randbytes(5000)}),
        "no_times": Card({1: landed.log[:89] + bytes(5000)}),
    }
    for reason, card in cards.items():
        play = Play(landed, tmp_path / reason, card)
        assert play.heal(7200).gaps[0].reason == reason
        assert play.history.samples == {}


def test_two_vehicles_are_read_one_after_the_other(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    for vehicle, runs, now_s in landed.heard:
        own = [replace_source(run, "uav-other") for run in runs]
        play.flights.note_rows(replace(vehicle, device="uav-other"), own, now_s, 2000)
    play.vehicles["uav-other"] = CardVehicle(("a", 2, 1, 0), armed=False)
    play.run(600, until=lambda: not any(flight.is_open for flight in play.flights.all()))
    assert [flight.gaps[0].state for flight in play.flights.all()] == ["healed", "healed"]
    targets = [request.system for request in play.asked]
    assert targets == sorted(targets, key=targets.index)
    assert set(targets) == {1, 2}


def test_what_came_over_another_link_of_the_gateway_is_no_gap(landed: Landed, tmp_path: Path) -> None:
    flights, live = GatewayFlights(tmp_path), Store()
    over_link = [entry for entry in landed.heard if entry[1]]
    (gap,) = landed.flight.gateway.healing.flights()[0].gaps
    for vehicle, runs, now_s in over_link:
        flights.note_rows(vehicle, runs, now_s, 2000)
        if runs[0].times_ms[-1] == gap.before.time_ms:
            for tenth in range(1, gap.duration_ms // 100 - 1):  # the second link, whose clock is 3 ms off
                at_s = now_s + tenth / 10
                other = [shift(run, tenth * 100 + 3) for run in runs if "latitude_deg" in run.columns]
                flights.note_rows(replace(vehicle, run="2.0"), other, at_s, 2000)
    flights.note_rows(*landed.heard[-1], 2000)
    flights.step(live, now_s, round(now_s * 1000))
    (flight,) = flights.all()
    assert flight.gaps == []
    assert live.coverages()[-1]["state"] == "complete"


def test_a_vehicle_that_never_comes_back_has_a_flight_all_the_same(landed: Landed, tmp_path: Path) -> None:
    flights, live = GatewayFlights(tmp_path), Store()
    begun = [entry for entry in landed.heard if entry[0].armed]
    for vehicle, runs, now_s in begun[:200]:
        flights.note_rows(vehicle, runs, now_s, 2000)
    flights.step(live, now_s + 7000, 0)
    assert live.coverages() == []
    flights.step(live, now_s + 7300, 0)
    assert (live.coverages()[0]["state"], live.coverages()[0]["remaining_s"]) == ("complete", 0)


def test_flights_with_open_gaps_are_remembered_longer_than_those_that_are_done(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    begun = [entry for entry in landed.heard if entry[0].armed][:3]
    for number in range(250):
        for vehicle, runs, now_s in begun:
            own = [replace_source(run, f"uav-{number}") for run in runs]
            play.flights.note_rows(replace(vehicle, device=f"uav-{number}"), own, now_s, 2000)
    flights = play.flights.all()
    assert len(flights) == 200
    assert flights[0].is_open or flights[0].end_ms is None


def test_a_gateway_that_may_not_send_says_what_remains(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}), may_send=False)
    play.run(600)
    assert play.sent == []
    assert play.live.coverages()[-1]["reason"] == "off"
    play.may_send = True
    play.healing.close()
    play.flights.close()
    play.begin()
    play.heal()
    assert is_healed(play)


def test_a_ground_stations_own_transfer_goes_first(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, Card({4: landed.log}))
    play.run(60, until=lambda: len(play.asked) > 2)
    play.healing.note_other_transfer(play.now_s)
    count = len(play.sent)
    play.run(50)
    assert [type(request) for _, request in play.sent[count:]] == [RequestLogEnd]
    play.heal()
    assert is_healed(play)


@pytest.mark.parametrize("seed", range(6))
def test_any_damage_of_a_log_ends_with_a_state_and_never_with_an_error(
    landed: Landed, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    log = bytearray(landed.log)
    for _ in range(dice.choice((1, 30, 3000))):
        at = dice.randrange(dice.choice((3000, len(log))))
        log[at : at + dice.randrange(1, 40)] = dice.randbytes(dice.randrange(40))
    play = Play(landed, tmp_path, Card({1: bytes(log)}), bytes_s=200_000)
    flight = play.heal(7200)
    assert flight.gaps[0].state in ("healed", "left")
    assert flight.gaps[0].reason != "unreadable"
    begin_ms, end_ms = flight.gaps[0].before.time_ms, flight.gaps[0].after.time_ms
    assert all(begin_ms < at_ms < end_ms for _, at_ms in play.history.samples)


def test_a_reader_that_fails_does_not_end_the_link(
    landed: Landed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DataflashSpan, "_read_head", lambda _self: 1 // 0)
    play = Play(landed, tmp_path, Card({4: landed.log}))
    assert play.heal().gaps[0].reason == "unreadable"


class FileCard(Card):
    """A card that answers only the file transfer protocol."""

    def __init__(self, *logs: bytes) -> None:
        super().__init__({})
        self.served = ServedCard(*logs)
        self._encoder, self._own = Encoder(), FrameDecoder()

    def answer(self, request: Outgoing) -> list[RawFrame]:
        if not isinstance(request, RequestFile):
            return []
        frames = self.served.ask(self._encoder.encode(request))
        return self._own.read(b"".join(frames + self.served.step(0.5)))


@pytest.mark.parametrize("bytes_s", [20_000, 60_000])
def test_a_vehicle_that_serves_files_only_is_read_by_parts_or_bursts(
    landed: Landed, tmp_path: Path, bytes_s: float
) -> None:
    play = Play(landed, tmp_path, FileCard(rewrite(landed.log, another_day), landed.log, b"x" * 2000), bytes_s=bytes_s)
    play.heal()
    assert is_healed(play)
    assert play.history.twice == 0
    kinds = [request.request for _, request in play.sent if isinstance(request, RequestFile)]
    assert (FileRequest.BURST_READ in kinds) == (bytes_s > 28_000)
    assert kinds.count(FileRequest.OPEN_TO_READ) <= kinds.count(FileRequest.TERMINATE)
    served = play.card.served if isinstance(play.card, FileCard) else None
    assert served is not None
    assert [log.size_bytes for log in served.drone.recorder.logs][1] == len(landed.log)


def test_arming_ends_a_burst_at_once(landed: Landed, tmp_path: Path) -> None:
    play = Play(landed, tmp_path, FileCard(landed.log), bytes_s=60_000)
    bursts = [FileRequest.BURST_READ]
    play.run(60, until=lambda: [r for _, r in play.sent if isinstance(r, RequestFile) and r.request in bursts])
    ((device, vehicle),) = play.vehicles.items()
    play.vehicles = {device: replace(vehicle, armed=True)}
    count = len(play.sent)
    play.run(60)
    (request,) = [request for _, request in play.sent[count:]]
    assert isinstance(request, RequestFile)
    assert request.request is FileRequest.TERMINATE


def replace_source(run: Readings, device: str) -> Readings:
    return msgspec.structs.replace(run, source=replace(run.source, device=device))


def shift(run: Readings, by_ms: int) -> Readings:
    return msgspec.structs.replace(run, times_ms=[time_ms + by_ms for time_ms in run.times_ms])
