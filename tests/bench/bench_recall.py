"""Recall through the API at 100,000 lots: the lots that hold a pass or a treatment, and what one lot is made of.

A thousand harvests, each a lot; a thousand mixtures of five of them; all other lots are packs of the mixtures. Ten
harvests are of the field with a pass, all others of a field with a treatment: `pass` recalls a hundredth of the lots,
`treatment` nearly all of them. Figures are milliseconds of a request from client to answer, and of the processor.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headland.registry.db.tables.lot_tables import (
    harvests,
    lot_flows,
    lot_links,
    lot_numbers,
    lot_operations,
    lot_parents,
    lots,
)
from headland.registry.models.models import Field
from headland.store.memory import MemoryStore
from headland.units_of_time import DAY_MS, HOUR_MS
from tests.api.farm import NOW_MS, START_MS
from tests.api.registry_api import RegistryApi
from tests.api.spread_field import box, declaration, serve_spread_field

LATER_MS = NOW_MS + 40 * DAY_MS
HARVESTS, MIXED, PARTS, WITH_PASS = 1000, 1000, 5, 10
GRAMS = 1_000_000


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lots", type=int, default=100_000)
    parser.add_argument("--asks", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_spread_field(Path(folder), MemoryStore(), LATER_MS) as farm_api,
    ):
        figures = _measure(farm_api, options.lots, options.asks)
    print(json.dumps(figures, indent=None if options.json else 2))


def _measure(farm_api: RegistryApi, count: int, asks: int) -> dict[str, Any]:
    client = farm_api.client
    first = farm_api.repositories.fields.get(farm_api.ids["field"])
    other = farm_api.repositories.fields.add(Field(farm=first.farm, name="Other", geometry=box(300, 0, 400, 40))).id
    flown = client.post("/v1/passes", json={**declaration(farm_api), "product": None}).json()["id"]
    treated = client.post(
        "/v1/treatments",
        json={
            "field": other,
            "crop": "wheat",
            "start_ms": START_MS,
            "end_ms": NOW_MS,
            "mix": [{"product": farm_api.ids["plant_protection"], "dose_ha": 0.4}],
            "author": "Li",
        },
    ).json()["id"]
    made = client.post(
        "/v1/harvests",
        json={"field": first.id, "crop": "wheat", "product": "Wheat", "time_ms": LATER_MS - HOUR_MS,
              "grams": GRAMS, "author": "Li"},
    ).json()  # fmt: skip
    ids = _fill(farm_api, made, first.id, other, count)
    paths = {
        "pass": [f"/v1/lots/holding?kind=pass&id={flown}"] * asks,
        "treatment": [f"/v1/lots/holding?kind=treatment&id={treated}"] * asks,
        "descendants": [f"/v1/lots/{ids[place]}/descendants" for place in range(0, HARVESTS, HARVESTS // asks)],
        "made_of": [f"/v1/lots/{ids[-1 - 97 * place]}?happenings=false" for place in range(asks)],
    }
    figures: dict[str, Any] = {"lots": count}
    for name, asked in paths.items():
        took_ms, used_ms, found = [], [], 0
        for path in asked:
            begun_s, processor_s = time.perf_counter(), time.process_time()
            answer = client.get(path)
            took_ms.append(1000 * (time.perf_counter() - begun_s))
            used_ms.append(1000 * (time.process_time() - processor_s))
            if answer.status_code != 200:
                raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")
            body = answer.json()
            found = body.get("count", len(body.get("harvests", ())))
        figures[name] = {
            "found": found,
            "median_ms": round(statistics.median(took_ms), 1),
            "worst_ms": round(max(took_ms), 1),
            "processor_median_ms": round(statistics.median(used_ms), 1),
        }
    return figures


def _fill(farm_api: RegistryApi, made: Mapping[str, Any], first: str, other: str, count: int) -> list[str]:
    """Add rows like those of a real harvest; return the ids of the lots in their order."""
    database = farm_api.repositories.lots.lineage.database
    stem = made["lot"]["id"][:18]
    chosen: list[list[dict[str, Any]]] = [[], [], [], [], [], [], []]
    fresh_harvests, fresh_lots, operations, flows, links, numbers, numbered_links = chosen
    number_of: dict[str, int] = {}
    with database.reading() as connection:
        rows = [_row(connection, table) for table in (harvests, lots, lot_operations)]
    harvest_row, lot_row, operation_row = rows
    organisation = harvest_row["organisation"]

    def add(number: int, parents: Sequence[tuple[str, int]], kind: str, harvest: str | None = None) -> str:
        lot, operation = f"{stem}{number:08d}", f"{stem}{number + 20_000_000:08d}"
        grams = sum(mass for _, mass in parents)
        fresh_lots.append({**lot_row, "id": lot, "code": f"B{number}", "grams": grams})
        taken = [] if harvest else [{"lot": parent, "grams": mass} for parent, mass in parents]
        outputs = [{"lot": lot, "grams": grams}]
        operations.append(
            {**operation_row, "id": operation, "kind": kind, "harvest": harvest, "inputs": taken, "outputs": outputs}
        )
        flows.append({"organisation": organisation, "lot": lot, "operation": operation, "grams": grams})
        for id_ in ([harvest] if harvest else []) + [lot]:
            number_of[id_] = len(number_of) + 1001
            numbers.append({"organisation": organisation, "number": number_of[id_], "id": id_})
        for parent, mass in parents:
            numbered_links.append({"organisation": organisation, "child": number_of[lot], "parent": number_of[parent]})
            link = {"organisation": organisation, "parent": parent, "child": lot, "operation": operation}
            links.append({**link, "grams": mass})
            if not harvest:
                flows.append({"organisation": organisation, "lot": parent, "operation": operation, "grams": -mass})
        return lot

    ids = []
    for number in range(HARVESTS):
        harvest = f"{stem}{number + 40_000_000:08d}"
        field = first if number < WITH_PASS else other
        fresh_harvests.append({**harvest_row, "id": harvest, "field": field, "grams": GRAMS})
        ids.append(add(number, [(harvest, GRAMS)], "harvest", harvest))
    for number in range(MIXED):
        parts = [(ids[(number + part) % HARVESTS], 1000) for part in range(PARTS)]
        ids.append(add(HARVESTS + number, parts, "mix"))
    for number in range(HARVESTS + MIXED, count):
        ids.append(add(number, [(ids[HARVESTS + number % MIXED], 10)], "pack"))
    with database.writing() as connection:
        tables = (harvests, lots, lot_operations, lot_flows, lot_links, lot_numbers, lot_parents)
        for table, rows in zip(tables, chosen, strict=True):
            for begin in range(0, len(rows), 5000):
                connection.execute(table.insert(), rows[begin : begin + 5000])
    return ids


def _row(connection: sa.Connection, table: sa.Table) -> dict[str, Any]:
    newest = connection.execute(sa.select(table).order_by(table.c.id.desc()).limit(1)).mappings().one()
    return dict(newest)


if __name__ == "__main__":
    main()
