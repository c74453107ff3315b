"""Checks of the time-series store, the registry and the threads of a running station."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from headland.errors import DataDamaged, HeadlandError, RetryLater, SettingsError
from headland.files.damage_notes import load_notes, open_sentences
from headland.network.addresses import hide_secrets
from station.doctor.finding import DiagnosticContext, Finding, State
from station.server.storage.stores import duckdb_path, open_store

_TIMEOUT_S: Final = 10.0
_STATION_CLOCK: Final = "station clock"
_API_KEY: Final = "HEADLAND_API_KEY"


def check_store(context: DiagnosticContext) -> list[Finding]:
    """Open the store, or ask the running station that has its file open."""
    url = context.store_url
    try:
        if _is_file(url):
            path = duckdb_path(url)
            if not path.exists():
                condition = f"{path} does not exist yet: the first start creates it"
                return [Finding(check="store", state=State.OK, condition=condition)]
            if context.api_url is not None:
                return [ask_station(context, "store")]
            _examine(path)
        store = open_store(url)
        try:
            info = store.info()
        finally:
            store.close()
    except HeadlandError as error:
        return [Finding(check="store", state=State.FAILED, condition=str(error), remedy=_store_remedy(error))]
    if info.damage:
        remedy = "Examine disk and memory, restore a backup if something is missing; then: headland store acknowledge."
        return [Finding(check="store", state=State.FAILED, condition=" ".join(info.damage), remedy=remedy)]
    where = duckdb_path(url) if _is_file(url) else hide_secrets(url)
    condition = f"{info.engine} at {where}: {info.points:,} points in {info.series:,} series"
    size = "" if info.size_bytes is None else f", {info.size_bytes / 1e6:,.1f} MB"
    return [Finding(check="store", state=State.OK, condition=condition + size)]


def check_books(context: DiagnosticContext) -> list[Finding]:
    """Name lost or older books of the station that nobody has acknowledged; no finding where there are none."""
    sentences = open_sentences(load_notes(context.folder.quarantine_path))
    if not sentences:
        return []
    remedy = "Put back what is newer, if there is anything; then: headland store acknowledge."
    return [Finding(check="books", state=State.FAILED, condition=" ".join(sentences), remedy=remedy)]


def check_damaged_files(context: DiagnosticContext) -> list[Finding]:
    """Name the damaged files that were moved aside in the farm's folder; no finding where there are none."""
    folder = context.folder
    folders = {folder.store_path.parent, folder.edge_dir, folder.import_dir, folder.broker_dir}
    if _is_file(context.store_url):
        folders.add(duckdb_path(context.store_url).parent)
    found = sorted({str(path) for each in folders if each.is_dir() for path in each.glob("*.damaged-*")})
    if not found:
        return []
    remedy = "They hold the bytes of damaged files. Delete them once nothing of them is needed any more."
    return [Finding(check="damaged files", state=State.WARNING, condition=", ".join(found), remedy=remedy)]


def check_registry(context: DiagnosticContext) -> list[Finding]:
    """Read the registry without changing it."""
    try:
        from headland.registry.db.sqlite_file import RegistryDamaged
        from headland.registry.registry import inspect_registry

        info = inspect_registry(context.registry_url)
    except ModuleNotFoundError as missing:
        remedy = "pip install 'headland[api]', or 'headland[postgres]' for PostgreSQL."
        return [
            Finding(check="registry", state=State.FAILED, condition=f"{missing.name} is not installed", remedy=remedy)
        ]
    except RegistryDamaged as error:
        remedy = "Stop the station, keep the damaged file, and put a back-up in its place; then start the station."
        return [Finding(check="registry", state=State.FAILED, condition=str(error), remedy=remedy)]
    except HeadlandError as error:
        remedy = (
            "Start the database and permit this machine to connect: until then farms, fields and keys are unavailable."
            if isinstance(error, RetryLater)
            else "Correct what the message names, or choose another registry: --registry URL or HEADLAND_REGISTRY_URL."
        )
        return [Finding(check="registry", state=State.FAILED, condition=str(error), remedy=remedy)]
    if info is None:
        condition = f"{hide_secrets(context.registry_url)} is empty: the first start initialises it"
        return [Finding(check="registry", state=State.OK, condition=condition)]
    if info.refusal is not None:
        remedy = "Do what the message says, or choose another registry: --registry URL or HEADLAND_REGISTRY_URL."
        return [Finding(check="registry", state=State.FAILED, condition=info.refusal, remedy=remedy)]
    if info.damage:
        remedy = "Find out who changes files there; then: headland store acknowledge."
        return [Finding(check="registry", state=State.FAILED, condition=" ".join(info.damage), remedy=remedy)]
    condition = f"{info.url}, {_count(info.organisations, 'organisation')}, revision {info.revision}"
    if info.revision != info.newest_revision:
        remedy = "Back it up: the next start of this version migrates it, and older versions refuse it then."
        condition += f" (this version migrates it to {info.newest_revision})"
        return [Finding(check="registry", state=State.WARNING, condition=condition, remedy=remedy)]
    return [Finding(check="registry", state=State.OK, condition=condition)]


