"""Demonstration `jurong-wheat`: from a wheat pass to flour of three cooperatives, its mass balance, and recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from headland.client import Client
from headland.errors import HeadlandError
from headland.units_of_time import DAY_MS
from station.demo.farm import wait_for
from station.demo.papers import Papers, mass_text, release_and_fetch, write_json

FARM_OPTIONS: Final = ("--scenario", "jurong-wheat")
_FIELD: Final = "jurong-wheat"
#: Wheat of the field with the pass, and of two cooperatives that bring theirs.
_WHEAT_G: Final = (18_400_000, 9_250_000, 12_600_000)
#: What each gives to the common milling; the rest is milled by itself.
_MIXED_G: Final = (12_000_000, 6_000_000, 9_000_000)
#: Flour from wheat; the rest is bran and dust.
_FLOUR_SHARE: Final = 0.745
_BAG_G: Final = 25_000
#: Fields of the others, beside the first: how far east [degrees].
_EAST_DEG: Final = (0.01, 0.02)


def run(client: Client, papers: Papers, now_ms: int) -> dict[str, Any]:
    """Walk the way; return the release."""
    field = next(item for item in client.items("/v1/fields") if item["name"] == _FIELD)
    path = f"/v1/fields/{field['id']}/passes"
    passes = wait_for(lambda: client.get(path, start=now_ms - 10 * DAY_MS, end=now_ms)["items"])
    # The last one may be flown at present: it has not its final id.
    spread = min(passes, key=lambda each: int(each["start_ms"]))
    if not spread["simulated"]:
        raise HeadlandError(f"{_FIELD} has passes of real machines: run the demonstration on a simulated farm.")
    names = [papers.word(f"cooperative_{number}") for number in (1, 2, 3)]
    fields = [
        field["id"],
        *(_enter_field(client, name, field, east) for name, east in zip(names[1:], _EAST_DEG, strict=True)),
    ]
    wheat = []
    for name, ground, grams in zip(names, fields, _WHEAT_G, strict=True):
        harvest = {
            "field": ground,
            "crop": "wheat",
            "product": papers.word("wheat", cooperative=name),
            "time_ms": now_ms,
            "grown_from_ms": now_ms - 200 * DAY_MS,
            "grams": grams,
            "author": papers.word("author"),
            # Nobody harvested this: a lot of the others' must not pass for one that exists.
            "evidence": "simulated",
        }
        wheat.append(client.post("/v1/harvests", harvest)["lot"])
        papers.tell("wheat_harvested", cooperative=name, mass=mass_text(grams), lot=wheat[-1]["code"])
    mill = _Mill(client, papers, now_ms)
    mixed = mill.make(
        "mix", dict(zip((lot["id"] for lot in wheat), _MIXED_G, strict=True)), papers.word("mixed_wheat"), sum(_MIXED_G)
    )
    flour = mill.mill(mixed, papers.word("flour_mixed"))
    papers.tell("milled_mixed", wheat=mass_text(sum(_MIXED_G)), flour=mass_text(flour["grams"]), lot=flour["code"])
    own = []
    for name, lot, grams, given in zip(names, wheat, _WHEAT_G, _MIXED_G, strict=True):
        own.append(mill.mill({**lot, "grams": grams - given}, papers.word("flour", cooperative=name)))
        papers.tell("milled_own", cooperative=name, flour=mass_text(own[-1]["grams"]), lot=own[-1]["code"])
    bags = mill.pack(flour)
    papers.tell("bagged", bags=bags["packs"], lot=bags["code"], mass=mass_text(bags["grams"]))
    mill.balance()
    _recall(client, papers, spread["id"], bags, own, dict(zip(fields, names, strict=True)))
    # Flour is no fresh produce: it has no certificate of promised compliance.
    return release_and_fetch(client, papers, bags, origin=papers.word("origin_jurong"))


class _Mill:
    """Records what is made of lots, and sums what is lost."""

    def __init__(self, client: Client, papers: Papers, now_ms: int) -> None:
        self._client = client
        self._papers = papers
        self._now_ms = now_ms
        self._lots: list[str] = []
        self._lost_g = 0
        self._harvested_g = sum(_WHEAT_G)

    def make(
        self, kind: str, inputs: Mapping[str, int], product: str, grams: int, packs: int | None = None
    ) -> dict[str, Any]:
        """Record that masses of lots became one lot; what is missing is lost."""
        loss_g = sum(inputs.values()) - grams
        body = {
            "kind": kind,
            "time_ms": self._now_ms,
            "author": self._papers.word("author"),
            "inputs": [{"lot": lot, "grams": taken} for lot, taken in inputs.items()],
            "outputs": [{"product": product, "crop": "wheat", "grams": grams, "packs": packs}],
            "loss_g": loss_g,
        }
        (made,) = self._client.post("/v1/lot-operations", body)["lots"]
        self._lots += [*inputs, made["id"]]
        self._lost_g += loss_g
        result: dict[str, Any] = made
        return result

    def mill(self, lot: Mapping[str, Any], product: str) -> dict[str, Any]:
        """Mill wheat to flour."""
        return self.make("process", {lot["id"]: lot["grams"]}, product, round(lot["grams"] * _FLOUR_SHARE))

    def pack(self, flour: Mapping[str, Any]) -> dict[str, Any]:
        """Fill bags with flour; what fills none stays."""
        bags = flour["grams"] // _BAG_G
        return self.make("pack", {flour["id"]: bags * _BAG_G}, flour["product"], bags * _BAG_G, bags)

    def balance(self) -> None:
        """Write the table of masses and tell that no gram is missing; raises HeadlandError where one is."""
        rows, left_g = ["lot,product,made_g,remaining_g"], 0
        for lot in dict.fromkeys(self._lots):
            body = self._client.get(f"/v1/lots/{lot}", happenings=False)["lot"]
            left_g += body["remaining_g"]
            rows.append(f"{body['code']},{body['product']},{body['grams']},{body['remaining_g']}")
        rows.append(f"lost,,,{self._lost_g}")
        rows.append(f"harvested,,{self._harvested_g},")
        self._papers.write("mass-balance.csv", ("\ufeff" + "\n".join(rows) + "\n").encode())
        difference_g = self._harvested_g - left_g - self._lost_g
        if difference_g:
            raise HeadlandError(f"{difference_g} g are missing of {self._harvested_g} g.")
        self._papers.tell(
            "balanced",
            harvested=mass_text(self._harvested_g),
            left=mass_text(left_g),
            lost=mass_text(self._lost_g),
        )


def _enter_field(client: Client, cooperative: str, first: Mapping[str, Any], east_deg: float) -> str:
    """Return the field of another cooperative, entered where it is not there yet."""
    name = f"{cooperative} 1"
    known = next((item for item in client.items("/v1/fields") if item["name"] == name), None)
    if known is not None:
        return str(known["id"])
    farms = [item for item in client.items("/v1/farms") if item["name"] == cooperative]
    farm = farms[0] if farms else client.post("/v1/farms", {"name": cooperative})
    geometry = first["geometry"]
    moved = {"type": geometry["type"], "coordinates": _moved(geometry["coordinates"], east_deg)}
    body = {"farm": farm["id"], "name": name, "geometry": moved, "site": first["site"]}
    return str(client.post("/v1/fields", body)["id"])


def _moved(coordinates: Any, east_deg: float) -> Any:
    if isinstance(coordinates[0], int | float):
        return [coordinates[0] + east_deg, *coordinates[1:]]
    return [_moved(each, east_deg) for each in coordinates]


def _recall(
    client: Client,
    papers: Papers,
    pass_id: str,
    bags: Mapping[str, Any],
    own: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
) -> None:
    """Recall both ways: which lots hold the pass, and what the bags hold; raises HeadlandError where they differ."""
    holding = client.get("/v1/lots/holding", kind="pass", id=pass_id)
    write_json(papers, "recall-of-pass.json", holding)
    found = {lot["id"] for lot in holding["items"]}
    clean = [lot for lot in own if lot["id"] not in found]
    if bags["id"] not in found or [lot["id"] for lot in clean] != [lot["id"] for lot in own[1:]]:
        raise HeadlandError("The recall of the pass does not find the lots that hold it, and those alone.")
    papers.tell("recalled_pass", count=holding["count"], clean=", ".join(str(lot["code"]) for lot in clean))
    history = client.get(f"/v1/lots/{bags['id']}")
    write_json(papers, "lot-history.json", history)
    shares = [f"{names[each['harvest']['field']]} {mass_text(each['grams'])}" for each in history["harvests"]]
    happened = [each["id"] for each in history["happenings"]]
    if pass_id not in happened:
        raise HeadlandError("The history of the bags lacks the pass.")
    papers.tell("traced", lot=bags["code"], shares="; ".join(shares))
