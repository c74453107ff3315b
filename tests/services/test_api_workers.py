"""A farm whose API several processes serve beside the one that owns the store: they agree, and each may be killed."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from station.server.api_workers.place import PLACE
from tests.api.live.streams import events_of
from tests.services.farm import SELDOM_S, Farm
from tests.waiting import PATIENCE_S

pytestmark = [pytest.mark.long, pytest.mark.services("mosquitto"), pytest.mark.timeout(600)]

WORKERS: Final = 3
NAMES: Final = [f"api-{number}" for number in range(1, WORKERS + 1)]


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    """A farm in real time with three processes for its API."""
    made = Farm(tmp_path_factory.mktemp("workers") / "farm", "--no-past", "--api-workers", str(WORKERS))
    made.wait_ready()
    made.wait_until(lambda: len(pids_of(made)) == WORKERS + 1)
    yield made
    made.stop()


def pids_of(farm: Farm) -> dict[str, int]:
    """Return the processes of the station by their names: the owner and the workers."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = dict(
                each.split("=", 1) for each in path.read_bytes().decode(errors="replace").split("\0") if "=" in each
            )
        except OSError:
            continue
        if variables.get("HEADLAND_DATA") == str(farm.folder.root) and PLACE in variables:
            found[json.loads(variables[PLACE])["name"]] = int(path.parent.name)
    return found


def connections_of(pid: int) -> set[str]:
    """Return the sockets that a process has open."""
    links = Path(f"/proc/{pid}/fd").iterdir()
    with suppress(OSError):  # one may be closed meanwhile
        return {str(link) for path in links if "socket" in str(link := path.readlink())}
    return set()


@contextmanager
def served_by(farm: Farm, name: str) -> Iterator[httpx.Client]:
    """Yield a client whose one connection is with a certain worker; others are tried until it is."""
    pid = pids_of(farm)[name]

    def connect() -> httpx.Client | None:
        client = httpx.Client(base_url=farm.folder.read_state().api_url, headers=farm.headers, timeout=PATIENCE_S)
        before = connections_of(pid)
        if client.get("/healthz").status_code == 200 and connections_of(pid) - before:
            return client
        client.close()
        return None

    client = farm.wait_until(connect)
    assert client is not None
    try:
        yield client
    finally:
        client.close()


def test_each_process_has_its_place_and_only_the_owner_has_the_store_open(farm: Farm) -> None:
    pids = pids_of(farm)
    assert sorted(pids) == [*NAMES, "owner"]
    store = str(farm.folder.store_path)
    having = {
        name
        for name, pid in pids.items()
        for path in Path(f"/proc/{pid}/fd").iterdir()
        if path.is_symlink() and os.path.lexists(path) and os.path.realpath(path) == store
    }
    assert having == {"owner"}


def test_every_worker_answers_the_same_from_store_registry_ingest_and_maintenance(farm: Farm) -> None:
    farm.wait_until(lambda: farm.devices("greenhouse") and farm.get("/v1/gateways")["items"], every_s=SELDOM_S)
    paths = ("/v1/devices", "/v1/fields", "/v1/sites", "/v1/quarantine", "/v1/store/damage", "/v1/imports", "/v1/keys")

    def is_same() -> bool:
        answers = []
        for name in NAMES:
            with served_by(farm, name) as client:
                found = {path: client.get(path) for path in paths}
                assert {answer.status_code for answer in found.values()} == {200}
                answers.append({path: _without_times(answer.text) for path, answer in found.items()})
                assert client.get("/readyz").json()["ready"] is True
                assert client.get("/v1/gateways/gateway-1/delivery").json()["loss"] == 0
        return answers[0] == answers[1] == answers[2]

    # Until the farm has described all its devices, one may appear between two answers.
    farm.wait_until(is_same, every_s=SELDOM_S)


def _without_times(text: str) -> str:
    return re.sub(r'"(last_seen|now|last_used)_ms": ?(\d+|null)', "", text)


