"""Sums of receipts in the file of ingest: exact from several processes, kept through restarts, bounded."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from headland.contract.posts.receipts import MOST_DEVICES, NOBODY, PostReceipt, ReceivedPosts, read_receipt
from headland.contract.topics import shard_of
from ingest.accounting import posts
from ingest.quarantine.quarantine import Quarantine

GATEWAY = "http-1"


def open_file(path: Path) -> Quarantine:
    return Quarantine(path, 1 << 20, 100)


def receipt(time_ms: int = 1000, gateway: str = GATEWAY, **more: object) -> PostReceipt:
    return PostReceipt(**{"gateway": gateway, "kind": "senml", "time_ms": time_ms, "posts": 1, **more})  # type: ignore[arg-type]


def test_sums_of_several_processes_are_exact_and_outlive_them(tmp_path: Path) -> None:
    path = tmp_path / "q.sqlite"

    def post() -> None:
        own = open_file(path)
        for number in range(20):
            own.note_post(receipt(number, stored=2, devices=("bed-1",)))

    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [found] = open_file(path).received_posts()
    assert (found.posts, found.stored, found.refused, found.devices) == (60, 120, 0, ("bed-1",))


def test_a_refusal_leaves_when_and_what_was_accepted_before(tmp_path: Path) -> None:
    quarantine = open_file(tmp_path / "q.sqlite")
    quarantine.note_post(receipt(1000, stored=1, devices=("bed-1",), newest_ms=900))
    quarantine.note_post(receipt(2000, refused=1, reason="bad_time", detail="a time \udc80"))
    quarantine.note_post(receipt(3000, stored=1, devices=("bed-2",), newest_ms=2900))
    assert list(quarantine.received_posts()) == [
        ReceivedPosts(
            gateway=GATEWAY,
            kind="senml",
            since_ms=1000,
            posts=3,
            stored=2,
            refused=1,
            last_ms=3000,
            devices=("bed-2", "bed-1"),
            newest_ms=2900,
            refused_ms=2000,
            reason="bad_time",
            detail="a time ?",
        )
    ]


def test_a_login_without_posts_has_received_nothing(tmp_path: Path) -> None:
    quarantine = open_file(tmp_path / "q.sqlite")
    quarantine.note_post(PostReceipt(gateway=GATEWAY, kind="chirpstack", time_ms=5))
    assert list(quarantine.received_posts()) == [ReceivedPosts(gateway=GATEWAY, kind="chirpstack", since_ms=5)]


def test_devices_and_logins_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts, "_MOST", 3)
    quarantine = open_file(tmp_path / "q.sqlite")
    for number in range(MOST_DEVICES + 5):
        quarantine.note_post(receipt(devices=(f"bed-{number}",), stored=1))
    [found] = quarantine.received_posts()
    assert (len(found.devices), found.devices[0]) == (MOST_DEVICES, f"bed-{MOST_DEVICES + 4}")
    for number in range(2, 6):
        quarantine.note_post(receipt(gateway=f"http-{number}"))
    assert [each.gateway for each in quarantine.received_posts()] == ["http-3", "http-4", "http-5"]


def test_a_damaged_file_leaves_its_sums_to_the_next(tmp_path: Path) -> None:
    path = tmp_path / "q.sqlite"
    quarantine = open_file(path)
    quarantine.note_post(receipt(stored=7))
    with quarantine._file.read() as connection, connection:
        connection.execute("INSERT INTO device_owners VALUES ('bed-1', x'ff')")
    quarantine.add_counts({(GATEWAY, "conflicting"): 1})
    assert quarantine.damaged_files == 1
    assert [each.stored for each in open_file(path).received_posts()] == [7]


def test_sums_move_with_the_shard_of_their_login(tmp_path: Path) -> None:
    former = open_file(tmp_path / "quarantine-0.sqlite")
    for gateway in (GATEWAY, NOBODY):
        former.note_post(receipt(gateway=gateway, refused=1))
    former.close()
    heir = open_file(tmp_path / "quarantine-1.sqlite")
    heir.take_moved(frozenset((shard_of(GATEWAY), 0)))
    assert [each.gateway for each in heir.received_posts()] == [NOBODY, GATEWAY]
    assert open_file(tmp_path / "quarantine-0.sqlite").received_posts() == []


@pytest.mark.parametrize("content", [b"", b"\xc1", b"[1, 2]", receipt().encode()[:-3]])
def test_other_bytes_are_no_receipt(content: bytes) -> None:
    assert read_receipt(content) is None
    assert read_receipt(receipt(stored=3).encode()) == receipt(stored=3)