def check_photos(context: DiagnosticContext) -> list[Finding]:
    """Compare the files of photos with the registry, bytes included; no finding without photos."""
    from headland.registry.db.photo_files import PhotoFiles
    from headland.registry.registry import stored_photos

    try:
        photos = stored_photos(context.registry_url)
    except HeadlandError:
        return []  # the check of the registry says why
    if not photos:
        return []
    files = PhotoFiles(context.folder.photos_path)
    damaged = [photo for organisation, of_it in photos.items() for photo in files.damaged(organisation, of_it)]
    listed = [photo for of_it in photos.values() for photo in of_it]
    size_mb = sum(photo.size_bytes for photo in listed) / 1e6
    condition = f"{_count(len(listed), 'photo')} of notes, {size_mb:,.1f} MB, in {files.folder}"
    if damaged:
        condition += f"; missing or damaged: {len(damaged)}, such as {damaged[0]}"
        remedy = f"Put the files back from a backup of {files.folder}."
        return [Finding(check="photos", state=State.FAILED, condition=condition, remedy=remedy)]
    return [Finding(check="photos", state=State.OK, condition=condition)]


def check_threads(context: DiagnosticContext) -> list[Finding]:
    """Ask a running station whether its threads succeed, and how long ago each last did."""
    if context.api_url is None:
        return []
    return [ask_station(context, "threads")]


def check_station_clock(context: DiagnosticContext) -> list[Finding]:
    """Ask a running station whether its clock can be believed, or judge it by what it showed before."""
    if context.api_url is not None:
        finding = ask_station(context, "clock")
        is_doubted = finding.state is State.OK and "in doubt" in finding.condition
        state = State.WARNING if is_doubted else finding.state
        return [Finding(check=_STATION_CLOCK, state=state, condition=finding.condition, remedy=finding.remedy)]
    from headland.clock.station_clock.station_clock import StationClock

    clock = StationClock(context.folder.clock_path, saves=False)
    state = State.WARNING if clock.in_doubt() else State.OK
    return [Finding(check=_STATION_CLOCK, state=state, condition=clock.sentence())]


def ask_station(context: DiagnosticContext, check: str) -> Finding:
    """Return the result of one of a running station's own checks; a remote station receives the key."""
    api_url = str(context.api_url)
    if api_url not in context.station_answers:
        try:
            answer: Mapping[str, list[Mapping[str, object]]] | str
            answer = _readiness(api_url, os.environ.get(_API_KEY) or context.folder.api_key())
        except (OSError, ValueError) as error:
            answer = f"{api_url} does not respond: {error}"
        context.station_answers[api_url] = answer
    readiness = context.station_answers[api_url]
    if isinstance(readiness, str):
        remedy = "Start the station, or check its log."
        return Finding(check=check, state=State.FAILED, condition=readiness, remedy=remedy)
    for reported in readiness.get("checks", ()):
        if reported.get("name") == check:
            state = State.OK if reported.get("ok") else State.FAILED
            remedy = "" if reported.get("ok") else "The remedy for each check is in docs/how-to/check-a-farm.md."
            return Finding(
                check=check,
                state=state,
                condition=f"the running station reports: {reported.get('detail')}",
                remedy=remedy,
            )
    remedy = f"A remote station requires a key: set {_API_KEY}." if "checks" not in readiness else ""
    return Finding(
        check=check, state=State.UNKNOWN, condition=f"{api_url} does not report on its {check}", remedy=remedy
    )


def _readiness(api_url: str, key: str | None) -> Mapping[str, list[Mapping[str, object]]]:
    request = urllib.request.Request(f"{api_url}/readyz")  # noqa: S310 - the address is from the user or the farm
    # The station on this machine needs no key and would refuse a wrong one.
    if key is not None and urlsplit(api_url).hostname not in ("127.0.0.1", "localhost", "::1"):
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            body = answer.read()
    except urllib.error.HTTPError as error:  # a 503 response has the checks as well
        body = error.read()
    readiness: Mapping[str, list[Mapping[str, object]]] = json.loads(body)
    return readiness


def _is_file(url: str) -> bool:
    return "://" not in url or url.startswith("duckdb:")


def _examine(path: Path) -> None:
    """Examine a DuckDB file without a change: opened as a store, a damaged one would be repaired."""
    try:
        import duckdb

        from headland.store.duckdb.connection import open_database
        from headland.store.duckdb.repair.file_repair import inspect_files
    except ModuleNotFoundError as missing:
        raise SettingsError(
            f"The store needs {missing.name}; install it with: pip install 'headland[ingest]'"
        ) from missing
    try:
        # Read-only: a station that has the file open is noticed first.
        open_database(path, read_only=True).close()
        wrong = inspect_files(path)
        if wrong is not None:
            raise DataDamaged(f"The store is damaged: {wrong}.")
    except duckdb.Error as error:
        sentence = str(error).splitlines()[0]
        if "lock" in sentence:
            raise RetryLater(f"{path} is in use by another process: {sentence}") from error
        raise DataDamaged(f"{path} cannot be read: {sentence}") from error


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number:,} {what}s"


def _store_remedy(error: HeadlandError) -> str:
    if isinstance(error, DataDamaged):
        return "Run headland store repair, or start the station: both keep the damaged bytes and everything readable."
    if isinstance(error, RetryLater):
        return "If a station has the file open, name it: --api http://HOST:PORT. A server must be reachable from here."
    return "Correct what the message names, or choose another store: --store URL or HEADLAND_STORE_URL."
