"""A live MAVLink link as a source: reads it, reopens it when it is lost, requests what its vehicles should send.

link --bytes--> a decoder for each peer --frames--> fleet --outputs--> sink
  ^   |                                               |
  |   +--> ground stations that share the link        |
  +---- their frames, by rules; heartbeat, requests <-+
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from edge.sources.mavlink.card.link_healing import LinkHealing
from edge.sources.mavlink.card.sentences import flight_sentences
from edge.sources.mavlink.card.span_reader import CardParts
from edge.sources.mavlink.link.ground_stations import GroundStations
from edge.sources.mavlink.link.link_reader import LinkReader, Piece, arrivals_ms, is_too_small
from edge.sources.mavlink.link.link_signatures import LinkSignatures
from edge.sources.mavlink.link.open_errors import sentence_of_open_error
from edge.sources.mavlink.link.udp_tcp import RECEIVE_BUFFER_BYTES, Link, open_link
from edge.sources.mavlink.protocol.decoder import FrameDecoder
from edge.sources.mavlink.protocol.encoder import Encoder, GroundHeartbeat, Outgoing
from edge.sources.mavlink.protocol.enum_names import AUTOPILOT_PX4
from edge.sources.mavlink.protocol.messages import CARD_MESSAGES, MESSAGE_BY_ID
from edge.sources.mavlink.protocol.signing import SignatureCheck
from edge.sources.mavlink.protocol.signing_stamps import SigningStamps
from edge.sources.mavlink.requests import Requester
from edge.sources.mavlink.settings import MavlinkSettings, RatedMessage, parse_url
from edge.sources.mavlink.timing.clock_choice import HoldPolicy
from edge.sources.mavlink.vehicle.autopilots import NO_HEARTBEAT, SendersWithoutHeartbeat
from edge.sources.mavlink.vehicle.device_naming import SourceContext
from edge.sources.mavlink.vehicle.device_output import Output, deliver
from edge.sources.mavlink.vehicle.fleet import Fleet, Key
from edge.sources.mavlink.vehicle.vehicle_names import VehicleNames
from edge.sources.source import Sink
from headland.clock import wall_clock_ms
from headland.contract.records import Clock

_LOGGER = logging.getLogger(__name__)

#: Rows wait so long for a SYSTEM_TIME, then they are stamped by arrival.
_CLOCK_WAIT_MS: Final = 10_000
#: More than a vehicle sends in that time.
_HELD_ROWS: Final = 20_000
#: How long bytes wait, for each vehicle, until they are decoded and their rows leave: loading a vehicle's state into
#: the processor's cache and making columns costs the same however much it sent. Ten wait 75 ms, a hundred 0.75 s.
_HOLD_PER_VEHICLE_S: Final = 0.0075
_MAX_HOLD_S: Final = 0.75
_TICK_S: Final = 0.25
_HEARTBEAT_S: Final = 1.0
_FIRST_BACKOFF_S: Final = 0.5
_MAX_BACKOFF_S: Final = 10.0
#: What comes within this after a request may be its answer, and is not waited for longer than usual.
_ANSWER_S: Final = 3.0
#: A peer that is silent for so long is forgotten, its vehicles with it.
_PEER_SILENCE_S: Final = 60.0
_MAX_PEERS: Final = 128
#: A peer whose bytes failed so often is not read any more, until it was silent for that long.
_MOST_FAILURES: Final = 8
#: Requests go to a vehicle from which something was received within this.
_PRESENT_MS: Final = 3000
#: Sentences about senders whose messages are set aside, at most.
_MOST_NOTES: Final = 5
#: A request to this system would be one to all.
_EVERYBODY: Final = 0
#: A ground station's requests to a card.
_CARD_REQUESTS: Final = (110, 117, 119)
_WANTED: Final = frozenset((*MESSAGE_BY_ID, *CARD_MESSAGES))
_BUFFER_TOO_SMALL: Final = (
    "%s: the receive buffer of this link holds %d messages, and %d vehicles may send more at one moment, which would "
    "be lost; raise it with `sysctl -w net.core.rmem_max=%d` and restart"
)


@dataclass(slots=True)
class _Peer:
    """One stream of bytes: its decoder, and the MAVLink version of its last frame (None before the first).

    `failures` counts what it sent that could not be read in a way that nobody has foreseen.
    """

    decoder: FrameDecoder
    signatures: SignatureCheck | None
    received_s: float = 0.0
    version: int | None = None
    failures: int = 0


class MavlinkSource:
    """One link and the vehicles on it. `run` ends only by `stop`. `clock` is the quality of the gateway's own clock."""

    def __init__(
        self,
        settings: MavlinkSettings,
        gateway_id: str,
        site: str,
        *,
        clock: Clock = Clock.RTC,
        names: VehicleNames | None = None,
        card: CardParts | None = None,
        stamps: SigningStamps | None = None,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._address = parse_url(settings.url)
        self._stop = threading.Event()
        self._counts: Counter[str] = Counter()
        self._fleet = Fleet(
            SourceContext(gateway_id, settings.site or site, settings.simulated, link=settings.name),
            settings.sprayer,
            lambda _system, _component: HoldPolicy(
                wait_ms=_CLOCK_WAIT_MS, rows=_HELD_ROWS, host=clock is Clock.NTP and not settings.simulated
            ),
            names=names,
        )
        self._peers: dict[str, _Peer] = {}
        signing = settings.signing
        self._signatures = None if signing is None else LinkSignatures(signing, clock, stamps)
        self._encoder = Encoder(None if self._signatures is None else self._signatures.sending_key)
        self._requesters: dict[Key, Requester] = {}
        self._next_tick_s = 0.0
        self._next_heartbeat_s = 0.0
        self._asked_s = 0.0
        self._stations = GroundStations(settings.forward)
        self._healing = None if card is None else LinkHealing(settings, card, clock, wall_clock_ms())
        #: Why the link is not open, as a sentence; empty while it is.
        self._trouble = ""
        self._unknown = SendersWithoutHeartbeat()

    def run(self, sink: Sink) -> None:
        """Read until `stop`; a link that is lost or not there yet is opened again, at most 10 s later."""
        backoff_s = _FIRST_BACKOFF_S
        while not self._stop.is_set():
            received = self._counts["chunks"]
            try:
                link = open_link(self._address)
            except OSError as error:
                self._trouble = sentence_of_open_error(self._settings.url, error)
                self._note_lost("open_failed", error, backoff_s)
            else:
                self._trouble = ""
                try:
                    self._serve(link, sink)
                except OSError as error:
                    self._note_lost("link_lost", error, backoff_s)
                finally:
                    link.close()
            if self._counts["chunks"] > received:
                backoff_s = _FIRST_BACKOFF_S
            self._stop.wait(backoff_s)
            backoff_s = min(2 * backoff_s, _MAX_BACKOFF_S)
        self._stations.close()
        self._deliver(self._fleet.finish(wall_clock_ms()), sink)
        if self._healing is not None:
            self._healing.close()
        if self._signatures is not None:
            self._signatures.close()

    def stop(self) -> None:
        """Make `run` return within a second."""
        self._stop.set()

    def counters(self) -> dict[str, int]:
        """Return what was read, refused and lost so far, by name."""
        total = self._counts.copy() + self._fleet.counters() + self._stations.counters()
        if self._healing is not None:
            total += self._healing.counters()
        for name, peer in list(self._peers.items()):
            total += self._decoder_counts(name, peer)
        return dict(total)

    def notes(self) -> list[str]:
        """Return sentences about messages that are set aside since they are of no vehicle."""
        aside = [entry.sentence() for entry in self._fleet.set_aside() if entry.why != NO_HEARTBEAT]
        return [*self._stations.notes(), *aside[:_MOST_NOTES], *self._flight_sentences(left=False)]

    def warnings(self) -> list[str]:
        """Return why the link or a ground station's endpoint is not open, and which messages may be a vehicle's."""
        aside = self._unknown.sentences(self._fleet.set_aside(), time.monotonic())
        link = [self._trouble] if self._trouble else []
        checks = (peer.signatures for peer in list(self._peers.values()))
        signing = [] if self._signatures is None else self._signatures.sentences(checks)
        return [*link, *signing, *self._stations.warnings(), *aside[:_MOST_NOTES], *self._flight_sentences(left=True)]

    def _flight_sentences(self, *, left: bool) -> list[str]:
        flights = [] if self._healing is None else self._healing.flights()
        return flight_sentences(flights, wall_clock_ms(), left=left)

    def _decoder_counts(self, name: str, peer: _Peer) -> Counter[str]:
        return Counter(peer.decoder.counters(self._fleet.autopilots(name)))

    def _serve(self, link: Link, sink: Sink) -> None:
        """Read an open link until `stop` or until it is lost (OSError)."""
        _LOGGER.info("%s: listening on %s", self.name, self._settings.url)
        for name, peer in self._peers.items():  # half a frame of the old connection does not begin the new one
            self._counts += self._decoder_counts(name, peer)
            peer.decoder = FrameDecoder(wanted=_WANTED, signatures=peer.signatures)
        reader, read_s, is_warned = LinkReader(link, self._stations.pass_down if self._stations else None), 0.0, False
        try:
            while not self._stop.is_set():
                vehicles = len(self._fleet.vehicles)
                hold_s = min(_MAX_HOLD_S, _HOLD_PER_VEHICLE_S * vehicles)
                is_prompt = bool(self._stations) or time.monotonic() - self._asked_s < _ANSWER_S
                reader.read(hold_s, vehicles, is_prompt=is_prompt)
                if is_too_small(link.buffer_messages, vehicles) and not is_warned:
                    is_warned = True
                    _LOGGER.warning(_BUFFER_TOO_SMALL, self.name, link.buffer_messages, vehicles, RECEIVE_BUFFER_BYTES)
                now_s, now_ms = time.monotonic(), wall_clock_ms()
                if self._stations:
                    self._deliver(self._pass_up(link, now_s, now_ms), sink)
                if now_s >= self._next_tick_s:
                    self._next_tick_s = now_s + _TICK_S
                    self._deliver(self._forget_silent(now_s, now_ms) + self._fleet.tick(now_ms), sink)
                    if not self._settings.listen_only:
                        self._send(link, reader, now_s, now_ms)
                    self._heal(link, sink, now_s, now_ms)
                if now_s - read_s >= hold_s or reader.is_full:
                    read_s = now_s
                    for name, pieces in reader.take():
                        # Peer by peer: a vehicle's state is still in the processor's cache.
                        self._deliver(self._read(name, pieces, now_s), sink)
        finally:  # what came before the link was lost is not lost
            for name, pieces in reader.take_rest():
                self._deliver(self._read(name, pieces, time.monotonic()), sink)

    def _read(self, name: str, pieces: list[Piece], now_s: float) -> list[Output]:
        """Return the outputs of what a peer sent; the last piece of one that hung up is empty."""
        self._counts["chunks"] += 1
        now_ms, last = pieces[-1]
        outputs: list[Output] = []
        peer = self._peers.get(name)
        if peer is None:
            if len(self._peers) >= _MAX_PEERS:
                self._counts["peers_dropped"] += 1
                outputs += self._forget(min(self._peers, key=lambda other: self._peers[other].received_s), now_ms)
            peer = self._peers[name] = self._new_peer()
        peer.received_s = now_s
        if peer.signatures is not None and self._signatures is not None:
            self._signatures.set_time(peer.signatures, now_s, now_ms)
        try:
            outputs += self._read_frames(name, peer, pieces)
        except Exception as error:
            outputs += self._note_failure(name, peer, error, now_ms)
        return outputs if last else outputs + self._forget(name, now_ms)

    def _read_frames(self, name: str, peer: _Peer, pieces: list[Piece]) -> list[Output]:
        if peer.failures >= _MOST_FAILURES and self._address.kind in ("udpin", "tcpin"):
            self._counts["peer_given_up"] += 1
            return []
        ends: list[int] = []
        frames = peer.decoder.read(b"".join(data for _, data in pieces), ends)
        outputs = self._fleet.read(name, frames, arrivals_ms(pieces, ends))
        if frames:
            peer.version = frames[-1][5]
        return outputs

    def _note_failure(self, name: str, peer: _Peer, error: Exception, now_ms: int) -> list[Output]:
        """Begin anew with a peer that sent what nobody has foreseen; it ends neither the link nor the other peers."""
        self._counts["peer_failures"] += 1
        peer.failures += 1
        if peer.failures == 1:
            _LOGGER.warning("%s: what %s sends cannot be read", self.name, name, exc_info=error)
        peer.decoder = FrameDecoder(wanted=_WANTED, signatures=peer.signatures)
        return self._fleet.drop_unread(name, now_ms)

    def _pass_up(self, link: Link, now_s: float, now_ms: int) -> list[Output]:
        """Send what the ground stations may send to the vehicles; return what is learnt of it, such as a plan."""
        outputs: list[Output] = []
        for peers, head, frame in self._stations.poll(self._fleet.routes(), now_s):
            if head[0] in _CARD_REQUESTS and self._healing is not None:
                self._healing.note_other_transfer(now_s)
            for peer in peers:
                link.send(peer, frame)
                outputs += self._fleet.read(peer, [(*head, None)], [now_ms])
        return outputs

    def _new_peer(self) -> _Peer:
        """Return the state for a new stream of bytes."""
        signatures = None if self._signatures is None else self._signatures.make_check()
        return _Peer(FrameDecoder(wanted=_WANTED, signatures=signatures), signatures)

    def _frame(self, message: Outgoing, peer: _Peer | None, now_ms: int) -> bytes:
        version = 2 if peer is None or peer.version is None else peer.version
        newest = 0 if peer is None or peer.signatures is None else peer.signatures.newest
        return self._encoder.encode(message, version=version, now_ms=now_ms, newest=newest)

    def _send(self, link: Link, reader: LinkReader, now_s: float, now_ms: int) -> None:
        """Send the heartbeat and the requests that are due to each vehicle."""
        vehicles = self._fleet.vehicles.values()
        is_high_latency = bool(vehicles) and all(vehicle.is_high_latency for vehicle in vehicles)
        if now_s >= self._next_heartbeat_s and not is_high_latency:  # each message over a satellite costs money
            self._next_heartbeat_s = now_s + _HEARTBEAT_S
            self._send_heartbeat(link, now_ms)
        for key, vehicle in self._fleet.vehicles.items():
            if not vehicle.is_vehicle or now_ms - vehicle.received_ms > _PRESENT_MS:
                continue
            name, system, component, _ = key
            if system == _EVERYBODY or vehicle.is_high_latency:
                continue
            requester = self._requesters.get(key)
            if requester is None:
                is_px4 = vehicle.autopilot == AUTOPILOT_PX4
                requester = self._requesters[key] = Requester(
                    system, _requested_rates(self._settings, is_px4=is_px4), component
                )
            for request in requester.due(
                now_s,
                session=vehicle.session,
                has_version=vehicle.version is not None,
                received=vehicle.received,
                acks=vehicle.acks,
                parameters=vehicle.missing_parameters,
            ):
                self._counts["requests"] += 1
                self._asked_s = now_s
                link.send(name, self._frame(request, self._peers[name], now_ms))
            reader.keep_up()

    def _deliver(self, outputs: list[Output], sink: Sink) -> None:
        """Pass outputs on; note for their flights which rows came."""
        rows = deliver(outputs, sink)
        if self._healing is not None and rows:
            self._healing.note_rows(self._fleet, rows, time.monotonic())

    def _heal(self, link: Link, sink: Sink, now_s: float, now_ms: int) -> None:
        """Do the next step of reading a vehicle's card."""
        if self._healing is None:
            return
        for name, request in self._healing.step(self._fleet, sink, now_s, now_ms):
            if name in self._peers:
                self._asked_s = now_s
                link.send(name, self._frame(request, self._peers[name], now_ms))

    def _send_heartbeat(self, link: Link, now_ms: int) -> None:
        """Send each peer the heartbeat of an onboard computer; a signature is newer than what that peer has signed."""
        heartbeat = GroundHeartbeat()
        if self._address.kind not in ("udpin", "tcpin"):
            link.send(None, self._frame(heartbeat, next(iter(self._peers.values()), None), now_ms))
            return
        frames: dict[int, bytes] = {}
        for name, peer in self._peers.items():
            if peer.version is None:
                continue
            if peer.signatures is not None or peer.version not in frames:
                frames[peer.version] = self._frame(heartbeat, peer, now_ms)
            link.send(name, frames[peer.version])

    def _forget_silent(self, now_s: float, now_ms: int) -> list[Output]:
        if self._address.kind not in ("udpin", "tcpin"):
            return []
        silent = [name for name, peer in self._peers.items() if now_s - peer.received_s > _PEER_SILENCE_S]
        return [output for name in silent for output in self._forget(name, now_ms)]

    def _forget(self, name: str, now_ms: int) -> list[Output]:
        """Forget a peer; return what its vehicles still had."""
        peer = self._peers.pop(name, None)
        self._stations.forget(name)
        if peer is not None:
            self._counts += self._decoder_counts(name, peer)
        for key in [key for key in self._requesters if key[0] == name]:
            del self._requesters[key]
        return self._fleet.forget(name, now_ms)

    def _note_lost(self, count: str, error: OSError, backoff_s: float) -> None:
        if backoff_s == _FIRST_BACKOFF_S:
            _LOGGER.warning("%s: %s is not available (%s); trying again", self.name, self._settings.url, error)
        self._counts[count] += 1


def _requested_rates(settings: MavlinkSettings, *, is_px4: bool) -> dict[RatedMessage, float]:
    """Return the rates to request of an autopilot; servo outputs only where one of them is a pump."""
    rates_hz = settings.rates_hz(is_px4=is_px4)
    if settings.sprayer is None or not settings.sprayer.reads_outputs:
        rates_hz.pop("SERVO_OUTPUT_RAW", None)
    return rates_hz
