"""JSON lines of VictoriaMetrics' import: one a metric with all its samples, so that its labels are read once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np

from headland.store.core.batch_rows import Rows
from headland.store.core.dedup import Positions
from headland.store.port import Flags, SeriesKey, Times, Values
from headland.store.server.line_protocol import GOOD, QUALITY_ENDING, RESIDUE_ENDING, tags_of

#: Bytes of a request at most, but for a line that is longer.
_BODY_BYTES: Final = 8 * 1024 * 1024
#: Samples of a line at most: the server drops lines of 10 MB (-import.maxLineLen) and says so in its log only.
_LINE_SAMPLES: Final = 50_000


class JsonLines:
    """Formats samples, with the labels of each series made once. Not thread-safe."""

    def __init__(self, store: str) -> None:
        self._store = store
        self._encoder = msgspec.json.Encoder()
        self._heads: dict[tuple[SeriesKey, str], bytes] = {}

    def write(self, keys: Sequence[SeriesKey], rows: Rows, rounded: Values, residue: Times) -> Iterator[bytes]:
        """Yield the bodies of requests: values, then flags that are not good, then residues.

        `keys[rows.sid]` are the series; `rounded` and `residue` are as `values.split` returns them, and finite.
        """
        lines: list[bytes] = []
        size = 0
        for line in self._lines(keys, rows, rounded, residue):
            if lines and size + len(line) > _BODY_BYTES:
                yield b"".join(lines)
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        if lines:
            yield b"".join(lines)

    def _lines(self, keys: Sequence[SeriesKey], rows: Rows, rounded: Values, residue: Times) -> Iterator[bytes]:
        order = np.argsort(rows.sid, kind="stable")
        yield from self._metrics(keys, rows, order, rounded, "")
        yield from self._metrics(keys, rows, order[rows.quality[order] != GOOD], rows.quality, QUALITY_ENDING)
        yield from self._metrics(keys, rows, order[residue[order] != 0], residue, RESIDUE_ENDING)

    def _metrics(
        self, keys: Sequence[SeriesKey], rows: Rows, at: Positions, column: Values | Times | Flags, ending: str
    ) -> Iterator[bytes]:
        """Yield the lines of each series of the rows `at`, which are in the order of the series."""
        if not len(at):
            return
        encode, sid = self._encoder.encode, rows.sid[at]
        starts = [0, *(np.flatnonzero(np.diff(sid)) + 1).tolist(), len(at)]
        time_ms, value = rows.time_ms[at].tolist(), column[at].tolist()
        for start, end in pairwise(starts):
            key = keys[sid[start]]
            head = self._heads.get((key, ending)) or self._make_head(key, ending)
            for first in range(start, end, _LINE_SAMPLES):
                last = min(first + _LINE_SAMPLES, end)
                yield head + encode(value[first:last]) + b',"timestamps":' + encode(time_ms[first:last]) + b"}\n"

    def _make_head(self, key: SeriesKey, ending: str) -> bytes:
        labels = {"__name__": f"{key.kind}_{key.channel}{ending}", "kind": key.kind, "store": self._store}
        labels |= {name: word for name, word in tags_of(key).items() if word}
        head = b'{"metric":' + self._encoder.encode(labels) + b',"values":'
        self._heads[key, ending] = head
        return head
