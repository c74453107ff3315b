"""Keys of senders: they post samples of every kind, do nothing else, and are listed before they have posted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headland.contract.posts.senders import ADDRESSED, SAMPLE_SENDERS
from headland.registry.models.models import Scope
from tests.api.exchange.posting import JSON, LINES, SENML, TIME_S, Writer, told
from tests.api.exchange.test_consoles import encode
from tests.api.exchange.test_sample_logins import counts, listed, login
from tests.api.exchange.test_uplinks import CHIRPSTACK, THINGS_STACK, chirpstack, things_stack

pytestmark = pytest.mark.services("mosquitto")

HEADERS = tuple(each.slug for each in SAMPLE_SENDERS.items if each.slug not in ADDRESSED)


def make(writer: Writer, sender: str, **more: Any) -> dict[str, Any]:
    order = {"name": f"the {sender}", "scope": "samples", "sender": sender, **more}
    answer = writer.client.post("/v1/keys", json=order, headers=writer.manager)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def bearer(made: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {made['key']}"}


@pytest.mark.parametrize("sender", [each.slug for each in SAMPLE_SENDERS.items])
def test_a_new_key_is_listed_at_once_with_its_kind(writer: Writer, sender: str) -> None:
    made = make(writer, sender)
    [item] = listed(writer)["items"]
    assert (item["id"], item["kind"], item["scope"], counts(item)) == (made["id"], sender, "samples", (0, 0, 0, 0, 0))
    [known] = [each for each in SAMPLE_SENDERS.items if each.slug == sender]
    assert made["path"] == known.path.replace("{address}", made["key"])
    [key] = [
        each
        for each in writer.client.get("/v1/keys", headers=writer.manager).json()["items"]
        if each["id"] == made["id"]
    ]
    assert (key["sender"], key["scope"], made["key"] in str(key)) == (sender, "samples", False)


def test_a_key_of_scope_samples_without_a_kind_is_listed_and_takes_the_kind_that_it_posts(writer: Writer) -> None:
    order = {"name": "any", "scope": "samples"}
    made = writer.client.post("/v1/keys", json=order, headers=writer.manager).json()
    assert (made["sender"], made["path"], [each["kind"] for each in listed(writer)["items"]]) == (None, None, [""])
    assert writer.post(f"air,device=yard co2_ppm=410 {TIME_S}", {**LINES, **bearer(made)}, precision="s").is_success
    assert login(writer, made["id"])["kind"] == "line-protocol"


def test_one_key_posts_in_every_form_and_each_post_is_counted(writer: Writer) -> None:
    made = make(writer, "senml")
    headers = bearer(made)
    record = [{"bn": "urn:dev:bed-1:", "bt": TIME_S, "n": "co2_ppm", "u": "ppm", "v": 410.0}]
    posts = [
        writer.post(json.dumps(record), {**SENML, **headers}),
        writer.post(f"air,device=bed-1 co2_ppm=411 {TIME_S + 1}", {**LINES, **headers}, precision="s"),
        writer.post(things_stack(decoded_payload={"co2_ppm": 410}), {**JSON, **headers}, THINGS_STACK),
        writer.post(chirpstack(object={"co2_ppm": 410}), {**JSON, **headers}, CHIRPSTACK),
        writer.post(observation(), {**JSON, **headers}, "/sta/v1.1/Observations"),
        writer.post(observation(), {**JSON, **headers}, "/sta/v1.1/Datastreams('bed-1:co2_ppm')/Observations"),
        writer.post(data_array(), {**JSON, **headers}, "/sta/v1.1/CreateObservations"),
    ]
    assert [answer.status_code for answer in posts] == [200] * 4 + [201] * 3, [answer.text for answer in posts]
    # The second form of the same Observation is a repetition.
    assert counts(login(writer, made["id"])) == (7, 6, 1, 0, 0)


def observation() -> str:
    return json.dumps(
        {"phenomenonTime": "2025-01-01T00:00:00Z", "result": 3, "Datastream": {"@iot.id": "bed-1:co2_ppm"}}
    )


def data_array() -> str:
    rows = [["2025-01-01T00:01:00Z", 4]]
    stream = {"@iot.id": "bed-1:co2_ppm"}
    return json.dumps([{"Datastream": stream, "components": ["phenomenonTime", "result"], "dataArray": rows}])


def test_a_refused_observation_of_each_address_is_counted(writer: Writer) -> None:
    made = make(writer, "sensorthings")
    for path in ("Observations", "CreateObservations", "Datastreams('bed-1:co2_ppm')/Observations"):
        assert writer.post("{", {**JSON, **bearer(made)}, f"/sta/v1.1/{path}").status_code >= 400
    found = login(writer, made["id"])
    assert (found["posts"], found["refused"], found["kind"]) == (3, 3, "sensorthings")


def test_a_console_with_the_key_of_an_address_posts_and_is_counted(writer: Writer) -> None:
    made = make(writer, "ecowitt")
    answer = writer.send(
        "POST",
        made["path"],
        content=encode({"PASSKEY": "0" * 32, "dateutc": "now", "tempf": 47.8}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200, answer.text
    assert login(writer, made["id"])["posts"] == 1


def test_a_sender_reads_and_changes_nothing_and_its_key_opens_no_session(writer: Writer) -> None:
    headers = bearer(make(writer, "senml"))
    for path in (
        "/v1/keys",
        "/v1/devices",
        "/v1/latest",
        "/v1/session",
        "/v1/samples/senders",
        "/sta/v1.1/Observations",
    ):
        assert told(writer.client.get(path, headers=headers), "type") == (403, "urn:headland:problem:scope"), path
    assert writer.client.post("/v1/notes", json={}, headers=headers).status_code == 403
    key = headers["Authorization"].removeprefix("Bearer ")
    assert writer.client.post("/v1/session", json={"key": key}).status_code == 401


def test_a_sender_writes_about_its_own_devices_alone(writer: Writer) -> None:
    first, second = (bearer(make(writer, "senml", name=name)) for name in ("one", "two"))
    line = f"air,device=bed-1 co2_ppm=410 {TIME_S}"
    assert writer.post(line, {**LINES, **first}, precision="s").status_code == 200
    answer = writer.post(line.replace("410", "3"), {**LINES, **second}, precision="s")
    assert told(answer, "type") == (400, "urn:headland:problem:samples-refused")
    assert [each["reason"] for each in answer.json()["errors"]] == ["wrong_identity"]
    assert [value for *_, value in writer.stored()] == [410.0]


@pytest.mark.parametrize("wrong", [{"person": "0" * 26}, {"scope": "read"}, {"scope": "write"}, {"scope": "admin"}])
def test_a_key_of_a_sender_has_its_scope_and_no_person(writer: Writer, wrong: dict[str, str]) -> None:
    order = {"name": "x", "scope": "samples", "sender": "senml", **wrong}
    answer = writer.client.post("/v1/keys", json=order, headers=writer.manager)
    assert told(answer, "type") == (400, "urn:headland:problem:unknown-sender")


def test_no_person_signs_in_as_a_sender(writer: Writer) -> None:
    order = {"subject": "pump", "name": "pump", "role": "samples"}
    answer = writer.client.post("/v1/members", json=order, headers=writer.manager)
    assert answer.status_code in (400, 422), answer.text


def test_a_map_is_kept_with_the_login_and_the_address_counts_before_it(writer: Writer) -> None:
    made = make(writer, "json")
    put = f"/v1/sample-logins/{made['id']}/map"
    kept = {
        "channels": ["air_temperature_degc,degC,t", "relative_humidity_pct,%,h"],
        "device": "bed-1",
        "time": "at",
        "time_format": "unix_s",
    }
    answer = writer.client.put(put, json=kept, headers=writer.manager)
    assert (answer.status_code, answer.json()["map"]["channels"]) == (200, kept["channels"])
    body = json.dumps({"t": 21.5, "h": 60, "at": TIME_S})
    assert told(writer.send("POST", made["path"], content=body, headers=JSON), "stored") == (200, 2)
    again = writer.send(
        "POST", made["path"], content=body, headers=JSON, params={"channel": "co2_ppm,ppm,h", "device": "bed-2"}
    )
    assert told(again, "stored") == (200, 2)
    assert sorted((device, channel, value) for device, channel, _, value in writer.stored()) == [
        ("bed-1", "air_temperature_degc", 21.5),
        ("bed-1", "relative_humidity_pct", 60.0),
        ("bed-2", "air_temperature_degc", 21.5),
        ("bed-2", "co2_ppm", 60.0),
    ]


def test_a_map_is_kept_for_uplinks_and_read_again_with_it(writer: Writer) -> None:
    made = make(writer, "things-stack")
    body = things_stack(decoded_payload={"TempC_SHT": 22.4})
    assert writer.post(body, {**JSON, **bearer(made)}, THINGS_STACK).status_code == 400
    kept = {"channels": ["air_temperature_degc,degC,TempC_SHT"]}
    assert writer.client.put(f"/v1/sample-logins/{made['id']}/map", json=kept, headers=writer.manager).is_success
    [message] = login(writer, made["id"])["messages"]
    again = writer.client.post(f"/v1/quarantine/{message['id']}/read-again", headers=writer.manager)
    assert told(again, "stored") == (200, 1)
    assert told(writer.post(body, {**JSON, **bearer(made)}, THINGS_STACK), "stored", "duplicate") == (200, 0, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ["t"]},
        {"channels": ["air_temperature_degc,V,t"]},
        {"device": "bed-1", "device_from": ["id"]},
        {"device": "a b"},
        {"time_format": "later"},
        {"channel": []},
    ],
)
def test_a_map_that_cannot_be_used_is_not_kept(writer: Writer, wrong: dict[str, Any]) -> None:
    made = make(writer, "json")
    answer = writer.client.put(f"/v1/sample-logins/{made['id']}/map", json=wrong, headers=writer.manager)
    assert answer.status_code == 422, answer.text
    assert login(writer, made["id"])["map"] is None


def test_a_map_is_kept_by_managers_with_keys_of_senders_alone(writer: Writer) -> None:
    made = make(writer, "json")
    assert writer.client.put(f"/v1/sample-logins/{made['id']}/map", json={}, headers=writer.other).status_code == 403
    key = writer.client.post("/v1/keys", json={"name": "x", "scope": "write"}, headers=writer.manager).json()
    answer = writer.client.put(f"/v1/sample-logins/{key['id']}/map", json={}, headers=writer.manager)
    assert told(answer, "type") == (409, "urn:headland:problem:not-a-sender")


def test_the_scope_of_senders_is_in_those_that_write_and_has_none_in_it() -> None:
    assert [each for each in Scope if each.includes(Scope.SAMPLES)] == [Scope.WRITE, Scope.ADMIN, Scope.SAMPLES]
    assert [each for each in Scope if Scope.SAMPLES.includes(each)] == [Scope.SAMPLES]
