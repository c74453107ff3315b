"""BrAPI as Field Book calls it: the study of a trial to the phone, observations back, and the trial's result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from api.auth.permissions import RequiredScope, is_open_to, required_scope
from api.standards.brapi.entities import BrapiCatalog
from headland.registry.models.models import Scope
from headland.registry.models.people import PersonRole
from tests.api.registry_api import RegistryApi, serve_registry

#: Schemas of BrAPI's own specification; `source` names the commit.
SPECIFICATION = json.loads((Path(__file__).parent / "schemas.json").read_text())
RATES = (0.0, 90.0, 180.0, 270.0)
#: Grain yields [t/ha] by nitrogen: a plateau begins near 200 kg/ha.
YIELDS = {0.0: 4.0, 90.0: 6.2, 180.0: 7.3, 270.0: 7.4}


@cache
def validator(schema: str) -> jsonschema.Draft4Validator:
    document = {"$ref": f"#/components/schemas/{schema}", "components": SPECIFICATION["components"]}
    return jsonschema.Draft4Validator(document)


@dataclass(frozen=True)
class Phone:
    """A phone with Field Book: a key that may write, and the address of the server's BrAPI."""

    api: RegistryApi
    headers: dict[str, str]
    trial: dict[str, Any]
    variable: str

    def call(self, method: str, path: str, schema: str, status: int = 200, **more: Any) -> dict[str, Any]:
        answer = self.api.client.request(method, f"/brapi/v2/{path}", headers=self.headers, timeout=120, **more)
        assert answer.status_code == status, (path, answer.text[:500])
        body: dict[str, Any] = answer.json()
        if status == 200:
            validator("metadata").validate(body["metadata"])
            result = body["result"]
            for each in [result] if "headerRow" in result else result.get("data", [result]):
                validator(schema).validate(each)
        return body

    def pages(self, path: str, schema: str, size: int) -> list[dict[str, Any]]:
        """Return all pages of a list, as Field Book reads them: by totalPages of the first."""
        first = self.call("GET", f"{path}&page=0&pageSize={size}", schema)
        data: list[dict[str, Any]] = first["result"]["data"]
        for page in range(1, first["metadata"]["pagination"]["totalPages"]):
            data += self.call("GET", f"{path}&page={page}&pageSize={size}", schema)["result"]["data"]
        assert len(data) == first["metadata"]["pagination"]["totalCount"]
        return data


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    with serve_registry(tmp_path_factory.mktemp("brapi")) as api:
        variety = api.ids["germplasm"]
        order = {
            "field": api.ids["field"] if "field" in api.ids else api.ids["fields"],
            "name": "2027 nitrogen",
            "kind": "rcbd",
            "treatments": [
                {"name": f"N{rate:.0f}", "rate_ha": rate / 0.46, "n_kg_ha": rate, "germplasm": variety}
                for rate in RATES
            ],
            "replicates": 4,
            "seed": 7,
            "length_m": 12,
            "width_m": 4,
            "gap_m": 1,
            "latitude_deg": 31.9512,
            "longitude_deg": 119.1712,
            "heading_deg": 0,
            "product": api.ids["products"],
            "season": api.ids["seasons"],
            "variables": [api.ids["trial_variables"]],
        }
        made = api.client.post("/v1/trials", json=order, timeout=120)
        assert made.status_code == 201, made.text
        key = api.repositories.add_key("phone", Scope.WRITE)[1]
        yield Phone(api, {"Authorization": f"Bearer {key}"}, made.json()["trial"], api.ids["trial_variables"])


