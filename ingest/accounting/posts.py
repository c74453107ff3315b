"""Receipts of posts over HTTP, summed by login in the file of ingest: one place, whichever process answered."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

from headland.contract.posts.receipts import MOST_DEVICES, PostReceipt, ReceivedPosts, shorten

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS posts (
    gateway TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    posts INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    conflicting INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    last_ms INTEGER,
    devices TEXT NOT NULL,
    newest_ms INTEGER,
    refused_ms INTEGER,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL
)
"""
TABLE: Final = "posts"
COLUMNS: Final = (
    "gateway, kind, since_ms, posts, stored, repeated, conflicting, refused, last_ms, devices, newest_ms, refused_ms, "
    "reason, detail"
)
#: Logins that are counted; those that were added first go first.
_MOST: Final = 10_000
_PRUNE: Final = "DELETE FROM posts WHERE rowid <= (SELECT rowid FROM posts ORDER BY rowid DESC LIMIT 1 OFFSET ?)"
_ADD: Final = f"""
INSERT INTO posts ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (gateway) DO UPDATE SET
    kind = CASE WHEN excluded.kind = '' THEN kind ELSE excluded.kind END,
    posts = posts + excluded.posts,
    stored = stored + excluded.stored,
    repeated = repeated + excluded.repeated,
    conflicting = conflicting + excluded.conflicting,
    refused = refused + excluded.refused,
    last_ms = coalesce(excluded.last_ms, last_ms),
    devices = excluded.devices,
    newest_ms = coalesce(excluded.newest_ms, newest_ms),
    reason = CASE WHEN excluded.refused_ms IS NULL THEN reason ELSE excluded.reason END,
    detail = CASE WHEN excluded.refused_ms IS NULL THEN detail ELSE excluded.detail END,
    refused_ms = coalesce(excluded.refused_ms, refused_ms)
"""  # noqa: S608 - our constant


def record_receipt(connection: sqlite3.Connection, receipt: PostReceipt) -> None:
    """Add a receipt to the sums of its login, within the caller's transaction."""
    known = connection.execute("SELECT devices FROM posts WHERE gateway = ?", (receipt.gateway,)).fetchone()
    before = [] if known is None else json.loads(known[0])
    devices = list(dict.fromkeys((*receipt.devices, *before)))[:MOST_DEVICES]
    accepted_ms = receipt.time_ms if receipt.is_accepted else None
    refused_ms = receipt.time_ms if receipt.refused else None
    counts = (receipt.posts, receipt.stored, receipt.repeated, receipt.conflicting, receipt.refused)
    cause = (receipt.reason, _readable(shorten(receipt.detail)))
    told = (accepted_ms, json.dumps(devices), receipt.newest_ms, refused_ms, *cause)
    connection.execute(_ADD, (receipt.gateway, receipt.kind, receipt.time_ms, *counts, *told))
    connection.execute(_PRUNE, (_MOST,))


def read_posts(connection: sqlite3.Connection) -> list[ReceivedPosts]:
    """Return the sums of all logins, by gateway."""
    names = [name.strip() for name in COLUMNS.split(",")]
    rows = connection.execute(f"SELECT {COLUMNS} FROM posts ORDER BY gateway")  # noqa: S608 - our constant
    found = (dict(zip(names, row, strict=True)) for row in rows)
    return [ReceivedPosts(**{**row, "devices": tuple(json.loads(row["devices"]))}) for row in found]


def _readable(text: str) -> str:
    """Return a text without lone surrogates, which SQLite does not accept; for display only."""
    return text.encode("utf-8", "replace").decode()
