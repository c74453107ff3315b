"""Assembly of STATUSTEXT chunks to whole texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.sources.mavlink.protocol.messages import Statustext

_CHUNK_BYTES: Final = 50
#: The most chunks of a text; more is damage.
_MAX_CHUNKS: Final = 20
#: Mark of a chunk that was lost.
_LOST: Final = "[...]"


@dataclass(slots=True)
class TextAssembler:
    """Joins the chunks of one sender's texts. Autopilots send one text at a time."""

    _id: int = 0
    _severity: int = 0
    _chunks: dict[int, bytes] = field(default_factory=dict)
    _since_ms: int = 0

    def take(self, message: Statustext, now_ms: int) -> list[tuple[int, str]]:
        """Return the (severity, text) that this message completes: none, one, or an abandoned text and this one."""
        texts: list[tuple[int, str]] = []
        if self._chunks and message.id != self._id:
            texts += self.flush()
        if message.id == 0:
            return [*texts, (message.severity, _text(message.text))]
        if not self._chunks:
            self._since_ms = now_ms
        self._id, self._severity = message.id, message.severity
        self._chunks[min(message.chunk_seq, _MAX_CHUNKS)] = message.text
        last = max(self._chunks)
        # The last chunk is the one that does not fill its field.
        if len(self._chunks[last]) < _CHUNK_BYTES and len(self._chunks) == last + 1:
            texts += self.flush()
        return texts

    def expire(self, now_ms: int, wait_ms: int = 2000) -> list[tuple[int, str]]:
        """Return the text whose missing chunks did not come in time."""
        return self.flush() if self._chunks and now_ms - self._since_ms > wait_ms else []

    def flush(self) -> list[tuple[int, str]]:
        """Return the incomplete text, its lost chunks marked."""
        if not self._chunks:
            return []
        parts = [_text(self._chunks[n]) if n in self._chunks else _LOST for n in range(max(self._chunks) + 1)]
        self._chunks.clear()
        return [(self._severity, "".join(parts))]


def _text(chunk: bytes) -> str:
    return chunk.split(b"\0", 1)[0].decode("utf-8", "replace")
