"""The table of everything that a station keeps names each table and each file that there is."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

import ingest
from headland.i18n import LANGUAGES, load_terms
from headland.registry.db.tables.all_tables import METADATA
from headland.registry.lifecycle import KINDS, REGISTRY_KINDS, Bound, kind_of_file, kind_of_table
from headland.store.duckdb import sql
from headland.store.duckdb.store import DuckDBStore
from headland.store.server import sql_tables
from station.local.folder import FarmFolder

#: What is left of a file's kinds in a farm that ran, beside what `FarmFolder` names.
_LEFT = (
    "edge/spool.sqlite",
    "edge/spool.sqlite-wal",
    "edge/spool.sqlite.reserve",
    "edge/card/flights.json",
    "import/files/1/job.json",
    "import/as/gw/spool.sqlite",
    "past/house.csv",
    "broker/mosquitto.db",
    "store/farm.duckdb.wal.parity",
    "store/farm.duckdb.rewriting",
    "store/farm.duckdb.backing-up",
    "store/registry.sqlite-wal",
    "store/quarantine.sqlite-shm",
    "store/space.json",
    "store/photos/local/a.jpg",
    "logs/station.log",
    "logs/station.log.1",
    "truth/greenhouse-1.earlier.csv",
    "secrets/acks",
    "enrolment/authority.pem",
    "gateways.lock",
    "simulated-until.json",
    "sources.toml",
    "base-map/farm.pmtiles",
)


def test_every_table_of_the_registry_has_a_kind() -> None:
    unnamed = [name for name in METADATA.tables if kind_of_table(f"registry.{name}") is None]
    assert unnamed == [], "name what bounds each new table in headland/registry/lifecycle.py"


def test_every_table_of_a_store_has_a_kind(tmp_path: Path) -> None:
    DuckDBStore(tmp_path / "farm.duckdb").close()
    with duckdb.connect(str(tmp_path / "farm.duckdb")) as connection:
        stored = [name for (name,) in connection.execute(sql.LIST_TABLES).fetchall()]
    assert "points" in stored
    beside = [table.name for table in sql_tables._METADATA.tables.values()]
    assert len(beside) > 5
    unnamed = [name for name in stored if kind_of_table(f"store.{name}") is None]
    unnamed += [name for name in beside if kind_of_table(f"server.{name}") is None]
    assert unnamed == [], "name what bounds each new table in headland/registry/lifecycle.py"


def test_every_table_of_the_quarantine_has_a_kind() -> None:
    made: set[str] = set()
    for path in Path(ingest.__file__).parent.rglob("*.py"):
        made |= set(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", path.read_text(encoding="utf-8")))
    assert len(made) > 8
    unnamed = sorted(name for name in made if kind_of_table(f"quarantine.{name}") is None)
    assert unnamed == [], "name what bounds each new table in headland/registry/lifecycle.py"


def test_no_kind_names_a_table_that_there_is_not(tmp_path: Path) -> None:
    named = {
        table.removeprefix("registry.") for kind in KINDS for table in kind.tables if table.startswith("registry.")
    }
    assert named == set(METADATA.tables)
    each = [table for kind in KINDS for table in kind.tables]
    assert len(each) == len(set(each)), "a table has one kind"


def test_every_file_of_a_farm_s_folder_has_a_kind(tmp_path: Path) -> None:
    folder = FarmFolder(tmp_path)
    folder.create()
    folder.secret("store")
    paths = [
        getattr(folder, name)
        for name, value in vars(FarmFolder).items()
        if isinstance(value, property) and name != "root"
    ]
    named = [str(path.relative_to(tmp_path)) for path in paths if isinstance(path, Path)]
    assert len(named) > 12
    # A folder has what is in it.
    named = [
        f"{each}/anything" if (tmp_path / each).is_dir() or ("." not in each and each != "api-key") else each
        for each in named
    ]
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    unnamed = sorted({each for each in (*named, *left, *_LEFT) if kind_of_file(each) is None})
    assert unnamed == [], "name what bounds each new file in headland/registry/lifecycle.py"


@pytest.mark.parametrize(
    ("path", "slug"),
    [
        ("store/farm.duckdb", "samples"),
        ("store/farm.duckdb.damaged-1", "damaged_files"),
        ("store/quarantine.sqlite.damage.json", "damage_notes"),
        ("store/registry.sqlite-wal", "audit"),
        ("edge/spool.sqlite.damaged-17", "damaged_files"),
        ("store/something-new.json", None),
        ("something-new", None),
    ],
)
def test_a_file_has_the_most_special_kind_and_a_new_one_has_none(path: str, slug: str | None) -> None:
    kind = kind_of_file(path)
    assert (None if kind is None else kind.slug) == slug


def test_every_kind_says_in_both_languages_what_bounds_it_and_what_remains() -> None:
    terms = load_terms()
    for group in ("lifecycle", "lifecycle_bounds", "lifecycle_remains"):
        assert list(terms[group]) == [kind.slug for kind in KINDS]
        assert all(terms[group][kind.slug][language] for kind in KINDS for language in LANGUAGES)


def test_days_have_a_command_and_nothing_of_evidence_has_days() -> None:
    for kind in KINDS:
        assert (kind.days is not None) == (kind.bound is Bound.RETENTION) == bool(kind.command), kind.slug
    never = next(kind for kind in KINDS if kind.slug == "evidence")
    assert never.bound is Bound.NEVER
    assert {"registry.ledger", "registry.lots", "registry.account_entries", "registry.certificates"} <= set(
        never.tables
    )
    assert list(REGISTRY_KINDS) == ["audit", "alarms"]