def observations_of(phone: Phone, units: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    return [
        {
            "observationUnitDbId": unit["observationUnitDbId"],
            "observationVariableDbId": phone.variable,
            "observationVariableName": "Grain yield",
            "studyDbId": phone.trial["id"],
            "collector": " Li ",
            "value": f"{YIELDS[RATES[phone.trial['plots'][at]['treatment']]] + rng.normal(0.0, 0.1):.3f}",
            "observationTimeStamp": "2027-06-01T09:30:00.000+08:00",
            "externalReferences": [
                {"referenceId": str(at), "referenceID": str(at), "referenceSource": "Field Book Upload"},
                {"referenceId": "phone-1", "referenceID": "phone-1", "referenceSource": "Field Book Device"},
            ],
        }
        for at, unit in enumerate(units)
    ]


def test_the_calls_of_field_book_bring_a_trial_to_the_phone_and_its_observations_back(phone: Phone) -> None:
    info = phone.call("GET", "serverinfo", "ServerInfo")["result"]
    assert {"observations", "observationunits", "search/germplasm"} <= {each["service"] for each in info["calls"]}
    (program,) = phone.pages("programs?", "Program", 50)
    trials = phone.pages(f"trials?programDbId={program['programDbId']}", "Trial", 1)
    mine = next(each for each in trials if each["trialName"] == "2027 nitrogen")
    scope = f"active=true&programDbId={program['programDbId']}&trialDbId={mine['trialDbId']}"
    (study,) = phone.pages(f"studies?{scope}", "Study", 50)
    assert phone.call("GET", f"studies/{study['studyDbId']}", "Study")["result"] == study
    levels = phone.call("GET", f"observationlevels?programDbId={program['programDbId']}&page=0&pageSize=1000",
                        "ObservationUnitHierarchyLevel")  # fmt: skip
    (level,) = levels["result"]["data"]
    units = phone.pages(
        f"observationunits?studyDbId={study['studyDbId']}&observationUnitLevelName={level['levelName']}",
        "ObservationUnit",
        5,
    )
    assert [unit["observationUnitPosition"]["positionCoordinateX"] for unit in units[:5]] == ["1", "2", "3", "4", "1"]
    assert len({unit["observationUnitName"] for unit in units}) == 16
    ids = list({unit["germplasmDbId"] for unit in units})
    body = {"germplasmDbIds": ids + ids, "page": 0, "pageSize": 50}
    (variety,) = phone.call("POST", "search/germplasm", "Germplasm", json=body)["result"]["data"]
    assert variety["synonyms"] == [{"synonym": "YM25", "type": ""}]
    (variable,) = phone.pages(f"variables?studyDbId={study['studyDbId']}", "ObservationVariable", 1000)
    assert variable["scale"]["validValues"] == {"minimumValue": "0", "maximumValue": "20", "categories": []}

    sent = observations_of(phone, units)
    stored = phone.call("POST", "observations", "Observation", json=sent)["result"]["data"]
    assert [each["value"] for each in stored] == [each["value"] for each in sent]
    assert [each["externalReferences"] for each in stored] == [each["externalReferences"] for each in sent]
    assert stored[0]["observationTimeStamp"] == "2027-06-01T01:30:00.000Z"
    assert stored[0]["collector"] == "Li"
    # The answer was lost on the way: the phone sends all of it again.
    again = phone.call("POST", "observations", "Observation", json=sent)["result"]["data"]
    assert [each["observationDbId"] for each in again] == [each["observationDbId"] for each in stored]
    edited = {stored[0]["observationDbId"]: {**sent[0], "value": "NA"}}
    (changed,) = phone.call("PUT", "observations", "Observation", json=edited)["result"]["data"]
    assert (changed["value"], changed["observationDbId"]) == ("NA", stored[0]["observationDbId"])
    seen = phone.pages(f"observations?studyDbId={study['studyDbId']}", "Observation", 7)
    assert len(seen) == 16

    prices = "nitrogen_price_kg=5&grain_price_t=2400"
    result = phone.api.client.get(f"/v1/trials/{phone.trial['id']}/result?variable={phone.variable}&{prices}").json()
    assert result.get("reason") is None, result
    assert (result["n"], len(result["missing"])) == (15, 1)
    assert [mean["treatment"] for mean in result["means"]] == ["N0", "N90", "N180", "N270"]
    assert result["means"][0]["value"] == pytest.approx(4.0, abs=0.15)
    assert result["differences"][1]["low"] < 3.3 < result["differences"][1]["high"]
    assert 0.05 < result["lsd"] < 0.4
    assert result["response"]["optimum_low_kg_ha"] < 200 < result["response"]["optimum_high_kg_ha"]


def test_rates_of_a_trial_are_a_prescription_of_its_own(phone: Phone) -> None:
    made = phone.api.client.post(f"/v1/trials/{phone.trial['id']}/prescription", json={"surround_ha": 200}, timeout=120)
    assert made.status_code == 201, made.text
    prescription = phone.api.repositories.prescriptions.get(made.json()["id"])
    assert [round(zone.rate_ha, 1) for zone in prescription.zones] == [0.0, 195.7, 200.0, 391.3, 587.0]
    # Four plots of 12 m by 4 m each.
    assert [zone.area_ha for zone in prescription.zones][:2] == pytest.approx([0.0192, 0.0192], rel=0.05)
    assert phone.api.repositories.trials.get(phone.trial["id"]).prescription == prescription.id


def test_a_design_of_another_program_is_taken_with_its_units_and_analysed(phone: Phone) -> None:
    germplasm = [
        {"germplasmName": name, "germplasmPUI": f"PUI:{name}", "commonCropName": "wheat", "species": "aestivum"}
        for name in ("A", "B")
    ]
    answer = phone.call("POST", "germplasm", "Germplasm", json=germplasm)
    assert [note["message"] for note in answer["metadata"]["status"]] == ["Not kept: species."]
    varieties = [each["germplasmDbId"] for each in answer["result"]["data"]]
    new = [
        {
            "observationVariableName": "Lodging",
            "trait": {"traitName": "lodging"},
            "method": {"methodName": "by eye"},
            "scale": {
                "scaleName": "1-3",
                "dataType": "Ordinal",
                "validValues": {"categories": [{"value": "1", "label": "none"}, {"value": "3", "label": "flat"}]},
            },
        }
    ]
    (lodging,) = phone.call("POST", "variables", "ObservationVariable", json=new)["result"]["data"]
    location = phone.call("GET", "locations?", "Location")["result"]["data"][0]["locationDbId"]
    study = {"studyName": "Varieties", "locationDbId": location, "observationVariableDbIds": [phone.variable]}
    (made,) = phone.call("POST", "studies", "Study", json=[study])["result"]["data"]
    units = [
        {
            "studyDbId": made["studyDbId"],
            "observationUnitName": f"V{row}{column}",
            "germplasmDbId": varieties[(row + column) % 2],
            "observationUnitPosition": {
                "observationLevel": {"levelName": "plot", "levelCode": f"{row}{column}"},
                "observationLevelRelationships": [{"levelName": "rep", "levelCode": f"R{row}"}],
                "positionCoordinateX": str(column),
                "positionCoordinateXType": "GRID_COL",
                "positionCoordinateY": str(row),
                "positionCoordinateYType": "GRID_ROW",
            },
        }
        for row in (1, 2, 3)
        for column in (1, 2)
    ]
    stored = phone.call("POST", "observationunits", "ObservationUnit", json=units)["result"]["data"]
    assert [each["germplasmDbId"] for each in stored] == [each["germplasmDbId"] for each in units]
    values = {varieties[0]: 6.0, varieties[1]: 6.6}
    observed = [
        {
            "observationUnitDbId": each["observationUnitDbId"],
            "observationVariableDbId": phone.variable,
            "value": values[each["germplasmDbId"]] + 0.1 * at,
        }
        for at, each in enumerate(stored)
    ]
    phone.call("POST", "observations", "Observation", json=observed)
    result = phone.api.client.get(f"/v1/trials/{made['studyDbId']}/result?variable={phone.variable}").json()
    assert result["differences"][0]["value"] == pytest.approx(0.6, abs=0.15)
    table = phone.call("GET", f"observations/table?studyDbId={made['studyDbId']}", "ObservationTable")["result"]
    assert len(table["data"]) == 6
    assert table["observationVariables"][0]["observationVariableName"] == "Grain yield"
    bad = {"observationUnitDbId": stored[0]["observationUnitDbId"],
           "observationVariableDbId": lodging["observationVariableDbId"], "value": "2"}  # fmt: skip
    refused = phone.call("POST", "observations", "Observation", 400, json=[bad])
    assert "no class of 'Lodging'" in refused["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "studies?page=x", 400),
        ("GET", "nothing", 404),
        ("GET", "studies/01k9v4k8r0q3m8x5w7t2n6y4c1", 404),
        ("PUT", "observations/01k9v4k8r0q3m8x5w7t2n6y4c1", 404),
        ("POST", "observations", 422),
    ],
)
def test_what_brapi_does_not_have_is_refused(phone: Phone, method: str, path: str, status: int) -> None:
    phone.call(method, path, "Study", status, content=b"{}" if method != "GET" else None)


