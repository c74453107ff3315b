"""Logins of senders: what each has posted, what was refused and why, and uplinks that are read again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.exchange.posting import JSON, KEY, LINES, SENML, TIME_S, Writer, told
from tests.api.exchange.test_uplinks import THINGS_STACK, things_stack

pytestmark = pytest.mark.services("mosquitto")
LOGINS = "/v1/sample-logins"


def add(writer: Writer, name: str = "console") -> tuple[str, dict[str, str]]:
    answer = writer.client.post("/v1/keys", json={"name": name, "scope": "write"}, headers=writer.manager)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], {"Authorization": f"Bearer {answer.json()['key']}"}


def listed(writer: Writer) -> dict[str, Any]:
    answer: dict[str, Any] = writer.client.get(LOGINS, headers=writer.manager).json()
    return {**answer, "items": [{**each, **each["received"]} for each in answer["items"]]}


def login(writer: Writer, number: str) -> dict[str, Any]:
    answer = writer.client.get(f"{LOGINS}/{number}", headers=writer.manager)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return {**found, **found["received"]}


def counts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found[name] for name in ("posts", "stored", "repeated", "refused", "quarantined"))


def test_a_new_login_has_posted_nothing_and_its_key_is_shown_once(writer: Writer) -> None:
    number, headers = add(writer)
    found = login(writer, number)
    assert counts(found) == (0, 0, 0, 0, 0)
    assert (found["last_ms"], found["kind"], found["latest"], found["messages"]) == (None, "", [], [])
    secret = headers["Authorization"].removeprefix("Bearer ")
    assert secret not in str(found)
    assert secret not in str(listed(writer))
    assert secret not in writer.client.get("/v1/keys", headers=writer.manager).text


def test_what_is_posted_is_counted_with_its_newest_values(writer: Writer) -> None:
    number, headers = add(writer)
    body = f"air,device=yard air_temperature_degc=21.4,co2_ppm=410 {TIME_S}"
    for _ in range(2):
        assert writer.post(body, {**LINES, **headers}, precision="s").status_code == 200
    found = login(writer, number)
    assert (counts(found), found["devices"], found["reason"]) == ((2, 2, 2, 0, 0), ["yard"], "")
    values = [(each["device"], each["channel"], each["value"], each["unit"]) for each in found["latest"]]
    assert values == [("yard", "air_temperature_degc", 21.4, "degC"), ("yard", "co2_ppm", 410.0, "ppm")]
    assert found["last_ms"] >= TIME_S * 1000
    [item] = [each for each in listed(writer)["items"] if each["id"] == number]
    assert counts(item) == counts(found)


@pytest.mark.parametrize(
    ("body", "headers", "reason", "quarantined"),
    [
        (f"air,device=yard mood=3 {TIME_S}", LINES, "unknown_channel", 1),
        (f"air,device=yard,unit=V air_temperature_degc=3 {TIME_S}", LINES, "unknown_channel", 1),
        (f"air,device=yard co2_ppm=410 {TIME_S}000", LINES, "bad_time", 1),
        (f"air,device=yard co2_ppm=410 {TIME_S},", LINES, "wrong_shape", 1),
        ("air,device=yard co2_ppm=410", LINES, "no-time", 0),
        ("x" * 200_000, LINES, "too-large", 0),
        ("[", SENML, "not_json", 1),
        ("co2=410", {"Content-Type": "application/x-www-form-urlencoded"}, "unsupported-media-type", 0),
    ],
)
def test_a_refused_post_is_seen_with_its_cause_and_is_not_accepted(
    writer: Writer, body: str, headers: dict[str, str], reason: str, quarantined: int
) -> None:
    number, own = add(writer)
    assert writer.post(body, {**headers, **own}, precision="s").status_code >= 400
    found = login(writer, number)
    assert (found["reason"], counts(found)) == (reason, (1, 0, 0, 1, quarantined))
    assert (found["last_ms"], found["devices"]) == (None, [])
    assert found["refused_ms"] is not None
    assert [message["reason"] for message in found["messages"]] == [reason] * quarantined


def test_a_clock_that_is_ahead_is_seen(writer: Writer) -> None:
    number, headers = add(writer)
    for ahead_s in (0, 315_360_000):
        body = f"air,device=yard co2_ppm=410 {TIME_S + ahead_s}"
        assert writer.post(body, {**LINES, **headers}, precision="s").status_code == 200
        found = login(writer, number)
        assert (found["ahead_s"] is None) == (ahead_s == 0)
    assert 315_350_000 < found["ahead_s"] < 315_360_000
    assert (found["newest_ms"], counts(found)) == ((TIME_S + 315_360_000) * 1000, (2, 2, 0, 0, 0))


def test_a_post_of_which_a_part_is_refused_is_both_accepted_and_refused(writer: Writer) -> None:
    number, headers = add(writer)
    body = f"air,device=yard co2_ppm=410 {TIME_S}\nair,device=yard mood=3 {TIME_S}"
    assert writer.post(body, {**LINES, **headers}, precision="s").status_code == 400
    found = login(writer, number)
    assert (counts(found), found["devices"]) == ((1, 1, 0, 1, 1), ["yard"])
    assert found["last_ms"] == found["refused_ms"]


def test_a_wrong_parameter_is_seen_before_the_route_is_reached(writer: Writer) -> None:
    number, headers = add(writer)
    assert writer.post("air co2_ppm=1 1", {**LINES, **headers}, precision="years").status_code == 422
    assert (login(writer, number)["reason"], counts(login(writer, number))) == ("bad-parameter", (1, 0, 0, 1, 0))


def test_posts_without_a_valid_key_are_counted_as_nobodys(writer: Writer) -> None:
    number, _ = add(writer)
    assert listed(writer)["without_key"] is None
    for headers in ({"Authorization": "Bearer hl_wrong"}, {"Authorization": ""}):
        assert writer.post("air co2_ppm=1", {**LINES, **headers}).status_code == 401
    told_of = listed(writer)["without_key"]
    assert (told_of["refused"], told_of["kind"]) == (2, "line-protocol")
    assert counts(login(writer, number)) == (0, 0, 0, 0, 0)


def test_a_key_that_may_not_write_is_seen_with_the_cause(writer: Writer) -> None:
    key = writer.client.post("/v1/keys", json={"name": "reader", "scope": "read"}, headers=writer.manager).json()
    headers = {**LINES, "Authorization": f"Bearer {key['key']}"}
    assert writer.post("air co2_ppm=1", headers).status_code == 403
    found = login(writer, key["id"])
    assert (found["reason"], found["scope"], counts(found)) == ("scope", "read", (1, 0, 0, 1, 0))


def test_a_key_that_posts_without_having_been_added_here_is_listed_by_what_it_posted(writer: Writer) -> None:
    assert writer.post(things_stack(decoded_payload={"co2_ppm": 410}), JSON, THINGS_STACK).status_code == 200
    [item] = listed(writer)["items"]
    assert (item["name"], item["kind"], item["devices"]) == ("weather station", "things-stack", ["farm.bed-1"])


def test_a_revoked_login_is_gone_and_its_posts_are_nobodys(writer: Writer) -> None:
    number, headers = add(writer)
    assert writer.client.delete(f"/v1/keys/{number}", headers=writer.manager).status_code == 204
    assert listed(writer)["items"] == []
    assert writer.client.get(f"{LOGINS}/{number}", headers=writer.manager).status_code == 404
    assert writer.post("air co2_ppm=1", {**LINES, **KEY, **headers}).status_code == 401
    assert listed(writer)["without_key"]["refused"] == 1


def test_a_list_of_logins_is_read_page_by_page(writer: Writer) -> None:
    made = [add(writer, f"console {count}") for count in range(3)]
    assert listed(writer)["items"] == []
    for _, headers in made:
        assert writer.post("air co2_ppm=1", {**LINES, **headers}).status_code == 400
    first = writer.client.get(LOGINS, headers=writer.manager, params={"limit": 2}).json()
    rest = writer.client.get(LOGINS, headers=writer.manager, params={"limit": 2, "cursor": first["next"]}).json()
    found = [each["id"] for each in first["items"] + rest["items"]]
    assert (found, rest["next"]) == (sorted(number for number, _ in made), None)


def test_an_address_of_a_console_is_listed_before_it_has_posted(writer: Writer) -> None:
    order = {"name": "yard", "scope": "write", "sender": "ecowitt"}
    made = writer.client.post("/v1/keys", json=order, headers=writer.manager).json()
    [item] = listed(writer)["items"]
    assert (item["id"], item["kind"], item["posts"], made["key"] in str(item)) == (made["id"], "ecowitt", 0, False)
    wrong = made["path"][:-3] + "xxx"
    assert (
        writer.client.post(
            wrong, content="tempf=47", headers={"Content-Type": "application/x-www-form-urlencoded"}
        ).status_code
        == 401
    )
    assert listed(writer)["without_key"]["kind"] == "ecowitt"


def test_logins_are_for_managers_alone(writer: Writer) -> None:
    number, headers = add(writer)
    answers = [writer.client.get(path, headers=headers) for path in (LOGINS, f"{LOGINS}/{number}")]
    assert [answer.status_code for answer in answers] == [403, 403]


def read_again(writer: Writer, message: int, *channel: str) -> Any:
    path = f"/v1/quarantine/{message}/read-again"
    return writer.client.post(path, params={"channel": channel}, headers=writer.manager)


def test_an_uplink_in_quarantine_is_read_again_and_stored_once(writer: Writer) -> None:
    number, headers = add(writer)
    body = things_stack(decoded_payload={"TempC_SHT": 22.4})
    for _ in range(2):
        assert writer.post(body, {**JSON, **headers}, THINGS_STACK).status_code == 400
    [message] = login(writer, number)["messages"]
    assert (message["count"], writer.stored()) == (2, [])
    assert told(read_again(writer, message["id"]), "type") == (400, "urn:headland:problem:samples-refused")
    assert counts(login(writer, number)) == (2, 0, 0, 2, 1)
    mapped = "air_temperature_degc,degC,TempC_SHT"
    assert told(read_again(writer, message["id"], mapped), "stored", "unmapped") == (200, 1, [])
    assert [(device, channel, value) for device, channel, _, value in writer.stored()] == [
        ("farm.bed-1", "air_temperature_degc", 22.4)
    ]
    assert counts(login(writer, number)) == (2, 1, 0, 2, 0)
    assert read_again(writer, message["id"], mapped).status_code == 404
    # The server sends it again, with the right address.
    again = writer.post(body, {**JSON, **headers}, THINGS_STACK, channel=mapped)
    assert told(again, "stored", "duplicate") == (200, 0, 1)
    assert len(writer.stored()) == 1
    delivery = writer.client.get(f"/v1/gateways/http-{number}/delivery", headers=writer.manager).json()
    assert (delivery["loss"], delivery["lost_messages"]) == (0, 0)


def test_only_uplinks_with_a_time_are_read_again(writer: Writer) -> None:
    number, headers = add(writer)
    assert writer.post(f"air,device=yard mood=3 {TIME_S}", {**LINES, **headers}, precision="s").status_code == 400
    [message] = login(writer, number)["messages"]
    assert told(read_again(writer, message["id"]), "type") == (409, "urn:headland:problem:not-an-uplink")
    assert len(login(writer, number)["messages"]) == 1
