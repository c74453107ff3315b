"""Posted SenML becomes packs that ingest's decoder reads."""

from __future__ import annotations

import json

from headland.contract.posts.packs import UNNAMED, PostedPack, packs_of, read_senml
from headland.contract.refusals import Reason
from headland.contract.senml.decoder import Pack, decode_senml

NOW_MS = 1_764_672_000_123


def samples_of(packs: list[PostedPack]) -> list[tuple[str, str, int, float | None]]:
    """Return device, channel, time and value of each sample as ingest decodes them."""
    found = []
    for pack in packs:
        decoded = decode_senml(pack.payload, pack.device, "undescribed", "undescribed")
        assert isinstance(decoded, Pack)
        assert decoded.refused == ()
        for block in decoded.blocks:
            for channel, column in block.c.items():
                found += [
                    (pack.device, channel, block.t0 + dt, value) for dt, value in zip(block.dt, column, strict=True)
                ]
    return sorted(found)


def test_each_device_of_a_pack_has_its_own_and_units_are_converted_by_ingest() -> None:
    body = json.dumps(
        [
            {"bn": "urn:dev:bed-1:", "bt": 1764672000.5, "n": "soil_temperature", "u": "Cel", "v": 18.5},
            {"n": "soil_moisture_pct", "v": 31.2, "t": 1},
            {"bn": "bed-2/", "n": "air_temperature", "u": "Cel", "v": 20},
        ]
    ).encode()
    posted = read_senml(body, None)
    assert not posted.is_undated
    assert samples_of(packs_of(posted, body, None, NOW_MS)) == [
        ("bed-1", "soil_moisture_pct", 1764672001500, 31.2),
        ("bed-1", "soil_temperature_degc", 1764672000500, 18.5),
        ("bed-2", "air_temperature_degc", 1764672000500, 20.0),
    ]


def test_a_record_without_a_time_has_that_of_the_receipt_and_a_relative_one_counts_from_it() -> None:
    body = b'[{"n":"co2_ppm","v":410},{"n":"co2_ppm","v":409,"t":-60}]'
    posted = read_senml(body, "house-1")
    assert posted.is_undated
    packs = packs_of(posted, body, "house-1", NOW_MS)
    assert samples_of(packs) == [("house-1", "co2_ppm", NOW_MS - 60_000, 409), ("house-1", "co2_ppm", NOW_MS, 410)]
    assert packs == packs_of(posted, body, "house-1", NOW_MS)


def test_a_body_that_cannot_be_read_goes_whole_to_quarantine_with_the_field() -> None:
    body = b'[{"n":"co2_ppm","v":"410"}]'
    (pack,) = packs_of(read_senml(body, "house-1"), body, "house-1", NOW_MS)
    assert (pack.device, pack.payload, pack.refused[0].reason) == ("house-1", body, Reason.WRONG_SHAPE)
    assert "$[0].v" in pack.refused[0].detail


def test_what_can_be_read_is_stored_beside_what_cannot() -> None:
    body = b'[{"bt":1764672000,"n":"bed-1/co2_ppm","v":410},{"n":"co2_ppm","v":1},{"n":"bed-1/x","vd":"AA"}]'
    *good, bad = packs_of(read_senml(body, None), body, None, NOW_MS)
    assert samples_of(good) == [("bed-1", "co2_ppm", 1764672000000, 410)]
    assert (bad.device, bad.payload) == (UNNAMED, body)
    assert [each.reason for each in bad.refused] == [Reason.BAD_NAME, Reason.WRONG_SHAPE]


def test_no_pack_is_too_large_for_ingest() -> None:
    body = json.dumps(
        [
            {"bn": "d" * 60 + ":", "bt": 1764672000, "bu": "Cel"},
            *({"n": "air_temperature", "v": n} for n in range(4000)),
        ]
    ).encode()
    packs = packs_of(read_senml(body, None), body, None, NOW_MS)
    assert len(packs) > 1
    assert len(samples_of(packs)) == 4000


def test_an_empty_pack_is_refused() -> None:
    assert [each.reason for each in read_senml(b"[]", "a").refused] == [Reason.EMPTY]
    assert [each.reason for each in read_senml(b"\xff", "a").refused] == [Reason.NOT_JSON]
