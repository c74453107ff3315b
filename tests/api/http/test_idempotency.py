"""Requests with an Idempotency-Key: carried out once, whatever happens to their answers."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from api.http.idempotency import mark_key
from headland.errors import RetryLater
from headland.registry.db.request_marks import MarkedRequest, marking
from headland.registry.models.errors import InvalidRecord
from headland.registry.models.models import GrowerNote
from headland.registry.repositories.delivery import request_marks
from headland.registry.repositories.delivery.request_marks import RequestMarkRepository
from tests.api.farm import NOW_MS
from tests.api.registry_api import RegistryApi, serve_registry

KEY = "a" * 32
OTHER_KEY = "b" * 32


@pytest.fixture
def api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


def add_note(api: RegistryApi, key: str | None = KEY, text: str = "opened the vents") -> httpx.Response:
    body = {"greenhouse": api.ids["greenhouses"], "time_ms": NOW_MS, "author": "Li", "text": text}
    headers = {} if key is None else {"Idempotency-Key": key}
    return api.client.post("/v1/notes", json=body, headers=headers)


def count(api: RegistryApi, text: str = "opened the vents") -> int:
    return sum(note.text == text for note in api.repositories.notes.all())


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()["type"]).removeprefix("urn:headland:problem:")


def test_a_repeated_request_has_the_first_answer_and_is_carried_out_once(api: RegistryApi) -> None:
    first, again = add_note(api), add_note(api)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (again.headers["location"], again.headers["etag"]) == (first.headers["location"], first.headers["etag"])
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert count(api) == 1
    assert add_note(api, OTHER_KEY).json()["id"] != first.json()["id"]
    assert add_note(api, None).status_code == 201
    assert count(api) == 3


def test_requests_that_arrive_at_once_are_carried_out_once(api: RegistryApi) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: add_note(api), range(6)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert count(api) == 1
    assert {kind_of(answer) for answer in answers if answer.status_code == 409} <= {(409, "carried-out-already")}


def test_a_request_whose_answer_is_lost_is_told_and_not_carried_out_again(
    api: RegistryApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RetryLater("the registry is away")

    monkeypatch.setattr(RequestMarkRepository, "keep_answer", fail)
    assert add_note(api).status_code == 201
    assert kind_of(add_note(api)) == (409, "carried-out-already")
    assert count(api) == 1


def test_a_refused_request_can_be_corrected_under_its_key(api: RegistryApi) -> None:
    assert add_note(api, text="").status_code in {400, 422}
    assert add_note(api).status_code == 201
    assert kind_of(add_note(api, text="something else")) == (409, "idempotency-key-used")
    assert count(api) == 1
    assert kind_of(add_note(api, "short")) == (400, "bad-idempotency-key")


def test_a_deletion_repeated_is_answered_as_the_first(api: RegistryApi) -> None:
    note = add_note(api).json()["id"]
    headers = {"Idempotency-Key": OTHER_KEY, "If-Match": '"1"'}
    answers = [api.client.delete(f"/v1/notes/{note}", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]


def test_a_secret_is_not_kept_for_a_repetition(api: RegistryApi) -> None:
    body = {"name": "phone", "scope": "read"}
    first, again = (api.client.post("/v1/keys", json=body, headers={"Idempotency-Key": KEY}) for _ in range(2))
    assert first.status_code == 201
    assert kind_of(again) == (409, "carried-out-already")
    mark = api.repositories.request_marks.find(mark_key("POST", "/v1/keys", KEY))
    assert mark is not None
    assert mark.answer is None


def test_a_change_that_is_rolled_back_leaves_no_mark(api: RegistryApi) -> None:
    request = MarkedRequest(api.repositories.organisation, KEY, "digest", NOW_MS)
    note = GrowerNote(greenhouse="not-there", time_ms=NOW_MS, author="Li", text="x")
    with marking(request), pytest.raises((InvalidRecord, Exception), match="not-there"):
        api.repositories.notes.add(note)
    assert not request.is_marked
    assert api.repositories.request_marks.find(KEY) is None


def test_requests_of_long_ago_are_forgotten(api: RegistryApi, monkeypatch: pytest.MonkeyPatch) -> None:
    add_note(api)
    monkeypatch.setattr(request_marks, "KEPT_MS", -1)
    add_note(api, OTHER_KEY)
    assert api.repositories.request_marks.find(mark_key("POST", "/v1/notes", KEY)) is None
