"""What the engine asks of an InfluxDB 2 and 3 before it stores anything: no package of those is on Debian.

A small server notes the requests and answers as the real ones are documented to; what they store is proved on 1.x.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from headland.errors import PeerRefused, RetryLater, SettingsError
from headland.store.influx.client import InfluxConnection, parse_influx_url
from headland.store.influx.store import open_influx
from headland.store.port import SeriesKey
from tests.store.batches import EVERYTHING, batch, key

A = key("air_temperature_degc")


class Script:
    """How the server answers, and what it was asked."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.asked: list[tuple[str, str, dict[str, list[str]], str, str]] = []
        self.answers: dict[str, tuple[int, object]] = {}

    def refusal(self, path: str, asked: dict[str, list[str]]) -> tuple[int, object] | None:
        """Return what this version answers to a query that it does not take."""
        if path != "/query":
            return None
        numbers = tuple(int(part) for part in self.version.removeprefix("v").split(".")[:2])
        if numbers[0] == 3 and ";" in asked["q"][0]:
            return 400, {"error": "must provide only one InfluxQl statement per query"}
        if (3, 0) <= numbers < (3, 9) and "params" in asked:
            return 400, {"error": "Currently not supporting parameterized queries"}
        if (2, 0) <= numbers < (2, 4) and not any(entry[:2] == ("POST", "/api/v2/dbrps") for entry in self.asked):
            return 404, {"error": "database not found: farm"}
        return None


class Handler(BaseHTTPRequestHandler):
    script: Script

    def answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = parse_qs(parts.query)
        self.script.asked.append((self.command, parts.path, asked, body, self.headers.get("Authorization") or ""))
        statements = asked.get("q", [""])[0].split(";")
        usual: dict[str, tuple[int, object]] = {
            "/ping": (204, None),
            "/query": (200, {"results": [{"statement_id": at} for at in range(len(statements))]}),
            "/api/v2/write": (204, None),
        }
        refused = self.script.refusal(parts.path, asked) or self.script.answers.get(parts.path)
        status, said = refused or usual.get(parts.path) or (404, {"message": "no such path"})
        text = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("X-Influxdb-Version", self.script.version)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_HEAD = answer  # noqa: N815 - the names that the base class calls

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def script(request: pytest.FixtureRequest) -> Iterator[tuple[Script, str]]:
    """A server of the version that the test names, and where it listens."""
    made = Script(str(request.param))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Scripted", (Handler,), {"script": made}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made, f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("script", ["v2.7.11"], indirect=True)
