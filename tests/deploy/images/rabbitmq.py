"""Logins of RabbitMQ: makes those that are missing in the folder of each user, and writes RabbitMQ's definitions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
from pathlib import Path

#: Topics as RabbitMQ matches them: a dot for each slash.
RIGHTS = {
    "ingest": {
        "read": r"^headland\.v1\.(data|senml|meta|status)\.",
        "write": r"^(headland\.v1\.(ack|alarm|home)\.|[^.]+\.device\.)",
    },
    "home-assistant": {"read": r"^(headland\.v1\.(home|alarm)\.|[^.]+\.device\.)", "write": r"^[^.]+\.status$"},
}
#: A gateway's: its own topics only.
OF_GATEWAY = {
    "read": r"^headland\.v1\.ack\.{username}$",
    "write": r"^headland\.v1\.((data\.[0-9]+|status)\.{username}$|(meta|senml)\.{username}\.[^.]+$)",
}


def main(logins: Path, definitions: Path) -> None:
    """Write what is missing."""
    folders = sorted(path for path in logins.iterdir() if path.is_dir())
    for folder in folders:
        make(folder / "password", base64.b64encode(secrets.token_bytes(24)).decode())
    ack_secret = make(logins / "ingest" / "ack-secret", base64.b64encode(secrets.token_bytes(24)).decode())
    for folder in folders:
        key = hmac.new(ack_secret.encode(), f"commit ack key of Headland 1\n{folder.name}".encode(), hashlib.sha256)
        if folder.name not in RIGHTS:
            make(folder / "ack-key", key.hexdigest())
    names = [folder.name for folder in folders]
    users = [(name, (logins / name / "password").read_text(encoding="utf-8").strip()) for name in names]
    exchange = {"vhost": "/", "exchange": "amq.topic"}
    written = {
        "vhosts": [{"name": "/"}],
        "users": [{"name": name, "password_hash": hashed(password), "tags": []} for name, password in users],
        # A session is a queue; what passes through the exchange is decided by the topic permissions.
        "permissions": [
            {
                "user": name,
                "vhost": "/",
                "configure": "^mqtt-",
                "write": "^(mqtt-|amq.topic$)",
                "read": "^(mqtt-|amq.topic$)",
            }
            for name in names
        ],
        "topic_permissions": [{"user": name, **exchange, **RIGHTS.get(name, OF_GATEWAY)} for name in names],
    }
    definitions.write_text(json.dumps(written), encoding="utf-8")


def make(path: Path, text: str) -> str:
    """Write a file where it is missing or empty; return what it has."""
    if not path.exists() or not path.stat().st_size:
        path.write_text(text + "\n", encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def hashed(password: str) -> str:
    """Return a password's hash as RabbitMQ stores it: four bytes of salt before the SHA-256."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
