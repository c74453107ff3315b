from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_sim.links.faults import NO_FAULTS, FaultEvent, Faults, read_faults
from firmware_sim.links.impairment import ImpairedLink
from headland.errors import SettingsError
from tests.examples import examples


def test_faults_are_read_from_words() -> None:
    assert read_faults([]) == NO_FAULTS
    faults = read_faults(
        ["lose=0.1", "delay=0.3", "cut=60:10", "cut=90:5", "reboot=120", "clock-step=10:-2.5", "no-fix=5:5", "same-id"]
    )
    assert faults == Faults(
        lose=0.1,
        delay_s=0.3,
        cuts=(FaultEvent(60, 10), FaultEvent(90, 5)),
        reboots_s=(120,),
        clock_steps=(FaultEvent(10, -2.5),),
        no_fix=(FaultEvent(5, 5),),
        same_id=True,
    )
    assert faults.hurts_link
    assert not read_faults(["reboot=5", "same-id"]).hurts_link


@pytest.mark.parametrize(
    "word",
    ["", "lose", "lose=2", "lose=x", "lose=nan", "flip=-1", "cut=5", "cut=5:-1", "cut=5:x", "reboot=1:2", "other=1",
     "same-id=1", "no-fix=5:0", "delay=1e9"],
)  # fmt: skip
def test_what_is_no_fault_is_refused_with_the_faults_there_are(word: str) -> None:
    with pytest.raises(SettingsError, match="clock-step"):
        read_faults([word])


def carry_all(link: ImpairedLink, chunks: list[bytes], every_ms: int = 20) -> list[tuple[int, bytes]]:
    arrived = []
    for index in range(len(chunks) + 600):
        sent = [chunks[index]] if index < len(chunks) else []
        arrived += [(index * every_ms, chunk) for chunk in link.carry(sent, index * every_ms)]
    return arrived


@settings(max_examples=examples(40), deadline=None)
@given(
    count=st.integers(0, 80),
    seed=st.integers(0, 2**32),
    shares=st.tuples(*[st.floats(0, 1)] * 3),
    delay_s=st.floats(0, 2),
)
def test_a_bad_link_invents_nothing_and_counts_what_it_drops(
    count: int, seed: int, shares: tuple[float, float, float], delay_s: float
) -> None:
    lose, duplicate, reorder = shares
    link = ImpairedLink(Faults(lose=lose, duplicate=duplicate, reorder=reorder, delay_s=delay_s), seed, 0)
    chunks = [bytes([index]) * 4 for index in range(count)]
    arrived = [chunk for _, chunk in carry_all(link, chunks)]
    assert set(arrived) <= set(chunks)
    assert len(set(arrived)) == count - link.dropped


def test_a_delay_keeps_the_order_and_reordering_does_not() -> None:
    chunks = [bytes([index]) for index in range(200)]
    late = carry_all(ImpairedLink(Faults(delay_s=0.5), 1, 0), chunks)
    assert [chunk for _, chunk in late] == chunks
    assert late[0][0] == 500
    mixed = [chunk for _, chunk in carry_all(ImpairedLink(Faults(reorder=0.2), 1, 0), chunks)]
    assert mixed != chunks
    assert sorted(mixed) == chunks


def test_a_cut_passes_nothing_for_its_seconds_from_its_start_on() -> None:
    chunks = [bytes([index]) for index in range(200)]
    arrived = [chunk[0] for _, chunk in carry_all(ImpairedLink(Faults(cuts=(FaultEvent(1, 2),)), 1, 0), chunks)]
    assert arrived == [*range(50), *range(150, 200)]


def test_flips_turn_one_bit_in_their_share() -> None:
    chunks = [bytes([index, 7, 7]) for index in range(200)]
    arrived = [chunk for _, chunk in carry_all(ImpairedLink(Faults(flip=0.25), 1, 0), chunks)]
    turned = [
        (int.from_bytes(a, "big") ^ int.from_bytes(b, "big")).bit_count() for a, b in zip(chunks, arrived, strict=True)
    ]
    assert set(turned) == {0, 1}
    assert sum(turned) == pytest.approx(50, abs=20)


def test_the_same_seed_hurts_in_the_same_way() -> None:
    chunks = [bytes([index]) for index in range(200)]
    faults = Faults(lose=0.2, duplicate=0.2, reorder=0.2, flip=0.2)
    assert carry_all(ImpairedLink(faults, 3, 0), chunks) == carry_all(ImpairedLink(faults, 3, 0), chunks)
    assert carry_all(ImpairedLink(faults, 3, 0), chunks) != carry_all(ImpairedLink(faults, 4, 0), chunks)
