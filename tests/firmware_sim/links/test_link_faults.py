from __future__ import annotations

import pytest

from firmware_sim.links.link_faults import Damage, LinkFaults, read_faults
from headland.errors import SettingsError


def test_faults_are_read_from_words() -> None:
    faults = read_faults(["noise=0.02", "cut=0.1", "lost=0.15", "hangup=30", "silent=2", "silent=sdi12:1", "stuck=3"])
    assert faults == LinkFaults(0.02, 0.1, 0.15, 30, frozenset({"2", "sdi12:1"}), frozenset({"3"}))


@pytest.mark.parametrize("word", ["noise", "noise=2", "cut=nan", "hangup=0", "silent=", "rain=1"])
def test_what_is_no_fault_is_refused(word: str) -> None:
    with pytest.raises(SettingsError, match="not a fault"):
        read_faults([word])


def test_noise_turns_one_bit_and_a_cut_leaves_the_beginning() -> None:
    message = bytes(range(64))
    noisy = Damage(LinkFaults(noise=1.0), 1).apply(message)
    assert sum((one ^ other).bit_count() for one, other in zip(noisy, message, strict=True)) == 1
    cut = Damage(LinkFaults(cut=1.0), 1).apply(message)
    assert len(cut) < len(message)
    assert message.startswith(cut)


def test_the_share_of_lost_messages_is_the_one_asked_for() -> None:
    damage = Damage(LinkFaults(lost=0.15), 1)
    assert sum(damage.loses() for _ in range(4000)) / 4000 == pytest.approx(0.15, abs=0.03)