def test_an_order_to_a_gateway_passes_through_every_worker(farm: Farm) -> None:
    orders = "/v1/gateways/gateway-1/orders"
    farm.wait_until(lambda: any(each["online"] for each in farm.get("/v1/gateways")["items"]), every_s=SELDOM_S)
    channel = {"key": "4:1:int16", "channel": "air_temperature_degc", "unit": "degC", "scale": 0.1}
    where = {"type": "modbus_tcp", "host": "127.0.0.1", "port": 9, "devices": [{"match": "1", "device": "probe"}]}
    put = {"type": "put_source", "source": {"name": "probe", **where, "channels": [channel]}}
    given = (put, {"type": "list_sources"}, {"type": "remove_source", "name": "probe"})
    answers = []
    for name, order in zip(NAMES, given, strict=True):
        with served_by(farm, name) as client:
            answer = client.post(orders, json={"order": order})
        assert answer.status_code == 200, answer.text
        answers.append((answer.json()["state"], [each["name"] for each in answer.json()["sources"]]))
    assert answers == [("applied", ["probe"]), ("done", ["probe"]), ("applied", [])]


def test_a_key_revoked_at_one_worker_is_refused_by_the_others_at_once(farm: Farm) -> None:
    with served_by(farm, NAMES[0]) as one, served_by(farm, NAMES[1]) as other:
        made = one.post("/v1/keys", json={"name": "short", "scope": "read"}).json()
        signed = {"Authorization": f"Bearer {made['key']}"}
        for client in (one, other):
            assert client.get("/v1/devices", headers=signed).status_code == 200
        assert one.delete(f"/v1/keys/{made['id']}").status_code == 204
        assert [client.get("/v1/devices", headers=signed).status_code for client in (one, other)] == [401, 401]


def test_figures_of_requests_are_those_of_all_workers(farm: Farm) -> None:
    def requests_in(client: httpx.Client) -> float:
        name = 'headland_http_request_seconds_count{method="GET",route="/v1/sites",status="200"}'
        return sum(
            float(line.rsplit(" ", 1)[1]) for line in client.get("/metrics").text.splitlines() if line.startswith(name)
        )

    with served_by(farm, NAMES[0]) as one, served_by(farm, NAMES[1]) as other:
        before = requests_in(one)
        for client in (one, other, other):
            assert client.get("/v1/sites").status_code == 200
        assert requests_in(one) == requests_in(other) == before + 3


def test_a_stream_goes_on_at_another_worker_after_its_own_was_killed(farm: Farm) -> None:
    pid = pids_of(farm)[NAMES[2]]
    with served_by(farm, NAMES[2]) as client, client.stream("GET", "/v1/live") as stream:
        events = events_of(stream.iter_lines())
        for _ in range(2):
            last_id = next(event_id for kind, event_id, _ in events if kind == "latest")
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            list(events)
    with served_by(farm, NAMES[0]) as client:
        headers = {"Last-Event-ID": str(last_id)}
        with client.stream("GET", "/v1/live", headers=headers) as stream:
            events = events_of(stream.iter_lines())
            kinds = [next(events)[0] for _ in range(2)]
    # Its place is known here as well: no gap, and not all newest values again.
    assert kinds == ["hello", "latest"]
    farm.wait_until(lambda: pids_of(farm).get(NAMES[2], pid) != pid)
    with served_by(farm, NAMES[2]) as client:
        farm.wait_until(lambda: client.get("/readyz").status_code == 200)


def test_the_owners_death_is_said_and_mended_and_no_record_is_lost(farm: Farm) -> None:
    pids = pids_of(farm)
    with served_by(farm, NAMES[0]) as client, client.stream("GET", "/v1/live") as stream:
        events = events_of(stream.iter_lines())
        next(event for event in events if event[0] == "latest")
        os.kill(pids["owner"], signal.SIGKILL)
        # The stream stays open, and says afterwards that something may be missing.
        assert next(data for kind, _, data in events if kind == "gap") == {"reason": "restarted"}
        assert next(data for kind, _, data in events if kind == "latest")["items"]
    after = farm.wait_until(lambda: {} if pids_of(farm).get("owner") in (None, pids["owner"]) else pids_of(farm))
    assert {name: after[name] for name in NAMES} == {name: pids[name] for name in NAMES}
    with served_by(farm, NAMES[1]) as client:
        farm.wait_until(lambda: client.get("/readyz").status_code == 200)
        stored = client.get("/v1/gateways/gateway-1/delivery").json()["totals"]["stored"]
        farm.wait_until(
            lambda: client.get("/v1/gateways/gateway-1/delivery").json()["totals"]["stored"] > stored + 5,
            every_s=SELDOM_S,
        )
        delivery = client.get("/v1/gateways/gateway-1/delivery").json()
        assert (delivery["loss"], delivery["totals"]["lost"], delivery["other_content"]) == (0, 0, 0)
