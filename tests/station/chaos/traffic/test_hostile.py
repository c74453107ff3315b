"""What the intruder sends is what it claims to send: held against the code that must refuse it."""

import random

from ingest.admission.admit import admit
from station.chaos.traffic.hostile import HostileMessage, make_messages

GATEWAY = "intruder"


def messages(seed: int = 1) -> list[HostileMessage]:
    return make_messages(GATEWAY, "victim", "e1", 100, 1_790_000_000_000, random.Random(seed))


def test_every_message_is_judged_as_the_protocol_says() -> None:
    for message in messages():
        admitted = admit(message.topic, message.payload, message.properties, lambda _gateway, _device: None)
        reason = admitted.refused[0].reason.value if admitted.refused else None
        numbers = {
            round(value) for block in admitted.blocks for column in block.c.values() for value in column if value
        }
        assert reason == message.reason, message.reason
        assert numbers == message.numbers, message.reason


def test_records_count_without_a_gap_and_numbers_are_single() -> None:
    made = messages()
    seqs = [int(message.properties["seq"]) for message in made if message.properties]
    assert seqs == list(range(1, len(seqs) + 1))
    numbers = [number for message in made for number in message.numbers]
    assert len(numbers) == len(set(numbers))
    assert min(numbers) == 100


def test_the_kinds_of_evil_are_all_there() -> None:
    reasons = {message.reason for message in messages() if message.reason is not None}
    assert reasons == {
        "too_large", "not_deflate", "not_json", "wrong_shape", "wrong_version", "wrong_identity", "bad_name",
        "bad_time", "bad_quality", "uneven_columns", "unknown_channel", "relative_time", "empty",
    }  # fmt: skip


def test_the_same_seed_makes_the_same_messages() -> None:
    assert messages(3) == messages(3)
    assert messages(3) != messages(4)


def test_two_attacks_share_no_refused_message() -> None:
    later = make_messages(GATEWAY, "victim", "e2", 5_000, 1_790_000_100_000, random.Random(2))
    first, second = ({message.payload for message in made if message.reason} for made in (messages(), later))
    assert len(first) == len(second) == 24
    assert not first & second
