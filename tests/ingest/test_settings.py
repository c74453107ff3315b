"""Settings of an ingest worker are checked when made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headland.contract.topics import SHARDS
from headland.errors import SettingsError
from ingest.mqtt.subscriber import subscriptions
from ingest.settings import IngestSettings

HERE = Path("quarantine.sqlite")


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"port": 70_000}, "port"),
        ({"client_id": "a b"}, "client_id"),
        ({"organisation": ""}, "organisation"),
        ({"shards": frozenset()}, "shards"),
        ({"shards": frozenset({SHARDS})}, "shards"),
        ({"password": "x"}, "username"),
        ({"tls_ca_path": HERE}, "tls"),
        ({"receive_maximum": 2}, "receive_maximum"),
        ({"receive_maximum": 100, "batch_messages": 34}, "batch_messages"),
        ({"batch_messages": 0}, "batch_messages"),
        ({"batch_wait_s": 0.0}, "batch_wait_s"),
        ({"batch_wait_s": float("nan")}, "batch_wait_s"),
        ({"reconnect_min_s": 2.0, "reconnect_max_s": 1.0}, "reconnect_max_s"),
        ({"quarantine_max_bytes": 1}, "quarantine_max_bytes"),
        ({"keepalive_s": 0}, "keepalive_s"),
        ({"session_expiry_s": 1}, "session_expiry_s"),
        ({"quarantine_max_records": 0}, "quarantine_max_records"),
    ],
)
def test_a_wrong_setting_raises_a_sentence_with_its_name(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        IngestSettings(quarantine_path=HERE, **wrong)


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(IngestSettings(quarantine_path=HERE, username="u", password="secret"))


def test_a_worker_subscribes_to_its_shards_only() -> None:
    assert subscriptions(frozenset(range(SHARDS)))[0] == "headland/v1/data/+/+"
    assert subscriptions(frozenset({3, 12}))[:2] == ["headland/v1/data/3/+", "headland/v1/data/12/+"]
