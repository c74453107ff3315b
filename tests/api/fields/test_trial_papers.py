"""The paper of a trial over HTTP: page, PDF and table say what the JSON says, in both languages."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pypdf
import pytest

from tests.api.registry_api import RegistryApi, serve_registry
from tests.api.server import body_of


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RegistryApi, str, str]]:
    """A trial of four nitrogen rates in four blocks, one plot of which has no number, and its variable."""
    with serve_registry(tmp_path_factory.mktemp("trial")) as api:
        yields = {"name": "Grain mass", "trait": "yield", "method": "weighed", "unit": "t/ha"}
        variable = body_of(api.client.post("/v1/trial-variables", json=yields), 201)["id"]
        order = {
            "field": api.ids["fields"], "name": "2027 nitrogen rates", "kind": "rcbd", "replicates": 4, "seed": 7,
            "length_m": 12, "width_m": 4, "gap_m": 1,
            "latitude_deg": 31.9512, "longitude_deg": 119.1712, "heading_deg": 0, "variables": [variable],
            "treatments": [{"name": f"N{rate}", "rate_ha": rate * 2.17, "n_kg_ha": rate} for rate in (0, 90, 180, 270)],
        }  # fmt: skip
        made = body_of(api.client.post("/v1/trials", json=order), 201)["trial"]
        of_rate = (4.1, 6.2, 7.1, 7.15)
        items = [
            {"plot": plot["number"], "variable": variable,
             "value": str(of_rate[plot["treatment"]] + 0.1 * plot["block"] + 0.03 * (plot["number"] % 3))}
            for plot in made["plots"][:-1]
        ]  # fmt: skip
        body_of(api.client.post(f"/v1/trials/{made['id']}/observations", json={"items": items}), 201)
        yield api, made["id"], variable


def ask(trial: tuple[RegistryApi, str, str], **query: Any) -> Any:
    api, thing, variable = trial
    answer = api.client.get(f"/v1/trials/{thing}/result", params={"variable": variable, **query})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_trial_is_a_pdf_with_the_means_and_intervals_of_the_answer(
    trial: tuple[RegistryApi, str, str], language: str
) -> None:
    prices = {"nitrogen_price_kg": 5, "grain_price_t": 2400}
    result = ask(trial, **prices).json()
    answer = ask(trial, format="pdf", lang=language, **prices)
    assert answer.headers["Content-Type"] == "application/pdf"
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert "2027 nitrogen rates · Grain mass" in text
    assert ("田间试验结果" if language == "zh" else "Field trial") in text
    for each in result["means"]:
        assert {f"{each[name]:.2f}" for name in ("value", "low", "high")} <= set(text.split()), each
    assert f"{result['response']['optimum_kg_ha']:.0f}" in text
    assert result["missing"][0] in text


def test_the_table_of_a_trial_has_every_mean_and_difference_whole(trial: tuple[RegistryApi, str, str]) -> None:
    result = ask(trial, level=0.9).json()
    content = ask(trial, level=0.9, format="csv").content.decode("utf-8-sig")
    cells = {cell for row in csv.reader(io.StringIO(content)) for cell in row}
    for each in (*result["means"], *result["differences"]):
        assert {str(each[name]) for name in ("value", "low", "high")} <= cells
    assert "90 %" in ask(trial, level=0.9, format="html").text


def test_a_trial_without_numbers_has_a_paper_that_says_so_and_an_unknown_form_is_refused(
    trial: tuple[RegistryApi, str, str],
) -> None:
    api, thing, _ = trial
    words = {"name": "Colour", "trait": "colour", "method": "seen", "data_type": "text"}
    variable = body_of(api.client.post("/v1/trial-variables", json=words), 201)["id"]
    path = f"/v1/trials/{thing}/result?variable={variable}"
    assert "无法分析：该指标不是数值。" in api.client.get(f"{path}&format=html&lang=zh").text
    assert api.client.get(f"{path}&format=docx").status_code == 422
    assert api.client.get(f"{path}&from=pdf").json()["type"].endswith("unknown-parameter")
