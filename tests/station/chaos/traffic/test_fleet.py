"""What the soak's gateways send."""

from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.codec import decode_batch
from headland.contract.refusals import Refused
from station.chaos.soak import SoakResult
from station.chaos.traffic.fleet import RECORD_MS, ROWS, make_record
from station.chaos.traffic.numbered_source import NUMBER_CHANNEL
from tests.examples import examples

START_MS = 1_790_000_000_000


@settings(max_examples=examples(50), deadline=None)
@given(st.integers(1, 100_000))
def test_a_record_is_a_minute_of_its_own_and_the_same_when_made_again(seq: int) -> None:
    payload = make_record("g", seq, START_MS)
    assert payload == make_record("g", seq, START_MS)
    decoded = decode_batch(payload)
    assert not isinstance(decoded, Refused)
    (block,) = decoded.batch.blocks
    assert (decoded.batch.seq, block.t0) == (seq, START_MS + (seq - 1) * RECORD_MS)
    assert max(block.dt) < RECORD_MS
    assert block.c[NUMBER_CHANNEL] == list(range((seq - 1) * ROWS + 1, seq * ROWS + 1))


def test_memory_that_goes_on_growing_is_seen_and_a_first_rise_is_not() -> None:
    rising = SoakResult(24, 200, memory_mb=[100.0 + 2 * second for second in range(80)])
    settled = SoakResult(24, 200, memory_mb=[*range(100, 120), *[150.0] * 60])
    assert rising.growth > 1.5
    assert settled.growth == 1.0
    assert SoakResult(0.5, 12, memory_mb=rising.memory_mb).growth == 1.0
