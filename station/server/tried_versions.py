"""Check at the start that packages are ones whose inner parts Headland knows; pyproject.toml names their versions.

The store reads DuckDB's files, ingest has its own reader in paho's client, the server its own protocol in uvicorn's,
and traces are made as OpenTelemetry's SDK keeps them: no part of what these packages promise. A version that was never
tried is refused with a sentence instead of a fault in the middle of the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from headland.errors import SettingsError

#: Distributions of which Headland uses more than they promise.
BOUND: Final = ("duckdb", "paho-mqtt", "uvicorn", "opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http")
#: Parts that are not public: methods by the class, and state by the names that its beginning sets.
PAHO_METHODS: Final = ("_packet_queue", "_sock_recv", "loop_read")
PAHO_STATE: Final = ("_last_bytes_received",)
UVICORN_METHODS: Final = (
    "connection_made", "connection_lost", "data_received", "on_response_complete", "pause_writing", "resume_writing"
)  # fmt: skip
UVICORN_STATE: Final = ("connections", "cycle", "timeout_keep_alive_task")
_REQUIREMENT: Final = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*\(?([^;)]*)\)?\s*(?:;.*)?")
_BOUND: Final = re.compile(r"(>=|<)\s*([0-9][0-9.]*)")


def check_ingest() -> None:
    """Check what ingest rests on, before it opens anything; raises SettingsError."""
    from paho.mqtt.client import Client

    check_versions(own_requirements())
    check_parts("paho-mqtt", Client, PAHO_METHODS, PAHO_STATE)


def check_api() -> None:
    """Check what the server of the API rests on, before it opens anything; raises SettingsError."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    check_versions(own_requirements())
    check_parts("uvicorn", H11Protocol, UVICORN_METHODS, UVICORN_STATE)


def own_requirements() -> Sequence[str]:
    """Return what Headland's metadata asks for; nothing where it runs from files that nobody installed."""
    try:
        return requires("headland") or ()
    except PackageNotFoundError:
        return ()


def check_versions(requirements: Iterable[str], installed: Callable[[str], str] = version) -> None:
    """Raise SettingsError where a package that is installed is none of the versions that are asked for."""
    wanted = _bounds_of(requirements)
    for name in BOUND:
        try:
            found = installed(name)
        except PackageNotFoundError:
            continue  # belongs to a part that is not installed
        bounds = wanted.get(name, "")
        if not is_within(found, bounds):
            raise SettingsError(
                f"{name} {found} is installed, and Headland was tried with {bounds} alone: "
                f"install one of these, as by pip install '{name}{bounds}'."
            )


def check_parts(name: str, owner: type, methods: Iterable[str], state: Iterable[str]) -> None:
    """Raise SettingsError where a class lacks methods, or its beginning sets no such state, that Headland rests on."""
    begins: Sequence[str] = owner.__init__.__code__.co_names  # type: ignore[misc]  # of every class in Python
    missing = [part for part in methods if not hasattr(owner, part)]
    missing += [part for part in state if part not in begins]
    if missing:
        raise SettingsError(
            f"{name} {version(name)} has no {', '.join(missing)}, on which Headland rests: "
            "install a version that pyproject.toml names, as by pip install --upgrade headland."
        )


def is_within(found: str, bounds: str) -> bool:
    """Tell whether a version is within bounds such as `>=2.1,<2.3`; without bounds every version is."""
    for sign, bound in _BOUND.findall(bounds):
        is_before = _numbers(found) < _numbers(bound)
        if is_before is (sign == ">="):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a release, without trailing zeros and what follows them."""
    release = re.match(r"[0-9.]*", text)
    numbers = [int(part) for part in (release[0] if release else "").split(".") if part]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _bounds_of(requirements: Iterable[str]) -> dict[str, str]:
    bounds: dict[str, str] = {}
    for requirement in requirements:
        found = _REQUIREMENT.fullmatch(requirement.strip())
        if found is not None and found[2]:
            name = found[1].lower()
            parts = sorted({part.strip() for part in found[2].split(",")}, reverse=True)
            bounds.setdefault(name, ",".join(parts))
    return bounds
