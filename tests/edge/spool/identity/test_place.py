"""Place of a spool: facts by which a machine, a disk and a file differ, and changes that raise no alarm."""

from __future__ import annotations

import itertools
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.spool.identity.place import FileId, SpoolPlace, compare_places, read_facts, read_file_id
from edge.spool.numbering.published import Published


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The files of a Raspberry Pi in a folder; the spool is on the second partition of its card."""
    root = tmp_path / "machine"
    device = tmp_path.stat().st_dev
    card = root / "sys/devices/mmc0/block/mmcblk0"
    files = {
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "proc/device-tree/serial-number": "10000000abcdef01\0",
        "sys/class/net/eth0/addr_assign_type": "0\n",
        "sys/class/net/eth0/address": "dc:a6:32:00:00:01\n",
        "sys/class/net/wlan0/addr_assign_type": "1\n",
        "sys/class/net/wlan0/address": "02:11:22:33:44:55\n",
        "sys/class/net/docker0/addr_assign_type": "0\n",
        "sys/class/net/docker0/address": "02:42:00:00:00:01\n",
        "sys/devices/mmc0/block/mmcblk0/device/cid": "035344534331364780d0c0ffee01\n",
        "sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition": "2\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for adapter in ("eth0", "wlan0"):
        (root / f"sys/class/net/{adapter}/device").mkdir()
    (root / "sys/dev/block").mkdir(parents=True)
    (root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").symlink_to(card / "mmcblk0p2")
    return root


def test_the_facts_of_a_machine_are_its_own_and_not_readable(machine: Path, tmp_path: Path) -> None:
    facts = read_facts(tmp_path, machine)
    assert set(facts) == {"machine_id", "board", "network", "card"}
    assert len(facts["network"]) == 1, "a random address and a bridge's are left out"
    assert "0123456789abcdef" not in str(facts)
    assert read_facts(tmp_path, machine) == facts


@pytest.mark.parametrize(
    ("name", "text", "fact"),
    [
        ("proc/device-tree/serial-number", "10000000abcdef99\0", "board"),
        ("sys/devices/mmc0/block/mmcblk0/device/cid", "035344534331364780d0c0ffee99\n", "card"),
        ("sys/class/net/eth0/address", "dc:a6:32:00:00:99\n", "network"),
        ("etc/machine-id", "99999999999999999999999999999999\n", "machine_id"),
    ],
)
def test_a_cloned_card_differs_in_board_card_or_address(
    machine: Path, tmp_path: Path, name: str, text: str, fact: str
) -> None:
    before = SpoolPlace(read_facts(tmp_path, machine), FileId(7, 99))
    (machine / name).write_text(text)
    found = compare_places(before, SpoolPlace(read_facts(tmp_path, machine), FileId(7, 99)))
    assert found is not None
    assert found[0] == "moved"
    assert fact in found[1]


def test_facts_that_come_and_go_raise_no_alarm(machine: Path, tmp_path: Path) -> None:
    before = SpoolPlace(read_facts(tmp_path, machine), FileId(7, 99))
    dongle = machine / "sys/class/net/usb0"
    shutil.copytree(machine / "sys/class/net/eth0", dongle)
    (dongle / "address").write_text("00:e0:4c:00:00:02\n")
    assert compare_places(before, SpoolPlace(read_facts(tmp_path, machine), FileId(7, 99))) is None
    (machine / "etc/machine-id").write_text("uninitialized\n")
    shutil.rmtree(machine / "proc")
    shutil.rmtree(machine / "sys")
    in_container = SpoolPlace(read_facts(tmp_path, machine), FileId(7, 99))
    assert in_container.facts == {}
    assert compare_places(before, in_container) is None
    assert compare_places(in_container, before) is None


@pytest.mark.parametrize(
    ("before", "now", "is_same"),
    [
        (FileId(7, 99), FileId(8, 99), True),  # file systems that make up inodes at each mount
        (FileId(7, 99), FileId(7, 100), False),  # ext4 gives a freed inode to the next file
        (FileId(7), FileId(7, 99), True),
        (FileId(7), FileId(8), False),
    ],
)
def test_a_file_is_known_by_its_birth_or_else_by_its_inode(before: FileId, now: FileId, *, is_same: bool) -> None:
    assert before.is_same(now) == is_same
    assert (compare_places(SpoolPlace({}, before), SpoolPlace({}, now)) is None) == is_same


def test_a_copy_is_another_file_and_a_renamed_or_written_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("1")
    before = read_file_id(path)
    path.write_text("22")
    path.rename(tmp_path / "b")
    assert read_file_id(tmp_path / "b").is_same(before)
    shutil.copy2(tmp_path / "b", path)
    assert not read_file_id(path).is_same(before)
    with pytest.raises(FileNotFoundError):
        read_file_id(tmp_path / "none")


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)), max_size=40), st.integers(0, 70))
def test_published_ranges_are_the_set_of_their_numbers(spans: list[tuple[int, int]], upto: int) -> None:
    published = Published((first, first + more) for first, more in spans)
    numbers = {number for first, more in spans for number in range(first, first + more + 1)}
    ranges = published.ranges
    assert {number for first, last in ranges for number in range(first, last + 1)} == numbers
    assert all(before[1] + 1 < after[0] for before, after in itertools.pairwise(ranges))
    for first in range(1, 70, 7):
        assert published.covers(first, first + 5) == numbers.issuperset(range(first, first + 6))
    assert {n for first, last in published.clip(upto).ranges for n in range(first, last + 1)} == {
        number for number in numbers if number <= upto
    }
    published.drop(upto)
    assert all(last > upto for _, last in published.ranges)


def test_published_ranges_are_bounded() -> None:
    published = Published((number, number) for number in range(2, 1000, 2))
    assert len(published.ranges) == 100
    assert published.covers(2, 2)
    assert not published.covers(2, 4)
