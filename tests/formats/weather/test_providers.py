"""The contract of providers of forecasts, on every adapter; others add theirs by an entry point."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.errors import SettingsError
from headland.formats.weather.files import FILES
from headland.formats.weather.providers import PROVIDERS, provider_named
from headland.registry.models.weather import OWN_PROVIDERS
from headland.runtime.extensions import FORECAST_PROVIDERS, list_extensions
from tests.examples import examples
from tests.formats.weather import contract
from tests.formats.weather.answers import CASES
from tests.formats.weather.valley import install_valley

_NAMES = sorted(CASES)
_VALUES = st.one_of(
    st.none(), st.booleans(), st.text(max_size=8), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.integers(), max_size=3), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def test_every_provider_of_the_package_has_a_case() -> None:
    assert {case.provider.name for case in CASES.values()} == set(PROVIDERS)
    # Files are read and not asked for: test_grib.py and test_csv_table.py have theirs.
    assert set(OWN_PROVIDERS) == {*PROVIDERS, FILES.name}


@pytest.mark.parametrize("name", _NAMES)
def test_a_request_tells_the_rounded_place_alone(name: str) -> None:
    contract.check_request(CASES[name])


@pytest.mark.parametrize("name", _NAMES)
def test_an_issue_is_in_the_catalogue_s_units_and_carries_its_attribution(name: str) -> None:
    contract.check_issue(CASES[name])


@pytest.mark.parametrize("name", _NAMES)
def test_the_same_answer_is_the_same_issue_whenever_it_is_fetched(name: str) -> None:
    contract.check_same_content(CASES[name])


@pytest.mark.parametrize("name", _NAMES)
def test_what_a_simulator_says_is_marked(name: str) -> None:
    contract.check_simulated(CASES[name])


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(_NAMES), st.binary(max_size=200))
def test_no_bytes_are_an_exception(name: str, body: bytes) -> None:
    contract.check_any_bytes(CASES[name], body)


@settings(max_examples=examples(200), deadline=None)
@given(st.sampled_from(_NAMES), st.integers(0, 10_000))
def test_an_answer_that_was_cut_is_an_issue_or_a_refusal(name: str, cut: int) -> None:
    body = CASES[name].body
    contract.check_any_bytes(CASES[name], body[: cut % len(body)])


@settings(max_examples=examples(400), deadline=None)
@given(st.sampled_from(_NAMES), st.integers(0, 100_000), _VALUES)
def test_an_answer_with_any_other_value_anywhere_is_an_issue_or_a_refusal(name: str, place: int, value: object) -> None:
    contract.check_any_bytes(CASES[name], contract.mutated(CASES[name].body, place, value))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"null", b"<html></html>"])
@pytest.mark.parametrize("name", _NAMES)
def test_what_is_no_document_of_a_provider_is_refused(name: str, body: bytes) -> None:
    contract.check_any_bytes(CASES[name], body)


def test_another_distribution_adds_a_provider_by_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_valley(tmp_path, monkeypatch)
    provider = provider_named("valley")
    case = contract.Case(provider, contract.query_of(provider), b"2027-01-15T08:00Z 12.5\n2027-01-15T09:00Z 13\n")
    contract.check_request(case)
    contract.check_issue(case)
    contract.check_same_content(case)
    contract.check_simulated(case)
    for body in (b"", b"\xff", b"2027-01-15T08:00Z x", b"never 1"):
        contract.check_any_bytes(case, body)
    listed = {(one.name, one.owner) for one in list_extensions() if one.group == FORECAST_PROVIDERS}
    assert listed == {(name, "valley-forecast") for name in ("valley", "other", "lost")}
    for name, fault in (
        ("other", "of valley-forecast is no ForecastProvider"),
        ("lost", "'lost' of valley-forecast cannot be loaded"),
        ("none", "choose one of"),
    ):
        with pytest.raises(SettingsError, match=fault):
            provider_named(name)
