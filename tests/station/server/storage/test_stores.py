"""Which store a URL names, and the sentence for one that names none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headland.errors import SettingsError
from headland.network.addresses import hide_secrets
from headland.store.duckdb.store import DuckDBStore
from station.server.storage.stores import (
    duckdb_path,
    duckdb_url,
    folder_beside,
    open_store,
    store_url,
)


def test_three_slashes_are_a_relative_file_and_four_an_absolute_one() -> None:
    assert duckdb_path("duckdb:///farm.duckdb") == Path("farm.duckdb")
    assert duckdb_path("duckdb:////var/lib/farm.duckdb") == Path("/var/lib/farm.duckdb")
    assert duckdb_path("data/farm.duckdb") == Path("data/farm.duckdb")
    assert duckdb_path(duckdb_url(Path("/var/lib/farm.duckdb"))) == Path("/var/lib/farm.duckdb")


def test_an_absolute_file_with_a_slash_too_few_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=r"write duckdb:////etc/farm\.duckdb"):
        duckdb_path("duckdb:///etc/farm.duckdb")


@pytest.mark.parametrize("url", ["duckdb://farm.duckdb", "duckdb:///", "duckdb://", "duckdb:///a.duckdb?b=c"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not a file"):
        open_store(url)


@pytest.mark.parametrize("url", ["mysql://host/db", "http://host:8086/farm", "://"])
def test_a_url_of_no_engine_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="is not the URL of a store: write duckdb:///FILE"):
        open_store(url)


@pytest.mark.parametrize("form", ["{0}", "duckdb:///{0}"])
def test_a_file_is_opened(tmp_path: Path, form: str) -> None:
    path = tmp_path / "new" / "farm.duckdb"
    store = open_store(form.format(path))
    assert isinstance(store, DuckDBStore)
    store.close()
    assert path.exists()


@pytest.mark.parametrize(
    ("url", "module", "extra"),
    [
        ("duckdb:///farm.duckdb", "duckdb", "ingest"),
        ("influx+http://host:8086/farm", "influxdb_client", "influx"),
        ("victoria+http://host:8428?side=sqlite:///s", "sqlalchemy", "postgres"),
    ],
)
def test_a_missing_extra_is_named(url: str, module: str, extra: str) -> None:
    # A process of its own: modules that are imported anew here would not be those that other tests know.
    script = """
import sys
sys.modules[sys.argv[2]] = None
from headland.errors import SettingsError
from station.server.storage.stores import open_store
try:
    open_store(sys.argv[1])
except SettingsError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, url, module], capture_output=True, text=True, check=True)
    assert f"needs {module}; install it with: pip install 'headland[{extra}]'" in done.stdout


def test_nothing_chosen_is_the_file_in_the_farms_folder(tmp_path: Path) -> None:
    assert store_url(None, tmp_path / "farm.duckdb") == duckdb_url(tmp_path / "farm.duckdb")
    assert store_url("influx+http://host:1/b", tmp_path) == "influx+http://host:1/b"


def test_what_lies_beside_a_store_lies_beside_its_file() -> None:
    assert folder_beside("duckdb:////a/farm.duckdb", Path("/b")) == folder_beside("/a/farm.duckdb", Path("/b"))
    assert folder_beside("influx+http://host:8086/farm", Path("/b")) == Path("/b")


def test_a_url_is_shown_without_its_secrets() -> None:
    assert hide_secrets("influx+http://me:word@host:8086/farm?org=o&token=abc") == (
        "influx+http://me:***@host:8086/farm?org=o&token=***"
    )
    assert hide_secrets("victoria+http://host:8428?side=postgresql://me:word@db/side&store=a") == (
        "victoria+http://host:8428?side=postgresql://me:***@db/side&store=a"
    )
    assert hide_secrets("/plain/path") == "/plain/path"
