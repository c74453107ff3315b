"""Bytes of a DataFlash log to messages; damaged parts are skipped and counted. Never raises, whatever the bytes are.

Messages have no checksum. A message is accepted where another begins right after it, or the file ends, or the padding
of a flash page follows up to the next message: a message torn by a lost block, or of a damaged type, would else be
read with values of another. An FMT is accepted by its contents, since all messages of its type depend on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Final

from edge.imports.dataflash.format import FMT, FMT_TYPE, HEAD, HEAD_BYTES, Dictionary, Format, Raw

_HEAD_1: Final = HEAD[0]
_HEAD_2: Final = HEAD[1]
_PADDING: Final = (0xFF, 0)
#: A longer run of padding is not followed to its end.
_LONGEST_RUN: Final = 64
_DEFINITIONS: Final = ("FMT", "FMTU", "UNIT", "MULT")
#: Actions for the messages of a type, as bits.
_SKIP: Final = 0
_RETURN: Final = 1
_LEARN: Final = 2

#: A message: its format and its raw values.
Message = tuple[Format, Raw]


class LogReader:
    """Decodes a stream of bytes, cut anywhere, into messages; of all names where `wanted` is None.

    Messages of other names are counted, but not returned. Those that define others are always read.
    """

    def __init__(self, wanted: Container[str] | None = None) -> None:
        self.dictionary = Dictionary()
        self._wanted = wanted
        self._rest = b""
        self._counts: Counter[str] = Counter()
        self._seen = [0] * 256
        self._kinds: Counter[str] = Counter()
        self._actions = [_SKIP] * 256
        self._actions[FMT_TYPE] = self._action_of(FMT.name)
        self._in_sync = True
        #: Bytes of a last message whose end is missing.
        self.cut_bytes = 0

    def read(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes."""
        self._counts["bytes"] += len(data)
        return self._scan(self._rest + data, final=False)

    def finish(self) -> list[Message]:
        """Return the whole messages at the end of the stream."""
        messages = self._scan(self._rest, final=True)
        self._counts["junk_bytes"] += len(self._rest)
        self._rest = b""
        return messages

    def kinds(self) -> Counter[str]:
        """Return how many messages of each name there were, returned or not."""
        formats = self.dictionary.by_type
        now = {fmt.name: count for fmt, count in zip(formats, self._seen, strict=True) if fmt and count}
        return self._kinds + Counter(now)

    def counters(self) -> dict[str, int]:
        """Return bytes, messages and what was left out, by name."""
        return {**self._counts, "messages": self.kinds().total()}

    def _scan(self, buffer: bytes, *, final: bool) -> list[Message]:
        """Scan the buffer once."""
        messages: list[Message] = []
        append, formats, seen, actions = messages.append, self.dictionary.by_type, self._seen, self._actions
        size, at = len(buffer), 0
        while at + HEAD_BYTES <= size:
            number = buffer[at + 2]
            fmt = formats[number]
            if buffer[at] != _HEAD_1 or buffer[at + 1] != _HEAD_2 or fmt is None:
                at = self._resync(buffer, at, "unknown_type" if buffer.startswith(HEAD, at) else "")
                continue
            end = at + fmt.length
            if end + HEAD_BYTES > size and not (final and end <= size):
                if not final:
                    break
                self.cut_bytes = size - at
                at = self._resync(buffer, at, "cut")
                continue
            if number != FMT_TYPE and end + 1 < size and (buffer[end] != _HEAD_1 or buffer[end + 1] != _HEAD_2):
                run = buffer[end : end + _LONGEST_RUN]
                if buffer[end] in _PADDING and len(run) < _LONGEST_RUN and not final and not run.strip(run[:1]):
                    break
                if not self._is_padded(buffer, at, end, run):
                    at = self._resync(buffer, at, "torn")
                    continue
            action = actions[number]
            if action:
                values = fmt.unpack(buffer, at)
                if action & _LEARN and not self._learn(fmt, values):
                    at = self._resync(buffer, at, "bad_format")
                    continue
                if action & _RETURN:
                    append((fmt, values))
            seen[number] += 1
            self._in_sync = True
            at = end
        self._rest = buffer[at:]
        return messages

    def _is_padded(self, buffer: bytes, at: int, end: int, run: bytes) -> bool:
        """Return whether padding follows a message up to the next one, and the message holds no beginning of another.

        Values may be zeros, too: a message that is read with the length of another may end in front of them.
        """
        if run[0] not in _PADDING:
            return False
        after = run.lstrip(run[:1])
        if after and not after.startswith(HEAD[: len(after)]):
            return False
        inner = buffer.find(HEAD, at + HEAD_BYTES, end + 2)
        while inner >= 0 and self.dictionary.by_type[buffer[inner + 2]] is None:
            inner = buffer.find(HEAD, inner + 1, end + 2)
        return inner < 0

    def _resync(self, buffer: bytes, at: int, reason: str) -> int:
        """Return where the next message may start, given that none starts at `at`.

        `reason` is counted once for each break of the stream; the bytes until the next message are junk.
        """
        if reason and self._in_sync:
            self._counts[reason] += 1
        self._in_sync = False
        head_at = buffer.find(HEAD, at + 1)
        if head_at < 0:  # its first byte may be the last one of the buffer
            head_at = len(buffer) - (buffer[-1] == _HEAD_1 and len(buffer) - 1 > at)
        self._counts["junk_bytes"] += head_at - at
        return head_at

    def _learn(self, message: Format, values: Raw) -> bool:
        """Read a message that defines others; return False where it is damaged."""
        if message is not FMT:
            self.dictionary.note_units(message, values)
            return True
        number = values[0]
        before = self.dictionary.by_type[number]
        fmt = self.dictionary.note_format(values)
        if fmt is None:
            return False
        if before is not None and before is not fmt and fmt is not FMT:
            self._kinds[before.name] += self._seen[number]
            self._seen[number] = 0
        if number != FMT_TYPE:
            self._actions[number] = self._action_of(fmt.name)
        return True

    def _action_of(self, name: str) -> int:
        wanted = _RETURN if self._wanted is None or name in self._wanted else _SKIP
        return wanted | (_LEARN if name in _DEFINITIONS else _SKIP)
