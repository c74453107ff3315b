"""What the doctor finds where things are kept: the time-series store and the registry."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from headland.addresses import hide_secrets
from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError
from station.doctor.finding import DiagnosticContext, Finding, State
from station.server.storage.stores import duckdb_path, open_store

_WAIT_S: Final = 10.0
API_KEY: Final = "HEADLAND_API_KEY"


def check_store(patient: DiagnosticContext) -> list[Finding]:
    """Open the store, or ask the running station where it holds the file."""
    url = patient.store_url
    try:
        if _is_file(url):
            path = duckdb_path(url)
            if not path.exists():
                found = f"{path} is not there yet: the first start makes it"
                return [Finding(check="store", state=State.OK, found=found)]
            if patient.api_url is not None:
                return [ask_station(patient.api_url, "store", os.environ.get(API_KEY) or patient.folder.api_key())]
            _look_into(str(path))
        store = open_store(url)
        try:
            info = store.info()
        finally:
            store.close()
    except HeadlandError as error:
        return [Finding(check="store", state=State.FAILED, found=str(error), advice=_store_advice(error))]
    where = duckdb_path(url) if _is_file(url) else hide_secrets(url)
    found = f"{info.engine} at {where}: {info.points:,} points in {info.series:,} series"
    size = "" if info.size_bytes is None else f", {info.size_bytes / 1e6:,.1f} MB"
    return [Finding(check="store", state=State.OK, found=found + size)]


def check_registry(patient: DiagnosticContext) -> list[Finding]:
    """Look into the registry without changing it."""
    try:
        from headland.registry.registry import inspect_registry

        info = inspect_registry(patient.registry_url)
    except ModuleNotFoundError as missing:
        advice = "pip install 'headland[api]', or 'headland[postgres]' for PostgreSQL."
        return [Finding(check="registry", state=State.FAILED, found=f"it needs {missing.name}", advice=advice)]
    except HeadlandError as error:
        advice = (
            "Start the database, and see that this machine may reach it; until then no farm, field or key is known."
            if isinstance(error, RetryLater)
            else "The sentence says what to mend; --registry URL or HEADLAND_REGISTRY_URL names another one."
        )
        return [Finding(check="registry", state=State.FAILED, found=str(error), advice=advice)]
    if info is None:
        found = f"{hide_secrets(patient.registry_url)} is empty: the first start fills it"
        return [Finding(check="registry", state=State.OK, found=found)]
    found = f"{info.url}, {_count(info.organisations, 'organisation')}, revision {info.revision}"
    if info.revision != info.newest_revision:
        advice = "Back it up; the next start of this version brings it up to date, and older versions refuse it then."
        found += f" (this version makes {info.newest_revision} of it)"
        return [Finding(check="registry", state=State.WARNING, found=found, advice=advice)]
    return [Finding(check="registry", state=State.OK, found=found)]


def ask_station(api_url: str, check: str, key: str | None = None) -> Finding:
    """Return what a running station says of one of its own checks; one elsewhere is shown the key."""
    try:
        answer = _readiness(api_url, key)
    except (OSError, ValueError) as error:
        advice = "Look at the station's log; if it does not run, start it."
        return Finding(check=check, state=State.FAILED, found=f"{api_url} does not answer: {error}", advice=advice)
    for told in answer.get("checks", ()):
        if told.get("name") == check:
            state = State.OK if told.get("ok") else State.FAILED
            advice = "" if told.get("ok") else "The remedy for each check is in docs/how-to/check-a-farm.md."
            return Finding(
                check=check, state=state, found=f"the running station says: {told.get('detail')}", advice=advice
            )
    advice = f"It lets nobody in without a key from elsewhere: set {API_KEY} to one." if "checks" not in answer else ""
    return Finding(check=check, state=State.UNKNOWN, found=f"{api_url} says nothing of its {check}", advice=advice)


def _readiness(api_url: str, key: str | None) -> Mapping[str, list[Mapping[str, object]]]:
    request = urllib.request.Request(f"{api_url}/readyz")  # noqa: S310 - the address that the user or the farm named
    # This machine's own station needs no key, and one that is wrong would be refused.
    if key is not None and urlsplit(api_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_S) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as refusal:  # 503 carries the checks as well
        body = refusal.read()
    told: Mapping[str, list[Mapping[str, object]]] = json.loads(body)
    return told


def _is_file(url: str) -> bool:
    return "://" not in url or url.startswith("duckdb:")


def _look_into(path: str) -> None:
    """Open a DuckDB file for reading only: as a store, a damaged one would be moved aside. Raises HeadlandError."""
    try:
        import duckdb
    except ModuleNotFoundError as missing:
        raise SettingsError(
            f"The store needs {missing.name}; install it with: pip install 'headland[ingest]'"
        ) from missing
    try:
        duckdb.connect(path, read_only=True).close()
    except duckdb.Error as error:
        sentence = str(error).splitlines()[0]
        if "lock" in sentence:
            raise RetryLater(f"{path} is held by another process: {sentence}") from error
        raise DataDamaged(f"{path} cannot be read: {sentence}") from error


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def _store_advice(error: HeadlandError) -> str:
    if isinstance(error, DataDamaged):
        return (
            "Stop the station and put a back-up in its place; at its next start it is moved aside and a new one begun."
        )
    if isinstance(error, RetryLater):
        return "Where a station runs, ask it: --api http://HOST:PORT. A server must run and be reachable from here."
    return "The sentence says what to mend; --store URL or HEADLAND_STORE_URL names another one."
