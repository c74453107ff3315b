"""The fast path for plain packs equals decoding record by record."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headland.contract.senml import decoder
from headland.contract.senml.decoder import Pack, decode_senml
from headland.contract.senml.fast_path import read_plain
from tests.examples import examples

T_S = 1_790_000_000.25
FROM_S, UNTIL_S = 2.0**28, 4e9

_NAMES = st.sampled_from(
    ["air_temperature_degc", "dev/air_temperature_degc", "co2", "humidity_pct:1", "co2_ppm", "nonsense", ""]
)
_NUMBERS = st.floats(-1e6, 1e6) | st.integers(-500, 500) | st.just(1e308)
_RECORDS = st.fixed_dictionaries(
    {"n": _NAMES, "v": _NUMBERS},
    optional={
        "t": st.sampled_from([0, 60, 60.5, -3600, T_S, 5e9]),
        "u": st.sampled_from(["Cel", "ppm", "%RH", "furlong"]),
    },
)
_BASES = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["urn:dev:mac:0a1b:", "house/"]),
        "bt": st.just(T_S),
        "bu": st.sampled_from(["ppm", "Cel"]),
        "bv": st.just(0.5),
        "vs": st.just("on"),
        "later_": st.just(1),
        "other": st.just(1),
    },
)


@st.composite
def packs(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return packs that are mostly plain, and spoilt in each way that makes one not plain."""
    records = draw(st.lists(_RECORDS, min_size=1, max_size=8))
    records[0] = {**draw(_BASES), **records[0]}
    if draw(st.booleans()):
        at = draw(st.integers(0, len(records) - 1))
        records[at] = {**draw(_BASES), **records[at]}
    return records


@settings(max_examples=examples(400), deadline=None)
@given(packs())
def test_a_pack_gives_the_same_column_by_column_and_record_by_record(records: list[dict[str, Any]]) -> None:
    payload = json.dumps(records).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoder, "read_plain", lambda *_: None)
        by_record = decode_senml(payload, "bed-7", "soil_probe", "north")
    assert decode_senml(payload, "bed-7", "soil_probe", "north") == by_record
    if read_plain(payload, FROM_S, UNTIL_S) is not None:
        assert isinstance(by_record, Pack)
        assert (by_record.events, by_record.refused) == ((), ())


def test_the_common_pack_is_plain() -> None:
    records = [
        {"bn": "urn:dev:7:", "bt": T_S, "n": "air_temperature_degc", "v": 21.5},
        {"n": "co2", "u": "ppm", "v": 700},
        {"n": "air_temperature_degc", "t": 60, "v": 21.75},
    ]
    assert read_plain(json.dumps(records).encode(), FROM_S, UNTIL_S) == {
        (1_790_000_000_250, 1_790_000_060_250): {"air_temperature_degc": [21.5, 21.75]},
        (1_790_000_000_250,): {"co2_ppm": [700.0]},
    }


@pytest.mark.parametrize(
    "spoilt",
    [
        {"n": "co2_ppm", "v": 1, "bt": T_S},
        {"n": "co2_ppm", "v": 1, "bv": 1},
        {"n": "co2_ppm", "v": 1, "must_": 1},
        {"n": "co2_ppm", "vs": "on"},
        {"n": "co2_ppm", "v": 1, "t": -T_S},
        {"n": "urn:dev:8:air_temperature_degc", "v": 1},
        {"n": "unheard", "v": 1},
    ],
)
def test_any_other_pack_is_not_plain(spoilt: dict[str, Any]) -> None:
    first = {"bn": "urn:dev:7:", "bt": T_S, "n": "air_temperature_degc", "v": 21.5}
    assert read_plain(json.dumps([first, spoilt]).encode(), FROM_S, UNTIL_S) is None


@pytest.mark.parametrize("payload", [b"", b"[]", b"[1]", b"{}", b"[" * 100_000, b'[{"n":"co2_ppm","v":1e400}]'])
def test_other_bytes_are_not_plain(payload: bytes) -> None:
    assert read_plain(payload, FROM_S, UNTIL_S) is None


def test_a_hidden_base_field_is_seen() -> None:
    payload = b'[{"bt":1790000000,"n":"co2_ppm","v":1},{"\\u0062t":1790000060,"n":"co2_ppm","v":2}]'
    assert json.loads(payload)[1]["bt"] == 1_790_000_060
    assert read_plain(payload, FROM_S, UNTIL_S) is None
    pack = decode_senml(payload, "bed-7", "soil_probe", "north")
    assert isinstance(pack, Pack)
    assert msgspec.to_builtins(pack.blocks[0].dt) == [0, 60_000]
