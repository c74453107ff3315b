"""Lifecycle of everything that a station keeps: what bounds it, since when it is deleted, and where that is set.

One table. The documentation, the page, the doctor and the retention itself are made from it, and a test compares it
with the tables of registry, store and quarantine and with the files of a farm's folder: nothing grows unnamed.
"""

from __future__ import annotations

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

import msgspec

YEAR_DAYS: Final = 365


class Bound(StrEnum):
    """What bounds the records of a kind."""

    #: A number of days that a person can set; `KeptDays` has the default and the least.
    RETENTION = "retention"
    #: A fixed age, number or size, which the kind's text names; the oldest go.
    FIXED = "fixed"
    #: The number of things on the farm: devices, gateways, people, fields.
    THINGS = "things"
    #: Nothing: evidence of what was grown, applied, sold or settled.
    NEVER = "never"
    #: A person, who puts it there and deletes it.
    PERSON = "person"


class KeptDays(msgspec.Struct, frozen=True, kw_only=True):
    """Days for which a kind is kept: by default (None: for ever), and the fewest that can be set."""

    default: int | None
    least: int


class RecordKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of record: its tables as `database.table`, its files as patterns below the farm's folder.

    Its name, what bounds it, and what remains of deleted records are terms of the groups `lifecycle`,
    `lifecycle_bounds` and `lifecycle_remains` under the slug. `command` sets the days.
    """

    slug: str
    bound: Bound
    tables: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    days: KeptDays | None = None
    command: str = ""


def _in(database: str, *tables: str) -> tuple[str, ...]:
    return tuple(f"{database}.{table}" for table in tables)


_KEEP: Final = "headland store keep"
_SET: Final = "headland store lifecycle"

KINDS: Final = (
    RecordKind(
        slug="samples",
        bound=Bound.RETENTION,
        tables=(
            *_in("store", "points", "never_latest", "conflicts"),
            *_in("server", "store_sample", "store_never_latest", "store_conflict"),
        ),
        files=("store/farm.duckdb*",),
        days=KeptDays(default=None, least=1),
        command=f"{_KEEP} --raw-days",
    ),
    RecordKind(
        slug="rollup_minutes",
        bound=Bound.RETENTION,
        tables=_in("store", "rollup_minutes", "rollup_five_minutes"),
        days=KeptDays(default=None, least=1),
        command=f"{_KEEP} --minute-days",
    ),
    RecordKind(
        slug="rollup_hours",
        bound=Bound.RETENTION,
        tables=_in("store", "rollup_hours"),
        days=KeptDays(default=None, least=1),
        command=f"{_KEEP} --hour-days",
    ),
    RecordKind(slug="rollup_days", bound=Bound.NEVER, tables=_in("store", "rollup_days")),
    RecordKind(
        slug="events",
        bound=Bound.RETENTION,
        tables=(*_in("store", "events"), *_in("server", "store_event")),
        days=KeptDays(default=None, least=1),
        command=f"{_KEEP} --event-days",
    ),
    RecordKind(
        slug="series",
        bound=Bound.THINGS,
        tables=(
            *_in("store", "series", "devices", "frontier", "dirty", "sorted"),
            *_in("store", "frontier_rows", "retention", "kept", "schema_version"),
            *_in("server", "store_device", "store_damage"),
        ),
    ),
    RecordKind(
        slug="marks",
        bound=Bound.FIXED,
        tables=(
            *_in("store", "source_mark"),
            *_in("server", "store_mark", "store_book", "store_number"),
            *_in("registry", "delivery_marks"),
            *_in("quarantine", "fates", "gateway_counts", "spool_marks", "spool_digests", "station_numbers"),
        ),
    ),
    RecordKind(
        slug="quarantine",
        bound=Bound.FIXED,
        tables=_in("quarantine", "refused", "replayed", "spool_reports", "device_owners", "moves", "posts"),
        files=("store/quarantine.sqlite*",),
    ),
    RecordKind(
        slug="audit",
        bound=Bound.RETENTION,
        tables=_in("registry", "audit"),
        files=("store/registry.sqlite*",),
        days=KeptDays(default=10 * YEAR_DAYS, least=YEAR_DAYS),
        command=f"{_SET} audit --days",
    ),
    RecordKind(
        slug="alarms",
        bound=Bound.RETENTION,
        tables=_in("registry", "alarms"),
        days=KeptDays(default=5 * YEAR_DAYS, least=90),
        command=f"{_SET} alarms --days",
    ),
    RecordKind(
        slug="notices",
        bound=Bound.FIXED,
        tables=_in("registry", "alarm_notices", "webhook_marks"),
    ),
    RecordKind(
        slug="rule_states",
        bound=Bound.THINGS,
        tables=_in("registry", "alarm_watches", "alarm_leases", "record_retention"),
    ),
    RecordKind(slug="forecasts", bound=Bound.FIXED, tables=_in("registry", "forecasts")),
    RecordKind(slug="weather_issues", bound=Bound.FIXED, tables=_in("registry", "weather_issues", "weather_requests")),
    RecordKind(slug="request_marks", bound=Bound.FIXED, tables=_in("registry", "request_marks")),
    RecordKind(slug="sessions", bound=Bound.FIXED, tables=_in("registry", "sessions")),
    RecordKind(
        slug="evidence",
        bound=Bound.NEVER,
        tables=_in(
            "registry",
            *("ledger", "ledger_heads", "log_tiles", "log_checkpoints", "log_keys", "log_witnesses", "witnessed_logs"),
            *("releases", "passes", "prescriptions", "treatments"),
            *("epcis_events", "epcis_terms", "epcis_figures", "epcis_captures"),
            *("harvests", "lots", "lot_operations", "lot_flows", "lot_links", "lot_numbers", "lot_parents"),
            *("certificates", "certificate_entries", "account_entries", "statement_runs", "statements"),
            *("plot_observations", "trials", "irrigations"),
        ),
    ),
    RecordKind(
        slug="farm_records",
        bound=Bound.THINGS,
        tables=_in(
            "registry",
            *("organisations", "farms", "sites", "fields", "greenhouses", "greenhouse_zones", "seasons"),
            *("gateways", "devices", "implements", "products", "plant_protection_products", "crop_bands"),
            *("confirmations", "done_actions"),
            *("people", "holdings", "tariffs", "subsidy_rules", "germplasm", "trial_variables", "irrigation_zones"),
            *("members", "api_keys", "webhooks", "alarm_rules", "alarm_recipients", "maintenance_windows"),
            *("duty_rotas", "push_keys", "forecast_providers", "map_sources"),
        ),
    ),
    RecordKind(
        slug="notes",
        bound=Bound.PERSON,
        tables=_in("registry", "notes", "note_photos"),
        files=("store/photos/*",),
    ),
    RecordKind(slug="readings", bound=Bound.FIXED, files=("store/space.json*", "store/clock*.json*")),
    RecordKind(slug="damage_notes", bound=Bound.FIXED, files=("*.damage.json*",)),
    RecordKind(
        slug="damaged_files", bound=Bound.PERSON, files=("*.damaged-*", "*.replaced-*", "*.shortened-wal")
    ),
    RecordKind(slug="spool", bound=Bound.FIXED, files=("edge/*",)),
    RecordKind(slug="imports", bound=Bound.PERSON, files=("import/*", "past/*")),
    RecordKind(slug="broker", bound=Bound.FIXED, files=("broker/*", "broker.json")),
    RecordKind(slug="logs", bound=Bound.FIXED, files=("logs/*",)),
    RecordKind(slug="truth", bound=Bound.FIXED, files=("truth/*",)),
    RecordKind(
        slug="settings",
        bound=Bound.THINGS,
        files=(
            *("farm.json*", "farm.lock", "gateways.*", "api-key", "simulated-until.json*", "sources.toml*"),
            *("secrets/*", "enrolment/*"),
        ),
    ),
    RecordKind(slug="base_map", bound=Bound.PERSON, files=("base-map/*",)),
    RecordKind(slug="copies", bound=Bound.PERSON),
)  # fmt: skip

#: Kinds of the registry whose days a person sets.
REGISTRY_KINDS: Final[dict[str, KeptDays]] = {
    kind.slug: kind.days for kind in KINDS if kind.days is not None and kind.command.startswith(_SET)
}


def kind_of_table(table: str) -> RecordKind | None:
    """Return the kind of a table, by `database.table`; None for one that is not in the table above."""
    return next((kind for kind in KINDS if table in kind.tables), None)


def kind_of_file(path: str) -> RecordKind | None:
    """Return the kind of a file, by its path below the farm's folder; the more special of two kinds."""
    name = path.rsplit("/", 1)[-1]
    for kind in sorted(KINDS, key=lambda kind: kind.slug not in ("damage_notes", "damaged_files")):
        for pattern in kind.files:
            if fnmatchcase(path if "/" in pattern or not pattern.startswith("*") else name, pattern):
                return kind
    return None
