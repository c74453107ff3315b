"""Hypothesis strategies for records of the contract as a valid gateway makes them."""

from __future__ import annotations

from hypothesis import strategies as st

from headland.contract.codec import MAX_SEQ
from headland.contract.records import Batch, Block, Clock, Event

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True)
CHANNELS = st.from_regex(r"[a-z][a-z0-9_]{0,20}_(degc|pct|m_s|l_min)(:[0-9]{1,3})?", fullmatch=True)
#: A millisecond that any calendar has, from 2**28 s on (what SenML calls absolute) to the year 2100.
TIMES_MS = st.integers(2**28 * 1000, 4_102_444_800_000)
VALUES = st.none() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS | st.floats(-1e9, 1e9)
DATA_NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=10)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Draw a sound block."""
    rows = draw(st.integers(1, 6))
    columns = draw(st.dictionaries(CHANNELS, st.lists(VALUES, min_size=rows, max_size=rows), max_size=4))
    flagged = draw(st.lists(st.sampled_from(sorted(columns)), unique=True)) if columns else []
    flags = st.lists(st.sampled_from([1, 2, 3, 4, 9]), min_size=rows, max_size=rows)
    return Block(
        device=draw(NAMES),
        kind=draw(NAMES),
        site=draw(NAMES),
        clock=draw(st.sampled_from(Clock)),
        t0=draw(TIMES_MS),
        dt=draw(st.lists(st.integers(0, 10**9), min_size=rows, max_size=rows)),
        c=columns,
        q={channel: draw(flags) for channel in flagged},
        simulated=draw(st.booleans()),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Draw a sound event."""
    return Event(
        t=draw(TIMES_MS),
        device=draw(NAMES),
        kind=draw(NAMES),
        device_kind=draw(NAMES),
        site=draw(NAMES),
        clock=draw(st.sampled_from(Clock)),
        data=draw(st.dictionaries(DATA_NAMES, SCALARS, max_size=3)),
        simulated=draw(st.booleans()),
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Draw a sound batch."""
    seq = draw(st.integers(1, MAX_SEQ))
    return Batch(
        gw=draw(NAMES),
        epoch=draw(NAMES),
        seq=seq,
        v=1,
        first=draw(st.none() | st.integers(1, seq)),
        blocks=draw(st.lists(blocks(), max_size=3)),
        events=draw(st.lists(events(), max_size=3)),
    )
