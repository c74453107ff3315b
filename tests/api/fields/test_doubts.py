"""Doubts over HTTP: an improbable place is taken and asked about, mended by its change, or confirmed for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.registry_api import RegistryApi, serve_registry

ABROAD = {"name": "abroad", "time_zone": "Europe/Berlin", "longitude_deg": 119.17, "latitude_deg": 31.95}


@pytest.fixture
def farm_api(tmp_path: Path) -> Iterator[RegistryApi]:
    with serve_registry(tmp_path) as served:
        yield served


def doubts(farm_api: RegistryApi, **query: Any) -> list[dict[str, Any]]:
    answer = farm_api.client.get("/v1/doubts", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def add_site(farm_api: RegistryApi, **changes: Any) -> dict[str, Any]:
    added = farm_api.client.post("/v1/sites", json={"farm": farm_api.ids["farms"], **ABROAD, **changes})
    assert added.status_code == 201, added.text
    site: dict[str, Any] = added.json()
    return site


def test_a_site_in_a_zone_of_elsewhere_is_taken_with_a_question_and_its_change_mends_it(farm_api: RegistryApi) -> None:
    assert doubts(farm_api) == []
    site = add_site(farm_api)
    (question,) = site["doubts"]
    assert doubts(farm_api) == [question]
    assert (question["target"], question["target_id"], question["cause"]) == ("site", site["id"], "zone_elsewhere")
    assert "noon would be at 05:03 there" in question["text"]
    assert "当地正午在 05:03" in question["text_zh"]
    assert question["effect"]
    assert question["effect_zh"]
    assert question["changes"] == [{"field": "time_zone", "before": "Europe/Berlin", "after": "Asia/Shanghai"}]
    # The ordinary route makes the change, with its own permission, version and entry in the audit log.
    mended = {**site, **{change["field"]: change["after"] for change in question["changes"]}}
    saved = farm_api.client.put(f"/v1/sites/{site['id']}", json=mended)
    assert saved.status_code == 200, saved.text
    assert (saved.json()["time_zone"], saved.json()["doubts"]) == ("Asia/Shanghai", [])
    assert doubts(farm_api) == []


def test_what_a_person_confirmed_is_asked_no_more_until_the_value_is_another(farm_api: RegistryApi) -> None:
    site = add_site(farm_api)
    (question,) = doubts(farm_api)
    said = {name: question[name] for name in ("target", "target_id", "cause", "value")}
    assert farm_api.client.post("/v1/confirmations", json={**said, "author": "Li Na"}).status_code == 201
    assert doubts(farm_api) == []
    (answered,) = doubts(farm_api, answered=True)
    assert (answered["confirmed"]["author"], answered["cause"]) == ("Li Na", "zone_elsewhere")
    again = farm_api.client.get(f"/v1/sites/{site['id']}").json()
    assert again["doubts"][0]["confirmed"]["author"] == "Li Na"
    # Another improbable value is another question.
    farm_api.client.put(f"/v1/sites/{site['id']}", json={**site, "longitude_deg": 120.0})
    assert [each["confirmed"] for each in doubts(farm_api)] == [None]
    # Who takes the word back is asked again.
    farm_api.client.put(f"/v1/sites/{site['id']}", json={**site, "version": 2})
    assert doubts(farm_api) == []
    farm_api.client.delete(f"/v1/confirmations/{answered['confirmed']['id']}", params={"version": 1})
    assert len(doubts(farm_api)) == 1


def test_a_wrong_sign_of_a_site_is_asked_about_and_a_site_that_was_given_up_is_not(farm_api: RegistryApi) -> None:
    site = add_site(farm_api, time_zone="Asia/Shanghai", longitude_deg=-119.17)
    (question,) = doubts(farm_api)
    assert question["cause"] == "place_longitude_sign"
    assert question["changes"] == [{"field": "longitude_deg", "before": -119.17, "after": 119.17}]
    farm_api.client.put(f"/v1/sites/{site['id']}", json={**site, "active": False})
    assert doubts(farm_api) == []


@pytest.mark.parametrize("path", ["farms", "sites", "greenhouses"])
def test_null_island_is_refused_at_every_door_in_both_languages(farm_api: RegistryApi, path: str) -> None:
    record = farm_api.client.get(f"/v1/{path}/{farm_api.ids[path]}").json()
    body = {**record, "longitude_deg": 0, "latitude_deg": 0}
    for language, words in (("en", "at 0, 0 in the Gulf of Guinea"), ("zh", "几内亚湾")):
        for answer in (
            farm_api.client.put(f"/v1/{path}/{record['id']}", json=body, headers={"accept-language": language}),
            farm_api.client.post(f"/v1/{path}", json={**body, "name": "n"}, headers={"accept-language": language}),
        ):
            assert answer.status_code == 400, answer.text
            assert words in answer.json()["detail"]
            if language == "zh":
                assert "the " not in answer.json()["detail"]
