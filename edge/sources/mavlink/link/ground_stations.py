"""Ground stations that share a link: each receives the vehicles' frames and sends to them what its rules let pass.

vehicles --> link --> `pass_down` --> ground stations
                 <-- rules, target <-- `poll`

The source's own thread calls both. Nothing here waits: an endpoint that cannot be opened is tried again later, a
ground station that reads too slowly loses frames, and one that floods has only its share read at a time.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from edge.sources.mavlink.link.forward_rules import Rules
from edge.sources.mavlink.link.open_errors import sentence_of_open_error
from edge.sources.mavlink.link.udp_tcp import Link, open_link
from edge.sources.mavlink.link.whole_frames import FrameHead, FrameSplitter, head_of
from edge.sources.mavlink.settings import ForwardSettings, parse_url

_RETRY_S: Final = 5.0
#: Bytes of one datagram to a ground station: what passes every network whole.
_DATAGRAM_BYTES: Final = 1200
#: Bytes of a ground station that are passed on in one turn; more than a radio carries in that time.
_TURN_BYTES: Final = 16_384
#: Names of refused frames that are counted apart, at most.
_MOST_NAMES: Final = 20
#: Where the frames of the vehicle behind an address go: the peers of the link by system id.
Routes = Mapping[int, Collection[str]]


class Upward(NamedTuple):
    """A frame for the peers of a link, by a ground station."""

    peers: Sequence[str]
    head: FrameHead
    frame: bytes


class GroundStations:
    """The ground stations of one source. `now_s` is monotonic."""

    def __init__(self, settings: Sequence[ForwardSettings]) -> None:
        self._stations = [_Station(each) for each in settings]
        self._splitters: dict[str, FrameSplitter] = {}
        self._counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._stations)

    def pass_down(self, peer: str, data: bytes) -> None:
        """Send what a peer of the link has sent to every ground station, by whole frames."""
        frames = self._splitters.setdefault(peer, FrameSplitter()).split(data)
        if frames:
            self._counts["forwarded"] += len(frames)
            for station in self._stations:
                station.send(frames)

    def forget(self, peer: str) -> None:
        """Drop the rest of a peer that is gone: senders of datagrams come and go without an end."""
        self._splitters.pop(peer, None)

    def poll(self, routes: Routes, now_s: float) -> list[Upward]:
        """Return what the ground stations have sent and their rules let pass, with the peers that it is for."""
        upwards: list[Upward] = []
        for station in self._stations:
            for frame in station.receive(now_s):
                head = head_of(frame)
                if head.system in routes:
                    self._counts["forward_returned"] += 1
                    continue
                refused = station.rules.refused(head)
                if refused is not None:
                    station.note_refused(refused)
                    continue
                peers = _peers_for(head.target, routes)
                self._counts["forwarded_up" if peers else "forward_unknown_target"] += 1
                if peers:
                    upwards.append(Upward(peers, head, frame))
        return upwards

    def close(self) -> None:
        """Close every endpoint."""
        for station in self._stations:
            station.close()

    def counters(self) -> Counter[str]:
        """Return the frames of both directions and what was left out, by name."""
        total = self._counts.copy()
        for station in self._stations:
            total["forward_refused"] += station.refused.total()
            total["forward_junk_bytes"] += sum(splitter.junk_bytes for splitter in list(station.splitters.values()))
        return +total

    def notes(self) -> list[str]:
        """Return a sentence for each ground station of which something was refused."""
        return [sentence for station in self._stations for sentence in station.notes()]

    def warnings(self) -> list[str]:
        """Return a sentence for each endpoint that cannot be opened."""
        return [station.trouble for station in self._stations if station.trouble]


class _Station:
    """One ground station: its endpoint, its rules, and the bytes of its frames that are not complete."""

    def __init__(self, settings: ForwardSettings) -> None:
        self.rules = Rules(settings.may, settings.refuse)
        self.refused: Counter[str] = Counter()
        self.splitters: dict[str, FrameSplitter] = {}
        self.trouble = ""
        self._settings = settings
        self._address = parse_url(settings.url)
        self._link: Link | None = None
        self._clients: set[str] = set()
        self._retry_s = 0.0

    def send(self, frames: Sequence[bytes]) -> None:
        """Send frames of the vehicles, as few datagrams as fit; what cannot be sent now is dropped."""
        link = self._link
        if link is None:
            return
        peers: Sequence[str | None] = (None,) if self._address.kind == "udpout" else tuple(self._clients)
        for data in _datagrams(frames) if peers else ():
            for peer in peers:
                with contextlib.suppress(OSError):
                    link.send(peer, data)

    def receive(self, now_s: float) -> list[bytes]:
        """Return the whole frames that have come; opens the endpoint where it is not open yet."""
        if self._link is None and not self._open(now_s):
            return []
        frames: list[bytes] = []
        taken = 0
        try:
            while self._link is not None and taken < _TURN_BYTES:
                chunks = self._link.receive(0.0)
                if not chunks:
                    break
                for peer, data in chunks:
                    taken += len(data)
                    frames += self._take(peer, data)
        except OSError:  # the next call opens it again
            self.close()
        return frames

    def note_refused(self, name: str) -> None:
        """Count a frame that may not pass, by its name while there are few."""
        known = name in self.refused or len(self.refused) < _MOST_NAMES
        self.refused[name if known else "others"] += 1

    def notes(self) -> list[str]:
        """Return what was refused, as a sentence."""
        if not self.refused:
            return []
        names = ", ".join(f"{name} ({count:,})" for name, count in self.refused.most_common(5))
        return [f"{self._settings.url} may not send this to the vehicles (may, refuse in its settings): {names}"]

    def close(self) -> None:
        """Close the endpoint."""
        if self._link is not None:
            self._link.close()
        self._link = None
        self._clients.clear()
        self.splitters.clear()

    def _open(self, now_s: float) -> bool:
        if now_s < self._retry_s:
            return False
        try:
            self._link = open_link(self._address)
        except OSError as error:
            self._retry_s = now_s + _RETRY_S
            self.trouble = sentence_of_open_error(self._settings.url, error)
            return False
        self.trouble = ""
        return True

    def _take(self, peer: str, data: bytes) -> list[bytes]:
        if not data:  # it hung up
            self._clients.discard(peer)
            self.splitters.pop(peer, None)
            return []
        self._clients.add(peer)
        return self.splitters.setdefault(peer, FrameSplitter()).split(data)


def _peers_for(target: int, routes: Routes) -> list[str]:
    """Return the peers behind which a system is; all of them for 0."""
    if target:
        return list(routes.get(target, ()))
    return list(dict.fromkeys(peer for peers in routes.values() for peer in peers))


def _datagrams(frames: Sequence[bytes]) -> list[bytes]:
    datagrams: list[bytes] = []
    waiting: list[bytes] = []
    size = 0
    for frame in frames:
        if waiting and size + len(frame) > _DATAGRAM_BYTES:
            datagrams.append(b"".join(waiting))
            waiting, size = [], 0
        waiting.append(frame)
        size += len(frame)
    return [*datagrams, b"".join(waiting)] if waiting else datagrams
