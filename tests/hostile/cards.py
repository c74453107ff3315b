"""Vehicles whose cards lie: the simulator's own answers by FTP and LOG messages, changed, repeated, moved, made up."""

from __future__ import annotations

import random
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from pymavlink.dialects.v20 import ardupilotmega as dialect

from edge.sources.mavlink.card.flight import Gap
from tests.edge.sources.mavlink.stand_ins import Autopilot
from tests.firmware_sim.drone.card.served_card import ServedCard
from tests.hostile.mutations import mutate_bytes

#: request number, session, opcode, size, opcode of the request, burst is complete, padding, offset.
HEAD: Final = struct.Struct("<HBBBBBBI")
DATA_BYTES: Final = 239
LIST: Final = 3
#: Pages of a listing with odd names, of one vehicle in all.
_PAGES: Final = 60
#: Answers that one vehicle sends beside those that were asked for: it is not the only one of the run.
_REPLAYS: Final = 1500
#: Entries beside the one that was asked for, of a list of logs without an end.
_ENTRIES: Final = 150
#: What a listing says of a file or folder that is none, or that nobody can have.
NAMES: Final = (
    "F00000001.BIN\t²".encode(),
    "F00000001.BIN\t٣٤".encode(),
    b"F00000001.BIN\t" + b"9" * 200,
    b"9" * DATA_BYTES,  # a number of thousands of digits, answer after answer
    b"F00000001.BIN\t-1",
    b"F00000001.BIN\t+5000",
    b"F00000001.BIN\t 5000",
    b"F00000001.BIN\t1e5",
    b"F00000001.BIN\t0x1000",
    b"F00000001.BIN\t4294967295",
    b"F00000001.BIN\t4294967296",
    b"F00000001.BIN\t0",
    b"F00000001.BIN",
    b"F\t5000",
    b"F\xff\xfe\xed\xa0\x80.BIN\t5000",
    b"F../../../tmp/x.BIN\t5000",
    b"F/etc/passwd.BIN\t5000",
    b"F00000001.BIN\t5000\t5000",
    b"F\xc2\xb2.BIN\t5000",
    b"F" + b"0" * 60 + b".ulg\t5000",
    b"D..",
    b"D" + b"9" * 100,
    b"D2026-11-18",
    b"Dsess",
    b"S",
    b"\x01\x02",
    b"",
)
NUMBERS: Final = (0, 1, 2, 4999, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1)
BYTES: Final = (0, 1, 89, 90, 91, 127, 128, 129, 239, 240, 255)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a card lies: shares of its answers that are changed, lost or repeated, and what else it sends."""

    name: str
    changed: float = 0.0
    lost: float = 0.0
    repeated: float = 0.0
    #: Changed answers of before that are sent again beside each answer.
    replayed: int = 0
    #: What is listed has no end.
    is_endless: bool = False
    #: How the bytes of the log are changed before it is served.
    hurt: Callable[[bytes, random.Random], bytes] | None = None


def hurt_log(log: bytes, dice: random.Random) -> bytes:
    """Return a log with some hundred places changed, and now and then cut."""
    hurt = bytearray(log)
    for _ in range(dice.choice((3, 50, 800))):
        at = dice.randrange(len(hurt))
        hurt[at : at + 4] = dice.choice((b"\xff" * 4, bytes(4), b"\xa3\x95\x80\x80", dice.randbytes(4)))
    return mutate_bytes(bytes(hurt), dice) if dice.random() < 0.3 else bytes(hurt)


MANNERS: Final = (
    Manner("gentle", changed=0.03, lost=0.01, repeated=0.05, replayed=2),
    Manner("endless", changed=0.05, replayed=4, is_endless=True),
    Manner("damaged log", changed=0.01, replayed=2, hurt=hurt_log),
    Manner("rough", changed=0.4, lost=0.1, repeated=0.3, replayed=8),
    Manner("silent", lost=0.6, changed=0.3, replayed=3),
    Manner("flood", changed=0.2, repeated=0.5, replayed=60),
)
HONEST: Final = Manner("honest")
#: How long a vehicle is heard before its gap.
_LEAD_MS: Final = 20_000


@dataclass
class CardVehicle:
    """A vehicle that flew the span around a gap, was not heard in it, has landed, and is asked for its card.

    `served` has the kinds of what it answered, `mutations` those that were changed or made up.
    """

    system: int
    number: int
    manner: Manner
    log: bytes
    gap: Gap
    dice: random.Random
    began_s: float
    served: Counter[str] = field(default_factory=Counter)
    mutations: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Open its socket, and lay the log on its card."""
        content = self.manner.hurt(self.log, self.dice) if self.manner.hurt else self.log
        self.card = ServedCard(content)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self._pilot = Autopilot(system=self.system, utc_at_boot_ms=self.gap.before.offset_ms)
        self._parser = dialect.MAVLink(None)
        self._parser.robust_parsing = True
        self._uid = [*self.number.to_bytes(2, "big"), 0xCA] + [0] * 15
        self._sent_s = -1.0
        self._before: list[Any] = []
        self._pages, self._replays = _PAGES, _REPLAYS

    @property
    def device(self) -> str:
        """Its id as the gateway derives it from its uid."""
        return f"uav-{self.number:04x}ca"

    def tell(self, now_s: float, place: tuple[str, int]) -> None:
        """Send what it sends by itself; `now_s` is the time of the link's clock."""
        since_s = now_s - self.began_s
        boot_ms = self.gap.before.boot_ms - _LEAD_MS + round(since_s * 1000)
        silent = self.gap.before.boot_ms < boot_ms < self.gap.after.boot_ms
        landed = boot_ms > self.gap.after.boot_ms + 3000
        if silent or now_s - self._sent_s < (1.0 if landed else 0.2):
            return
        self._sent_s = now_s
        pilot, edge = self._pilot, self.gap.before
        latitude, longitude = (round((value or 0.0) * 1e7) for value in (edge.latitude_deg, edge.longitude_deg))
        frames = [pilot.heartbeat(armed=not landed), pilot.identity(self._uid), pilot.system_time(boot_ms)]
        frames.append(pilot.gps(boot_ms))
        if not landed:
            frames += [pilot.position(boot_ms, latitude, longitude), pilot.attitude(boot_ms)]
        self._send(frames, place)

    def answer(self, place: tuple[str, int]) -> None:
        """Answer the requests that have come."""
        with suppress(BlockingIOError):
            while True:
                data = self.socket.recv(4096)
                for message in self._parser.parse_buffer(data) or ():
                    self._answer(message, place)
        self._serve(_read(self.card.step(0.1)), place)  # a transfer that goes on by itself

    def close(self) -> None:
        """Be gone."""
        self.socket.close()

    def _answer(self, message: Any, place: tuple[str, int]) -> None:
        if message.get_type() not in _REQUESTS:
            return
        self.served["requests"] += 1
        message.target_system = message.target_component = 1  # what the simulator calls itself
        self._serve(_read(self.card.drone.respond([message])), place)

    def _serve(self, answers: list[Any], place: tuple[str, int]) -> None:
        dice, manner, sent = self.dice, self.manner, list[bytes]()
        for answer in answers:
            if manner is HONEST:
                sent.append(self._pack(answer))
                continue
            self._before = [*self._before[-200:], answer]
            if dice.random() < manner.lost:
                self.mutations["lost"] += 1
                continue
            if manner.is_endless:
                sent += [self._pack(self._without_end(answer)) for _ in range(_ENTRIES if _is_entry(answer) else 0)]
                answer = self._without_end(answer)
            elif self._pages and dice.random() < 0.8:
                answer = self._odd_page(answer)
            if dice.random() < manner.changed:
                answer = self._changed(answer)
            sent += [self._pack(answer)] * (1 if dice.random() >= manner.repeated else dice.choice((2, 3, 20)))
            again = min(dice.randint(0, manner.replayed), self._replays)
            self._replays -= again
            sent += [self._pack(self._changed(dice.choice(self._before))) for _ in range(again)]
        if len(sent) > 1 and manner is not HONEST and dice.random() < 0.2:
            self.mutations["order"] += 1
            dice.shuffle(sent)
        self._send(sent, place)

    def _odd_page(self, answer: Any) -> Any:
        """Return an answer to a request for a list with names that are none among those that there are."""
        if answer.get_type() != "FILE_TRANSFER_PROTOCOL":
            return answer
        number, session, _, size, asked, _, _, offset = HEAD.unpack_from(bytes(answer.payload))
        if asked != LIST:
            return answer
        dice = self.dice
        self._pages -= 1
        self.mutations["names"] += 1
        names = bytes(answer.payload)[HEAD.size : HEAD.size + size].split(b"\0") if dice.random() < 0.3 else []
        names += [dice.choice(NAMES) for _ in range(dice.randint(1, 9))]
        dice.shuffle(names)
        page = b"\0".join(names * dice.choice((1, 1, 5)))[:DATA_BYTES]
        return _file(HEAD.pack(number, session, 128, len(page), asked, 0, 0, offset) + page)

    def _without_end(self, answer: Any) -> Any:
        """Return an answer to a request for a list to which there is always one more."""
        dice = self.dice
        if answer.get_type() == "LOG_ENTRY":
            self.mutations["endless"] += 1
            return dialect.MAVLink_log_entry_message(dice.randrange(2**16), 65_535, dice.randrange(2**16), 0, 9000)
        if answer.get_type() != "FILE_TRANSFER_PROTOCOL":
            return answer
        number, session, _, _, asked, _, _, offset = HEAD.unpack_from(bytes(answer.payload))
        if asked != LIST:
            return answer
        self.mutations["endless"] += 1
        names = b"\0".join(b"F%d.BIN\t%d" % (offset + n, dice.randrange(10**6)) for n in range(dice.randint(1, 12)))
        names = names[:DATA_BYTES]
        return _file(HEAD.pack(number, session, 128, len(names), asked, 0, 0, offset) + names)

    def _changed(self, answer: Any) -> Any:
        """Return an answer that is nearly right."""
        dice = self.dice
        match answer.get_type():
            case "LOG_ENTRY":
                fields = [answer.id, answer.num_logs, answer.last_log_num, answer.time_utc, answer.size]
                for _ in range(dice.choice((1, 1, 2, 5))):
                    at = dice.randrange(5)
                    fields[at] = dice.choice(NUMBERS) & (0xFFFF if at < 3 else 0xFFFFFFFF)
                self.mutations["LOG_ENTRY"] += 1
                return dialect.MAVLink_log_entry_message(*fields)
            case "LOG_DATA":
                number, offset, count, data = answer.id, answer.ofs, answer.count, bytes(answer.data)
                match dice.randrange(5):
                    case 0:
                        number = dice.choice(NUMBERS) & 0xFFFF
                    case 1:
                        offset = (offset + dice.choice((-90, -1, 1, 90, 8192, 2**31))) & 0xFFFFFFFF
                    case 2:
                        offset = dice.choice(NUMBERS) & 0xFFFFFFFF
                    case 3:
                        count = dice.choice(BYTES)
                    case _:
                        data = mutate_bytes(data, dice)[:90].ljust(90, b"\0")
                self.mutations["LOG_DATA"] += 1
                return dialect.MAVLink_log_data_message(number, offset, count, list(data))
            case _:
                self.mutations["FTP"] += 1
                return _file(self._changed_file(bytes(answer.payload)))

    def _changed_file(self, payload: bytes) -> bytes:
        dice = self.dice
        head, data = list(HEAD.unpack_from(payload)), payload[HEAD.size :]
        kind = dice.randrange(8)
        if kind == 0:
            head[0] = dice.choice((0, 1, 65_535, head[0] + 1 & 0xFFFF))
        elif kind == 1:
            head[1] = dice.choice(BYTES)
        elif kind == 2:  # refused, with each of the errors
            head[2:4], data = [129, dice.choice((1, 2, 0))], bytes((dice.randrange(256), dice.randrange(256)))
        elif kind == 3:
            head[3] = dice.choice(BYTES)
        elif kind == 4:
            head[4] = dice.choice((LIST, 4, 5, 15, 1, 0, 255))
        elif kind == 5:
            head[5] ^= 1
        elif kind == 6:
            head[7] = (head[7] + dice.choice((-DATA_BYTES, -1, 1, DATA_BYTES, 23_900, 2**31))) & 0xFFFFFFFF
        else:
            data = mutate_bytes(data, dice)
        return HEAD.pack(*head) + data[:DATA_BYTES]

    def _pack(self, answer: Any) -> bytes:
        self.served[answer.get_type()] += 1
        if answer.get_type() == "FILE_TRANSFER_PROTOCOL":
            answer = dialect.MAVLink_file_transfer_protocol_message(0, 245, 191, list(answer.payload))
        return self._pilot.encode(answer)

    def _send(self, frames: list[bytes], place: tuple[str, int]) -> None:
        for frame in frames:
            with suppress(BlockingIOError):
                self.socket.sendto(frame, place)


_KINDS: Final = ("FILE_TRANSFER_PROTOCOL", "LOG_ENTRY", "LOG_DATA")
_REQUESTS: Final = (
    "FILE_TRANSFER_PROTOCOL",
    "LOG_REQUEST_LIST",
    "LOG_REQUEST_DATA",
    "LOG_REQUEST_END",
)


def _is_entry(answer: Any) -> bool:
    return bool(answer.get_type() == "LOG_ENTRY")


def _file(payload: bytes) -> Any:
    return dialect.MAVLink_file_transfer_protocol_message(0, 245, 191, list(payload.ljust(251, b"\0")[:251]))


def _read(frames: list[bytes]) -> list[Any]:
    parser = dialect.MAVLink(None)
    messages = [message for frame in frames for message in parser.parse_buffer(frame) or ()]
    return [message for message in messages if message.get_type() in _KINDS]