def test_version_2_gets_its_bucket_and_the_token_in_requests(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v2/buckets"] = (200, {"buckets": [], "name": "farm", "retentionRules": []})
    server.answers["/api/v2/orgs"] = (200, {"orgs": [{"id": "0123456789abcdef", "name": "coop"}]})
    store = open_influx(f"influx+http://{where}/farm?org=coop&token=abc&retention=30d")
    made = json.loads(
        next(body for method, path, _, body, _ in server.asked if (method, path) == ("POST", "/api/v2/buckets"))
    )
    assert (made["name"], made["orgID"]) == ("farm", "0123456789abcdef")
    assert made["retentionRules"][0]["everySeconds"] == 30 * 86_400
    store.write(batch((A, 2**40 * 2, 1.0)))
    wrote = next(entry for entry in server.asked if entry[1] == "/api/v2/write")
    assert wrote[2] == {"org": ["coop"], "bucket": ["farm"], "precision": ["ms"]}
    assert wrote[3] == f"greenhouse,device=gh-1,organisation=acme,site=home air_temperature_degc=1.0 {2**40 * 2}"
    assert {entry[4] for entry in server.asked} == {"Token abc"}
    # Its version was asked for once, and never is a statement sent that changes a 1.x.
    assert [entry[1] for entry in server.asked].count("/ping") == 1
    assert not any("CREATE" in str(entry[2]) for entry in server.asked)
    store.close()


@pytest.mark.parametrize("script", ["v2.7.11"], indirect=True)
def test_an_existing_bucket_is_used_unchanged(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v2/buckets"] = (200, {"buckets": [{"id": "1", "name": "farm", "retentionRules": []}]})
    open_influx(f"influx+http://{where}/farm?org=coop&token=abc").close()
    assert ("POST", "/api/v2/buckets") not in [entry[:2] for entry in server.asked]


@pytest.mark.parametrize("script", ["3.2.1"], indirect=True)
@pytest.mark.parametrize("status", [200, 409])
def test_version_3_gets_its_database_before_the_first_query(script: tuple[Script, str], status: int) -> None:
    server, where = script
    server.answers["/api/v3/configure/database"] = (status, {})
    store = open_influx(f"influx+http://{where}/farm?token=abc&retention=2w")
    paths = [entry[1] for entry in server.asked]
    assert paths.index("/api/v3/configure/database") < paths.index("/query")
    configured = next(entry for entry in server.asked if entry[1] == "/api/v3/configure/database")
    assert json.loads(configured[3]) == {"db": "farm", "retention_period": "336h"}
    server.answers["/query"] = (
        200,
        {"results": [{"series": [{"name": "greenhouse", "columns": ["fieldKey"], "values": [["a_m", "float"]]}]}]},
    )
    store.close()


@pytest.mark.parametrize("script", ["3.2.1"], indirect=True)
def test_version_3_deletes_by_its_retention_only_and_refuses_otherwise(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v3/configure/database"] = (200, {})
    store = open_influx(f"influx+http://{where}/farm?token=abc")
    store.write(batch((SeriesKey("acme", "home", "greenhouse", "gh-1", "a_m"), 2**40, 1.0)))
    with pytest.raises(PeerRefused, match="retention"):
        store.delete_before("acme", 2**41)
    store.close()


@pytest.mark.parametrize("script", ["v2.7.11"], indirect=True)
def test_a_partial_write_of_version_2_has_its_own_status(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v2/buckets"] = (200, {"buckets": [{"id": "1", "name": "farm", "retentionRules": []}]})
    store = open_influx(f"influx+http://{where}/farm?org=coop&token=abc")
    server.answers["/api/v2/write"] = (422, {"code": "unprocessable entity", "message": "partial write: dropped=1"})
    result = store.write(batch((A, 2**40, 1.0)))
    assert (result.accepted, result.rejected) == (0, 1)
    assert result.rejections[0].reason == "partial write: dropped=1"
    for status in (429, 500, 503):
        server.answers["/api/v2/write"] = (status, {"message": "later"})
        with pytest.raises(RetryLater, match=str(status)):
            store.write(batch((A, 2**40, 1.0)))
    # A token that is withdrawn while it runs is something to wait for; at the start it is a mistake.
    server.answers["/api/v2/write"] = (401, {"message": "unauthorized access"})
    with pytest.raises(RetryLater, match="refuses the login"):
        store.write(batch((A, 2**40, 1.0)))
    server.answers["/api/v2/buckets"] = (401, {"message": "unauthorized access"})
    with pytest.raises(SettingsError, match="refuses the login"):
        open_influx(f"influx+http://{where}/farm?org=coop&token=wrong")
    assert store.series(EVERYTHING) == []
    store.close()


@pytest.mark.parametrize(
    ("script", "binds"), [("3.0.3", False), ("3.6.0", False), ("3.8.1", False), ("3.9.0", True)], indirect=["script"]
)
def test_version_3_is_asked_one_statement_at_a_time_with_its_words_as_this_release_takes_them(
    script: tuple[Script, str], binds: bool
) -> None:
    server, where = script
    server.answers["/api/v3/configure/database"] = (200, {})
    store = open_influx(f"influx+http://{where}/farm?token=abc")
    store.write(batch((A, 2**40, 1.0), (key("co2_ppm"), 2**40, 400.0)))
    server.asked.clear()
    assert store.raw(EVERYTHING, 0, 2**41) == []
    queries = [entry[2] for entry in server.asked if entry[1] == "/query"]
    assert len(queries) >= 2
    assert all(";" not in asked["q"][0] for asked in queries)
    for asked in queries:
        assert ("params" in asked) == binds
        assert ("organisation = $organisation" in asked["q"][0]) == binds
        assert ("organisation = 'acme'" in asked["q"][0]) != binds
    store.close()


@pytest.mark.parametrize("script", ["3.6.0"], indirect=True)
def test_a_word_is_quoted_where_it_cannot_be_bound(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v3/configure/database"] = (200, {})
    connection = InfluxConnection(parse_influx_url(f"influx+http://{where}/farm?token=abc"))
    connection.open()
    connection.query(['SELECT "$word" FROM "a" WHERE "b" = $word AND c = $other'], {"word": 'O\'Hara\\ "x"'})
    asked = server.asked[-1][2]["q"][0]
    assert asked == """SELECT "$word" FROM "a" WHERE "b" = 'O\\'Hara\\\\ "x"' AND c = $other"""
    connection.close()


@pytest.mark.parametrize("script", ["v2.0.9", "v2.3.0"], indirect=True)
def test_a_bucket_of_a_version_before_2_4_gets_a_database(script: tuple[Script, str]) -> None:
    server, where = script
    server.answers["/api/v2/buckets"] = (
        200,
        {"buckets": [{"id": "b1", "name": "farm", "orgID": "o1", "retentionRules": []}]},
    )
    server.answers["/api/v2/dbrps"] = (200, {"content": []})
    open_influx(f"influx+http://{where}/farm?org=coop&token=abc").close()
    (made,) = (
        json.loads(body) for method, path, _, body, _ in server.asked if (method, path) == ("POST", "/api/v2/dbrps")
    )
    assert made == {
        "bucketID": "b1", "database": "farm", "default": True, "orgID": "o1", "retention_policy": "autogen"
    }  # fmt: skip


@pytest.mark.parametrize("script", ["v2.3.0", "v2.7.11"], indirect=True)
def test_a_database_that_leads_to_the_bucket_is_made_once_and_only_where_it_is_needed(
    script: tuple[Script, str],
) -> None:
    server, where = script
    server.answers["/api/v2/buckets"] = (
        200,
        {"buckets": [{"id": "b1", "name": "farm", "orgID": "o1", "retentionRules": []}]},
    )
    server.answers["/api/v2/dbrps"] = (200, {"content": [{"database": "farm", "bucketID": "b1", "default": True}]})
    connection = InfluxConnection(parse_influx_url(f"influx+http://{where}/farm?org=coop&token=abc"))
    connection.open()
    asked = [entry[0] for entry in server.asked if entry[1] == "/api/v2/dbrps"]
    assert asked == (["GET"] if server.version == "v2.3.0" else [])
    connection.close()
