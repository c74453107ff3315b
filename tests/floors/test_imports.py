"""The floors hold: who imports whom, and what each part may load."""

from __future__ import annotations

import ast
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tests.floors.modules import PACKAGES, ROOT, loaded_by, modules_of

SERVERS = {"fastapi", "starlette", "uvicorn", "sqlalchemy"}
PARTS = {"edge", "ingest", "api", "firmware_sim"}
EDGE_MUST_NOT = SERVERS | {
    "pymavlink",  # it has its table of the dialect
    "numpy",
    "duckdb",
    "pydantic",
    "shapely",
    "typer",
    "rich",
    "station",
    *PARTS - {"edge"},
}
#: What the export of traces loads, and nothing else does. (FastAPI loads the interfaces of OpenTelemetry.)
EXPORT = {"google", "requests", "urllib3"}
CONTRACT_MAY = sys.stdlib_module_names | {
    "headland",
    "msgspec",
    "typing_extensions",
}  # msgspec loads the last if it is there


@pytest.mark.parametrize(
    ("package", "must_not_load"),
    [
        ("edge", EDGE_MUST_NOT | EXPORT | {"opentelemetry"}),
        (
            "ingest",
            SERVERS
            | EXPORT
            | {"opentelemetry", "pymavlink", "pymodbus", "pydantic", "typer", *PARTS - {"ingest"}, "station"},
        ),
        ("api", EXPORT | {"paho", "pymavlink", "pymodbus", "typer", *PARTS - {"api"}, "station"}),
        ("firmware_sim", SERVERS | {"duckdb", "pydantic", "typer", *PARTS - {"firmware_sim"}, "station"}),
        ("headland.agronomy", SERVERS | {"duckdb", "paho", "pymavlink", "msgspec", "pydantic", "typer"}),
        (
            "headland.registry",
            SERVERS - {"sqlalchemy"} | {"duckdb", "paho", "pymavlink", "pymodbus", "pydantic", "typer"},
        ),
        ("headland.store", SERVERS - {"sqlalchemy"} | {"paho", "pymavlink", "pymodbus", "pydantic", "typer"}),
    ],
)
def test_importing_all_of_a_part_loads_none_of_what_it_must_do_without(package: str, must_not_load: set[str]) -> None:
    assert loaded_by(*modules_of(package)) & must_not_load == set()


@pytest.mark.parametrize(
    ("engine", "must_not_load"),
    [
        ("headland.store.duckdb.store", {"sqlalchemy", "influxdb_client"}),
        ("headland.store.influx.store", {"sqlalchemy", "duckdb"}),
        ("headland.store.victoria.store", {"duckdb", "psycopg"}),
    ],
)
def test_an_engine_loads_nothing_of_the_others(engine: str, must_not_load: set[str]) -> None:
    assert loaded_by(engine) & must_not_load == set()


def test_the_contract_loads_the_standard_library_and_msgspec_only() -> None:
    bare = loaded_by()  # whatever this environment loads at every start
    assert {name for name in loaded_by(*modules_of("headland.contract")) - bare if name not in CONTRACT_MAY} == set()


def test_help_loads_no_part() -> None:
    script = """
import sys
from station.cli.main import main
for words in ([], ["up"], ["station"], ["doctor"], ["edge"], ["edge", "run"], ["edge", "check"], ["edge", "import"],
              ["sim"], ["sim", "drone"], ["sim", "greenhouse"]):
    sys.argv = ["headland", *words, "--help"]
    try:
        main()
    except SystemExit as end:
        assert not end.code, words
heavy = {"edge", "ingest", "api", "firmware_sim", "numpy", "duckdb", "fastapi", "paho", "pymavlink", "pymodbus"}
print("loaded:", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_a_service_starts_without_the_library_of_the_command_line() -> None:
    script = """
import sys
from station.cli.main import find_service
for words in (["up"], ["station"], ["api"], ["broker", "--config", "c"], ["edge", "run", "-c", "c"],
              ["ingest", "run", "--broker", "h:1"], ["sim", "drone"], ["sim", "greenhouse"], ["sim", "past"]):
    assert find_service(words, {}) is not None, words
heavy = {"typer", "pydantic", "pydantic_core", "rich", "click", "asyncio", "numpy", "msgspec", "edge", "api", "ingest"}
print("loaded:", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.long
def test_a_station_loads_nothing_that_only_some_farms_need() -> None:
    script = """
import sys
import ingest.settings, station.local.gateway_registration, station.local.imports.service, station.server.serve
rare = {"edge.agent", "edge.imports.file_content", "edge.sources.mavlink", "sqlalchemy.dialects.postgresql", "psycopg",
        "alembic", "nanoarrow", "shapefile", "pyproj", "opentelemetry.sdk", "pandas", "rasterio", "reportlab", "typer"}
print("loaded:", sorted(rare & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_one_module_alone_opens_duckdb() -> None:
    sources = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert [path.relative_to(ROOT).as_posix() for path in sources if _names_connect_of_duckdb(path)] == [
        "headland/store/duckdb/connection.py"
    ]


def _names_connect_of_duckdb(path: Path) -> bool:
    """Tell whether a module calls `duckdb.connect`, imports it, or imports all of DuckDB under another name."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if "duckdb" in text else ():
        match node:
            case ast.Attribute(value=ast.Name(id="duckdb"), attr="connect"):
                return True
            case ast.ImportFrom(module="duckdb", names=names) if any(name.name in ("connect", "*") for name in names):
                return True
            case ast.Import(names=names) if any(name.name == "duckdb" and name.asname for name in names):
                return True
    return False


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_the_one_in_this_checkout(package: str) -> None:
    script = f"import {package}; print({package}.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).resolve().is_relative_to(ROOT)


def test_imports_go_down_only() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


#: Statuses with which the API refuses or fails.
STATUSES = frozenset((*range(400, 407), 409, 410, 412, 413, 415, 422, 428, 429, *range(501, 505)))


def _statuses_in(path: Path) -> list[str]:
    """Return the lines with the number of a status; texts and comments may have one, such as an identifier of GS1."""
    with path.open("rb") as file:
        return [
            f"{path.name}:{token.start[0]}"
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.NUMBER and token.string.isdigit() and int(token.string) in STATUSES
        ]


@pytest.mark.parametrize("package", ["analysis", "alarms", "formats", "reports", "registry"])
def test_the_domain_names_no_http_status(package: str) -> None:
    sources = sorted((ROOT / "headland" / package).rglob("*.py"))
    assert sources
    assert [place for path in sources for place in _statuses_in(path)] == []