def test_a_search_can_be_read_again_by_its_id(phone: Phone) -> None:
    body = {"studyDbIds": [phone.trial["id"]], "pageSize": 5}
    first = phone.call("POST", "search/observationunits", "ObservationUnit", json=body)
    key = first["result"]["searchResultsDbId"]
    again = phone.call("GET", f"search/observationunits/{key}?page=1&pageSize=5", "ObservationUnit")
    assert again["metadata"]["pagination"]["totalCount"] == 16
    shown = [[each["observationUnitDbId"] for each in answer["result"]["data"]] for answer in (first, again)]
    assert [len(set(page)) for page in shown] == [5, 5]
    assert not set(shown[0]) & set(shown[1])
    phone.call("GET", "search/observationunits/undefined", "ObservationUnit", 404)


def test_a_filter_that_is_not_known_is_named(phone: Phone) -> None:
    body = phone.call("GET", "studies?sortBy=studyName", "Study")
    assert body["metadata"]["status"] == [{"message": "Not used: sortBy.", "messageType": "WARNING"}]


def test_a_key_that_reads_may_search_and_not_write_and_a_member_may_neither() -> None:
    assert required_scope("POST", "/brapi/v2/search/studies") is RequiredScope.READ
    assert required_scope("GET", "/brapi/v2/studies") is RequiredScope.READ
    assert required_scope("POST", "/brapi/v2/observations") is RequiredScope.WRITE
    for method, path in (("GET", "studies"), ("POST", "search/studies"), ("POST", "observations")):
        assert not is_open_to(PersonRole.MEMBER, method, f"/brapi/v2/{path}")
    assert not is_open_to(PersonRole.PILOT, "POST", "/brapi/v2/observations")


def test_another_organisation_sees_no_study(phone: Phone) -> None:
    other = phone.api.registry.add_organisation("other-farm", "Other", "test").id
    assert list(BrapiCatalog(phone.api.registry.repositories(other, "test")).studies()) == []
