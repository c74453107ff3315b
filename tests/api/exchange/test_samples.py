"""Samples over HTTP, through the API and a real ingest into a store: answered after the commit, stored once."""

from __future__ import annotations

import pytest

from headland.contract.posts.packs import PacksToStore, PostedPack
from tests.api.exchange.posting import KEY, LINES, SENML, TIME_S, Writer, told

pytestmark = pytest.mark.services("mosquitto")


def test_senml_and_lines_are_stored_once_however_often_they_come(writer: Writer) -> None:
    senml = f'[{{"bn":"urn:dev:bed-1:","bt":{TIME_S},"n":"soil_temperature","u":"Cel","v":18.5}}]'
    lines = f"soil,device=bed-1 soil_moisture_pct=31.2 {TIME_S}"
    assert told(writer.post(senml, SENML), "stored", "duplicate") == (200, 1, 0)
    assert told(writer.post(lines, LINES, precision="s"), "stored", "duplicate") == (200, 1, 0)
    for _ in range(2):
        assert told(writer.post(senml, SENML), "stored", "duplicate") == (200, 0, 1)
        assert told(writer.post(lines, LINES, precision="s"), "stored", "duplicate") == (200, 0, 1)
    assert sorted(writer.stored()) == [
        ("bed-1", "soil_moisture_pct", TIME_S * 1000, 31.2),
        ("bed-1", "soil_temperature_degc", TIME_S * 1000, 18.5),
    ]


def test_samples_without_a_time_have_that_of_the_first_receipt(writer: Writer) -> None:
    body = "air,device=house-1 co2_ppm=410"
    assert told(writer.post(body, LINES), "type") == (400, "urn:headland:problem:no-time")
    first = writer.post(body, {**LINES, **KEY})
    assert told(first, "stored", "duplicate") == (200, 1, 0)
    again = writer.post(body, {**LINES, **KEY})
    assert told(again, "stored", "duplicate", "received_ms") == (200, 0, 1, first.json()["received_ms"])
    assert writer.stored() == [("house-1", "co2_ppm", first.json()["received_ms"], 410.0)]
    other = writer.post("air,device=house-1 co2_ppm=500", {**LINES, **KEY})
    assert told(other, "type") == (409, "urn:headland:problem:idempotency-key-used")


def test_a_wrong_body_is_refused_with_the_field_and_kept_in_quarantine(writer: Writer) -> None:
    answer = writer.post(
        f"soil,device=bed-1 co2_ppm=400 {TIME_S}\nsoil,device=bed-1 mood=1 {TIME_S}\nx", LINES, precision="s"
    )
    assert told(answer, "type", "stored") == (400, "urn:headland:problem:samples-refused", 1)
    assert [each["reason"] for each in answer.json()["errors"]] == ["unknown_channel", "wrong_shape"]
    assert "mood" in answer.json()["errors"][0]["detail"]
    assert answer.json()["errors"][1]["detail"].startswith("line 3: ")
    assert [sample[1] for sample in writer.stored()] == ["co2_ppm"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "kind"),
    [
        ("<xml/>", {"Content-Type": "application/xml"}, 415, "unsupported-media-type"),
        ("x" * 200_000, LINES, 413, "too-large"),
        ("[]", SENML, 400, "samples-refused"),
        ('[{"n":"co2_ppm","v":"410"}]', SENML, 422, "bad-body"),
        ("x", LINES, 400, "samples-refused"),
    ],
)
def test_other_bodies_are_refused(writer: Writer, body: str, headers: dict[str, str], status: int, kind: str) -> None:
    assert told(writer.post(body, headers), "type") == (status, f"urn:headland:problem:{kind}")


def test_a_key_writes_about_its_own_devices_alone(writer: Writer) -> None:
    line = f"air,device=house-1 co2_ppm=410 {TIME_S}"
    assert told(writer.post(line, LINES, precision="s"), "stored") == (200, 1)
    answer = writer.post(f"air,device=house-1 co2_ppm=999 {TIME_S + 1}", {**LINES, **writer.other}, precision="s")
    assert told(answer, "type", "stored") == (400, "urn:headland:problem:samples-refused", 0)
    assert [each["reason"] for each in answer.json()["errors"]] == ["wrong_identity"]
    assert writer.stored() == [("house-1", "co2_ppm", TIME_S * 1000, 410.0)]


def test_nobody_writes_in_the_name_of_a_gateway_where_keys_ask(writer: Writer) -> None:
    packs = PacksToStore((PostedPack("house-1", b"[]"),), 1.0).encode()
    answer = writer.as_manager("/v1/gateways/gw-1/packs", packs)
    assert told(answer, "type") == (403, "urn:headland:problem:key-required")
    assert writer.stored() == []
