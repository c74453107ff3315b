"""Observations of SensorThings that programs post, through the API and a real ingest into a store."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.exchange.posting import JSON, KEY, LINES, TIME_S, Writer

pytestmark = pytest.mark.services("mosquitto")
ROOT = "/sta/v1.1"
ONE = f"{ROOT}/Observations"
BATCH = f"{ROOT}/CreateObservations"
STREAM = "bed-1:soil_temperature_degc"
#: 2026-09-21 14:13:20 UTC.
TIME_MS = 1_790_000_000_000
TIME = "2026-09-21T14:13:20.000Z"


@pytest.fixture
def stream(writer: Writer) -> str:
    """A Datastream: it exists once a sample of it is stored."""
    answer = writer.post(f"soil,device=bed-1 soil_temperature_degc=18.5 {TIME_S}", LINES, precision="s")
    assert answer.status_code == 200, answer.text
    return STREAM


def observation(stream: str | None = STREAM, **fields: Any) -> str:
    whole = {"phenomenonTime": TIME, "resultTime": TIME, "result": 19.5, "Datastream": {"@iot.id": stream}, **fields}
    return json.dumps({name: value for name, value in whole.items() if value != {"@iot.id": None}})


def stored(writer: Writer) -> list[tuple[int, float]]:
    return [(time_ms, value) for _, _, time_ms, value in writer.stored() if time_ms != TIME_S * 1000]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


@pytest.mark.parametrize("path", [ONE, f"{ROOT}/Datastreams('{STREAM}')/Observations"])
def test_an_observation_is_created_once_and_is_at_its_location(writer: Writer, stream: str, path: str) -> None:
    body = observation(stream if path == ONE else None)
    first, again = (writer.post(body, JSON, path) for _ in range(2))
    assert [(each.status_code, each.content) for each in (first, again)] == [(201, b""), (201, b"")]
    assert first.headers["location"] == again.headers["location"]
    assert stored(writer) == [(TIME_MS, 19.5)]
    found = writer.send("GET", first.headers["location"], headers=writer.manager).json()
    assert (found["result"], found["phenomenonTime"]) == (19.5, TIME)


def test_without_a_time_it_has_that_of_the_receipt(writer: Writer, stream: str) -> None:
    body = json.dumps({"result": 20, "Datastream": {"@iot.id": stream}})
    first, again = (writer.post(body, JSON, ONE) for _ in range(2))
    assert (first.status_code, first.headers["location"]) == (201, again.headers["location"])
    keyed, repeated = (writer.post(body, {**JSON, **KEY}, ONE) for _ in range(2))
    assert keyed.headers["location"] == repeated.headers["location"] != first.headers["location"]
    assert [value for _, value in stored(writer)] == [20.0, 20.0]


def test_another_result_of_the_same_time_is_told(writer: Writer, stream: str) -> None:
    assert writer.post(observation(), JSON, ONE).status_code == 201
    assert problem(writer.post(observation(result=21), JSON, ONE)) == (409, "other-result")
    assert stored(writer) == [(TIME_MS, 19.5)]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (observation("bed-1:no_such_ppm"), 400, "There is no Datastream 'bed-1:no_such_ppm'"),
        (observation("nobody:soil_temperature_degc"), 400, "There is no Datastream"),
        (observation(result="warm"), 400, "'warm' is no number"),
        (observation(result=None), 400, "no number"),
        (observation(phenomenonTime="2026-09-21T14:13:20"), 400, "no instant with a zone"),
        (observation(phenomenonTime=f"{TIME}/{TIME}"), 400, "no instant"),
        (observation(None), 400, "Datastream has no @iot.id"),
        ("[1]", 400, "no object"),
        ("{", 400, "no JSON"),
    ],
)
def test_what_cannot_be_stored_is_kept_with_its_cause(
    writer: Writer, stream: str, body: str, status: int, word: str
) -> None:
    answer = writer.post(body, JSON, ONE)
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text
    assert len(writer.quarantined()) == 1
    assert stored(writer) == []


def test_an_address_of_no_datastream_is_404(writer: Writer, stream: str) -> None:
    answer = writer.post(observation(None), JSON, f"{ROOT}/Datastreams('bed-9:co2_ppm')/Observations")
    assert problem(answer) == (404, "unknown-entity")


def test_the_device_of_another_key_is_refused(writer: Writer, stream: str) -> None:
    answer = writer.post(observation(stream), {**JSON, **writer.other}, ONE)
    assert (answer.status_code, [each["reason"] for each in answer.json()["errors"]]) == (400, ["wrong_identity"])
    assert stored(writer) == []


def test_a_batch_has_an_answer_for_each_row(writer: Writer, stream: str) -> None:
    rows = [[f"2026-09-21T14:13:{second:02}Z", second, 7] for second in range(20, 23)]
    rows[1][1] = "warm"
    arrays = [
        {
            "Datastream": {"@iot.id": stream},
            "components": ["phenomenonTime", "result", "FeatureOfInterest/id"],
            "dataArray@iot.count": 3,
            "dataArray": rows,
        },
        {"Datastream": {"@iot.id": "bed-9:co2_ppm"}, "components": ["result"], "dataArray": [[1]]},
    ]
    answers = [writer.post(json.dumps(arrays), JSON, BATCH) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    first, second, third, fourth = answers[0].json()
    assert answers[1].json() == answers[0].json()
    assert (second, fourth[:5]) == ("error: result 'warm' is no number", "error")
    for address, value in ((first, 20), (third, 22)):
        assert writer.send("GET", address, headers=writer.manager).json()["result"] == value
    assert stored(writer) == [(TIME_MS, 20.0), (TIME_MS + 2000, 22.0)]
    assert {each["reason"] for each in writer.quarantined()} <= {"wrong_shape", "unknown_channel"}


def test_an_array_without_rows_has_no_answer_of_its_own(writer: Writer, stream: str) -> None:
    of_stream = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"]}
    arrays = [{**of_stream, "dataArray": []}, {**of_stream, "dataArray": [[TIME, 20]]}]
    answer = writer.post(json.dumps(arrays), JSON, BATCH)
    assert (answer.status_code, len(answer.json()), stored(writer)) == (201, 1, [(TIME_MS, 20.0)])


def test_an_array_without_rows_of_no_datastream_is_refused_beside_others(writer: Writer, stream: str) -> None:
    rows = {"Datastream": {"@iot.id": stream}, "components": ["phenomenonTime", "result"], "dataArray": [[TIME, 20]]}
    answer = writer.post(json.dumps([{"components": [], "dataArray": []}, rows]), JSON, BATCH)
    assert [each[:5] == "error" for each in answer.json()] == [True, False]
    assert stored(writer) == [(TIME_MS, 20.0)]


NOTHING = [
    [],
    {},
    [1],
    [{"Datastream": {"@iot.id": STREAM}}],
    [{"components": [], "dataArray": []}],
    [{"Datastream": {"@iot.id": STREAM}, "components": ["result"], "dataArray": []}],
]


@pytest.mark.parametrize("body", [json.dumps(each) for each in NOTHING])
def test_a_batch_of_nothing_is_refused(writer: Writer, stream: str, body: str) -> None:
    assert writer.post(body, JSON, BATCH).status_code in (400, 422)
    assert stored(writer) == []


def test_a_reader_writes_nothing(writer: Writer, stream: str) -> None:
    order = {"name": "reader", "scope": "read"}
    key = writer.send("POST", "/v1/keys", json=order, headers=writer.manager).json()["key"]
    answer = writer.post(observation(stream), {**JSON, "Authorization": f"Bearer {key}"}, ONE)
    assert problem(answer) == (403, "scope")
