"""A client that hands a file over to a station."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx


def hand_over(client: httpx.Client, name: str, content: bytes, **headers: str) -> dict[str, Any]:
    """Hand a file over in its parts and return the import."""
    begun = client.post("/v1/imports", json={"name": name, "bytes": len(content)})
    assert begun.status_code == 201, begun.text
    path, size = begun.headers["location"], begun.json()["part_bytes"]
    for number, start in enumerate(range(0, len(content), size), start=1):
        part = content[start : start + size]
        put = client.put(f"{path}/parts/{number}", content=part, headers={"Content-Type": "application/octet-stream"})
        assert put.status_code == 200, put.text
    digest = hashlib.sha256(content).hexdigest()
    finished = client.post(f"{path}/finish", json={"sha256": digest}, headers=headers)
    assert finished.status_code == 200, finished.text
    answer: dict[str, Any] = finished.json()
    return answer
