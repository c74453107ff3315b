"""Trace context of a record: W3C Trace Context, version 00, in the user property `traceparent` of a batch.

https://www.w3.org/TR/trace-context/, section 3.2. A record's trace follows from its gateway, epoch and number: a record
that is sent again, by a process that was restarted meanwhile, belongs to the same trace, and whoever knows a record's
number finds its trace.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

#: Name of the user property, and of the header of an HTTP request.
TRACEPARENT: Final = "traceparent"
#: A traceparent of a later version may be longer, but its first 55 characters have the form of version 00.
_LENGTH: Final = 55
_MOST_LENGTH: Final = 512
_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)
_SAMPLED: Final = 1
_LOW_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span within a trace: ids of 128 and 64 bits, neither 0, and whether the trace is recorded."""

    trace_id: int
    span_id: int
    is_sampled: bool = True


def parse_traceparent(text: str) -> TraceContext | None:
    """Return the context in a traceparent; None where it is malformed: then it is ignored."""
    if not _LENGTH <= len(text) <= _MOST_LENGTH:
        return None
    found = _FORM.match(text)
    if found is None:
        return None
    version, trace_id, span_id, flags = found[1], int(found[2], 16), int(found[3], 16), int(found[4], 16)
    rest = text[_LENGTH:]
    if version == "ff" or (rest and (version == "00" or not rest.startswith("-"))):
        return None
    if not trace_id or not span_id:
        return None
    return TraceContext(trace_id, span_id, bool(flags & _SAMPLED))


def format_traceparent(context: TraceContext) -> str:
    """Return a context as the text of version 00."""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{_SAMPLED if context.is_sampled else 0:02x}"


def context_of_record(gateway: str, epoch: str, seq: int) -> TraceContext:
    """Return the first span of a record's trace."""
    digest = hashlib.sha256(f"{gateway}/{epoch}/{seq}".encode()).digest()
    # An id of 0 is invalid; that a digest begins with so many zeros does not happen.
    return TraceContext(int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:24], "big") or 1)


def is_in_share(trace_id: int, share: float) -> bool:
    """Return whether a trace is among the recorded `share` (0 to 1); everyone who asks gets the same answer.

    As OpenTelemetry's sampler by ratio: the low 64 bits of the id are below the share of their range.
    """
    return (trace_id & ((1 << _LOW_BITS) - 1)) < round(share * (1 << _LOW_BITS))
