"""Records of SenML packs: base fields are applied, and a malformed record costs only itself."""

from __future__ import annotations

import json

import pytest

from headland.contract.refusals import Reason, Refused
from headland.contract.senml.records import ResolvedRecord, parse_pack, parse_records, resolve_records


def parse(records: object) -> list[object] | Refused:
    parsed = parse_records(json.dumps(records).encode(), 3)
    return parsed if isinstance(parsed, Refused) else list(resolve_records(parsed))


def test_base_fields_hold_for_the_records_after_them() -> None:
    assert parse([{"bn": "a:", "bt": 100, "bu": "Cel", "n": "x", "v": 1}, {"n": "y", "u": "V", "t": -2, "v": 2}]) == [
        ResolvedRecord("a:x", "Cel", 100.0, 1.0),
        ResolvedRecord("a:y", "V", 98.0, 2.0),
    ]


def test_a_base_value_is_added_to_numbers_and_never_to_texts() -> None:
    assert parse([{"bv": 20, "n": "x", "v": 0.5}, {"n": "y"}, {"n": "z", "vs": "open"}]) == [
        ResolvedRecord("x", "", 0.0, 20.5),
        ResolvedRecord("y", "", 0.0, 20.0),
        ResolvedRecord("z", "", 0.0, "open"),
    ]


def test_a_malformed_record_is_refused_alone() -> None:
    first, second, third = parse([{"n": "x", "v": 1}, {"n": "y", "v": "two"}, {"n": "z", "v": 3}])  # type: ignore[misc]
    assert (first, third) == (ResolvedRecord("x", "", 0.0, 1.0), ResolvedRecord("z", "", 0.0, 3.0))
    assert isinstance(second, Refused)
    assert second.reason is Reason.WRONG_SHAPE
    whole = parse_pack(b'[{"n":"x","v":1},{"n":"y","v":"two"}]')
    assert isinstance(whole, Refused)


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([{"bt": "now", "n": "x", "v": 1}, {"n": "y", "v": 1}], Reason.WRONG_SHAPE),
        ([{"n": "x", "v": 1}, {"n": "y", "v": 1, "must_": 1}], Reason.WRONG_SHAPE),
        ([{"n": "x", "v": 1, "bver": 11}], Reason.WRONG_VERSION),
        ([{"n": "x", "v": 1}] * 4, Reason.TOO_LARGE),
        ({}, Reason.WRONG_SHAPE),
    ],
)
def test_a_pack_that_cannot_be_read_record_by_record_is_refused_whole(records: object, reason: Reason) -> None:
    refused = parse(records)
    assert isinstance(refused, Refused)
    assert refused.reason is reason
