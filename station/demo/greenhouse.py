"""Demonstration `hubei-greenhouses`: from climate weeks and a declared spray to harvest, lot and papers."""

from __future__ import annotations

from typing import Any, Final

from headland.client import Client, RequestRefused
from headland.errors import HeadlandError
from headland.units_of_time import DAY_MS, HOUR_MS
from station.demo.farm import wait_for
from station.demo.papers import Papers, mass_text, print_specimens, release_and_fetch, write_json

#: Options of `headland up`: two houses are enough, and simulated sooner than twelve.
FARM_OPTIONS: Final = ("--scenario", "hubei-greenhouses", "--scale", "2")
_HOUSE: Final = "greenhouse-1"
#: The sample product of the register and its interval on tomatoes.
_PRODUCT, _INTERVAL_DAYS = "SAMPLE-001", 5
_TREATED_DAYS_AGO: Final = 7
_HARVEST_G, _PACK_G, _PACKS, _LOSS_G = 412_000, 3_000, 60, 2_500


def run(client: Client, papers: Papers, now_ms: int) -> dict[str, Any]:
    """Walk the way; return the release."""
    zone = _enter_zone(client, papers)
    product = _import_register(client)
    treated_ms = now_ms - _TREATED_DAYS_AGO * DAY_MS
    author = papers.word("author")
    treatment = client.post(
        "/v1/treatments",
        {
            "zone": zone,
            "crop": "tomato",
            "target": "late blight",
            "start_ms": treated_ms - HOUR_MS,
            "end_ms": treated_ms,
            "mix": [{"product": product["id"], "dose_ha": 0.8}],
            "water_l_ha": 600.0,
            "author": author,
        },
    )
    papers.tell("treated", product=product["name"], days=_TREATED_DAYS_AGO, interval=_INTERVAL_DAYS)
    harvest = {
        "zone": zone,
        "crop": "tomato",
        "product": papers.word("tomatoes"),
        "grown_from_ms": now_ms - 60 * DAY_MS,
        "grams": _HARVEST_G,
        "author": author,
        "evidence": "simulated",
    }
    too_soon = _refused(client, "/v1/harvests", {**harvest, "time_ms": treated_ms + 2 * DAY_MS}, "interval-runs")
    papers.tell("harvest_refused", day=too_soon.more["ends_on"])
    made = client.post("/v1/harvests", {**harvest, "time_ms": now_ms})["lot"]
    papers.tell("harvested", mass=mass_text(made["grams"]), lot=made["code"])
    packed = _pack(client, papers, made, now_ms)
    history = client.get(f"/v1/lots/{packed['id']}")
    write_json(papers, "lot-history.json", history)
    kinds = [each["kind"] for each in history["happenings"]]
    told = {name: kinds.count(name) for name in ("climate_week", "irrigation_week", "treatment", "alarm")}
    papers.tell("inherited", lot=packed["code"], **told)
    holding = client.get("/v1/lots/holding", kind="treatment", id=treatment["id"])
    papers.tell("recalled", what=product["name"], count=holding["count"], lots=_codes(holding["items"]))
    promise = {"issuer": papers.word("issuer"), "contact": papers.word("contact"), "author": author}
    _refused(client, f"/v1/lots/{packed['id']}/certificates", {**promise, "basis": ["own_control"]}, "lot-simulated")
    origin = papers.word("origin_hubei")
    print_specimens(client, papers, packed, origin)
    papers.tell("certificate_refused")
    return release_and_fetch(client, papers, packed, origin=origin, shows_live=True)


def _enter_zone(client: Client, papers: Papers) -> str:
    """Return the tomato zone of the first house, entered with its device where it is not there yet.

    Raises HeadlandError where the house is a real one: nothing made up is entered there.
    """
    house = wait_for(lambda: next((item for item in client.items("/v1/greenhouses") if item["name"] == _HOUSE), None))
    wait_for(lambda: any(place["device"] == _HOUSE for place in client.get("/v1/device-places")["items"]))
    if not client.get(f"/v1/devices/{_HOUSE}")["simulated"]:
        raise HeadlandError(f"{_HOUSE} is a real device: run the demonstration on a simulated farm.")
    known = next(iter(client.items("/v1/greenhouse-zones", greenhouse=house["id"])), None)
    if known is not None:
        return str(known["id"])
    zone = {"greenhouse": house["id"], "name": papers.word("tomatoes"), "crop": "tomato", "stage": "fruiting"}
    added = client.post("/v1/greenhouse-zones", zone)
    client.put(f"/v1/devices/{_HOUSE}/place", {"zone": added["id"]}, version=0)
    return str(added["id"])


def _import_register(client: Client) -> dict[str, Any]:
    """Import the sample of a register, marked as one; return its product for tomatoes."""
    sample = client.fetch("/v1/plant-protection-products/sample")
    client.upload("/v1/plant-protection-products/import", sample, "text/csv", sample=True)
    products = client.items("/v1/plant-protection-products")
    return next(item for item in products if item["registration_number"] == _PRODUCT)


def _pack(client: Client, papers: Papers, lot: dict[str, Any], now_ms: int) -> dict[str, Any]:
    """Split the harvest, pack a part of it, and show that no gram is missing; return the packed lot."""
    common = {"time_ms": now_ms, "author": papers.word("author")}
    packed_g = _PACK_G * _PACKS
    part = {"product": lot["product"], "crop": lot["crop"]}
    split = client.post(
        "/v1/lot-operations",
        {
            **common,
            "kind": "split",
            "inputs": [{"lot": lot["id"], "grams": _HARVEST_G}],
            "outputs": [
                {**part, "grams": packed_g + _LOSS_G},
                {**part, "grams": _HARVEST_G - packed_g - _LOSS_G},
            ],
        },
    )["lots"]
    packed = client.post(
        "/v1/lot-operations",
        {
            **common,
            "kind": "pack",
            "inputs": [{"lot": split[0]["id"], "grams": packed_g + _LOSS_G}],
            "outputs": [{**part, "grams": packed_g, "packs": _PACKS}],
            "loss_g": _LOSS_G,
        },
    )["lots"][0]
    left_g = sum(client.get(f"/v1/lots/{each}")["lot"]["remaining_g"] for each in _ids(lot, *split, packed))
    papers.tell(
        "packed",
        packs=_PACKS,
        each=mass_text(_PACK_G),
        loss=mass_text(_LOSS_G),
        left=mass_text(left_g - packed_g),
        difference=_HARVEST_G - left_g - _LOSS_G,
    )
    result: dict[str, Any] = packed
    return result


def _refused(client: Client, path: str, body: dict[str, Any], kind: str) -> RequestRefused:
    """Send what must be refused; return the refusal, raise HeadlandError where it is accepted."""
    try:
        client.post(path, body)
    except RequestRefused as refusal:
        if refusal.kind == kind:
            return refusal
        raise
    raise HeadlandError(f"{path} accepted what it has to refuse ({kind}): the demonstration ends here.")


def _ids(*lots: dict[str, Any]) -> list[str]:
    return [str(lot["id"]) for lot in lots]


def _codes(lots: list[dict[str, Any]]) -> str:
    return ", ".join(sorted(str(lot["code"]) for lot in lots))
