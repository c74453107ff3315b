"""Bytes of a DataFlash log to messages: find them, believe them, count what is none. Never raises for what they hold.

Messages have no checksum. One is believed where another begins right behind it, or the file ends, or the padding of a
flash page stands there; what is torn in its middle by a lost block would else be read with another's values. An FMT
proves itself by what it says, and without it all of its kind would be lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Final

from edge.imports.dataflash.format import FMT, FMT_TYPE, HEAD, HEAD_BYTES, Dictionary, Format, Raw

_HEAD_1: Final = HEAD[0]
_HEAD_2: Final = HEAD[1]
_PADDING: Final = (b"\xff" * HEAD_BYTES, b"\0" * HEAD_BYTES)
_DEFINITIONS: Final = ("FMT", "FMTU", "UNIT", "MULT")
#: What is done with a message of a type.
_PASS: Final = 0
_GIVE: Final = 1
_LEARN: Final = 2

#: A message: its format and its raw values.
Message = tuple[Format, Raw]


class LogReader:
    """Turns a stream of bytes, however it is cut, into messages; of all kinds where `wanted` is None.

    Of names that are not wanted messages are counted, but not given. Those that define others are always read.
    """

    def __init__(self, wanted: Container[str] | None = None) -> None:
        self.dictionary = Dictionary()
        self._wanted = wanted
        self._rest = b""
        self._counts: Counter[str] = Counter()
        self._seen = [0] * 256
        self._kinds: Counter[str] = Counter()
        self._ways = [_PASS] * 256
        self._ways[FMT_TYPE] = self._way_of(FMT.name)
        self._in_sync = True

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes."""
        self._counts["bytes"] += len(data)
        return self._scan(self._rest + data, final=False)

    def finish(self) -> list[Message]:
        """Return what is still whole at the end of the stream."""
        messages = self._scan(self._rest, final=True)
        self._counts["junk_bytes"] += len(self._rest)
        self._rest = b""
        return messages

    def kinds(self) -> Counter[str]:
        """Return how many messages of each name there were, given or not."""
        formats = self.dictionary.by_type
        now = {found.name: count for found, count in zip(formats, self._seen, strict=True) if found and count}
        return self._kinds + Counter(now)

    def counters(self) -> dict[str, int]:
        """Return bytes, messages and what was left out, by name."""
        return {**self._counts, "messages": self.kinds().total()}

    def _scan(self, buffer: bytes, *, final: bool) -> list[Message]:
        """Walk the buffer once."""
        messages: list[Message] = []
        append, formats, seen, ways = messages.append, self.dictionary.by_type, self._seen, self._ways
        size, at = len(buffer), 0
        while at + HEAD_BYTES <= size:
            number = buffer[at + 2]
            found = formats[number]
            if buffer[at] != _HEAD_1 or buffer[at + 1] != _HEAD_2 or found is None:
                at = self._resync(buffer, at, "unknown_type" if buffer.startswith(HEAD, at) else "")
                continue
            end = at + found.length
            if end + HEAD_BYTES > size and not (final and end <= size):
                if not final:
                    break
                at = self._resync(buffer, at, "cut")
                continue
            if (
                number != FMT_TYPE
                and end + 1 < size
                and (buffer[end] != _HEAD_1 or buffer[end + 1] != _HEAD_2)
                and buffer[end : end + HEAD_BYTES] not in _PADDING
            ):
                at = self._resync(buffer, at, "torn")
                continue
            way = ways[number]
            if way:
                values = found.unpack(buffer, at)
                if way & _LEARN and not self._learn(found, values):
                    at = self._resync(buffer, at, "bad_format")
                    continue
                if way & _GIVE:
                    append((found, values))
            seen[number] += 1
            self._in_sync = True
            at = end
        self._rest = buffer[at:]
        return messages

    def _resync(self, buffer: bytes, at: int, reason: str) -> int:
        """Return where the next message may start, given that none starts at `at`.

        `reason` is counted where it broke the stream; what looks like more of it until the next message is junk.
        """
        if reason and self._in_sync:
            self._counts[reason] += 1
        self._in_sync = False
        found = buffer.find(HEAD, at + 1)
        if found < 0:  # its first byte may be the last that is here
            found = len(buffer) - (buffer[-1] == _HEAD_1 and len(buffer) - 1 > at)
        self._counts["junk_bytes"] += found - at
        return found

    def _learn(self, message: Format, values: Raw) -> bool:
        """Take a message that defines others; False where it is damaged."""
        if message is not FMT:
            self.dictionary.note_units(message, values)
            return True
        number = values[0]
        before = self.dictionary.by_type[number]
        found = self.dictionary.note_format(values)
        if found is None:
            return False
        if before is not None and before is not found and found is not FMT:
            self._kinds[before.name] += self._seen[number]
            self._seen[number] = 0
        if number != FMT_TYPE:
            self._ways[number] = self._way_of(found.name)
        return True

    def _way_of(self, name: str) -> int:
        wanted = _GIVE if self._wanted is None or name in self._wanted else _PASS
        return wanted | (_LEARN if name in _DEFINITIONS else _PASS)
