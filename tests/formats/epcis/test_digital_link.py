"""Check digits and links are those of GS1's published examples."""

from __future__ import annotations

import random

import pytest
from epcis_event_hash_generator import dl_normaliser

from headland.formats.epcis.digital_link import (
    BatchLink,
    InvalidGtin,
    batch_path,
    canonical,
    check_digit,
    read_batch_path,
    read_gtin,
)
from tests.formats.epcis.names import KINDS, random_name


@pytest.mark.parametrize("gtin", ["9506000134352", "614141123452", "00614141123452", "40170725", "4006381333931"])
def test_published_gtins_have_their_check_digit(gtin: str) -> None:
    assert check_digit(gtin[:-1]) == gtin[-1]
    assert read_gtin(f" {gtin} ") == gtin.zfill(14)


@pytest.mark.parametrize(
    "text", ["", "9506000134353", "950600013435", "95060001343521x", "９５０６０００１３４３５２", "-9506000134352"]
)
def test_other_numbers_are_no_gtin(text: str) -> None:
    with pytest.raises(InvalidGtin):
        read_gtin(text)


@pytest.mark.parametrize(
    ("uri", "link"),
    [
        ("https://example.com/some/path/01/9506000134352/10/ABC?exp=201225", "/01/09506000134352/10/ABC"),
        ("https://id.gs1.org/01/09506000134352/22/2A/10/1234/21/XYZ", "/01/09506000134352/21/XYZ"),
        ("https://example.com/gtin/614141123452/lot/ABC1", "/01/00614141123452/10/ABC1"),
        ("urn:epc:id:sgtin:0614141.812345.6789", "/01/80614141123458/21/6789"),
        ("urn:epc:id:sscc:0614141.1234567890", "/00/106141412345678908"),
        ("urn:epc:id:sgln:0614141.12345.400", "/414/0614141123452/254/400"),
        ("urn:epc:id:sgln:0614141.12345.0", "/414/0614141123452"),
        ("urn:epc:class:lgtin:4012345.012345.998877", "/01/04012345123456/10/998877"),
        ("urn:epc:id:giai:4000001.111", "/8004/4000001111"),
        ("urn:epc:id:grai:0614141.12345.400", "/8003/00614141123452400"),
        ("urn:epc:id:grai:952123456789..9", "/8003/095212345678999"),
        ("urn:epc:id:pgln:952123456789.", "/417/9521234567899"),
        ("urn:epc:idpat:sgtin:4012345.066666.*", "/01/04012345666663"),
    ],
)
def test_names_and_links_have_one_canonical_form(uri: str, link: str) -> None:
    assert canonical(uri) == f"https://id.gs1.org{link}"


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/about",
        "urn:headland:x:lot:1",
        "urn:epc:id:sgtin:06141.8.1",
        "01/9506000134352",
        "urn:epc:id:lgtin:4012345.012345.1",
        "urn:epc:class:giai:4000001.111",
        "urn:epc:idpat:sgln:0614141.12345.*",
        "urn:epc:id:sscc:0614141.1234567890.1",
        "urn:epc:id:bic:0614141.1",
    ],
)
def test_other_addresses_have_none(uri: str) -> None:
    assert canonical(uri) is None


def test_a_batch_s_path_is_read_back() -> None:
    for batch in ("20260901-001", "A/B", "x%y", "L 1".replace(" ", "+")):
        assert read_batch_path(batch_path("09506000134352", batch)) == BatchLink("09506000134352", batch)
    for path in (
        "/01/09506000134353/10/A",
        "/01/09506000134352",
        "/01/09506000134352/10/",
        "/01/x/10/A",
        "/01/09506000134352/10/%0A",
    ):
        assert read_batch_path(path) is None


@pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning")
def test_names_of_every_kind_of_key_have_the_links_of_another_implementation() -> None:
    chance = random.Random(7)
    seen = set()
    for _ in range(3000):
        name = random_name(chance)
        seen.add(name.split(":", 4)[2] + ":" + name.split(":", 4)[3])
        link = dl_normaliser.normaliser(name)
        assert link is not None, name
        assert canonical(name) == link, name
    assert seen == set(KINDS)
